"""``make soak``: days of a cluster's faults from new seeds, counted from run to run.

One day in ten has 26 shards, one a letter. Every finished day is a line of a file, so a run that
was stopped goes on where it was. Repeat one with ``python -m tests.cluster.soak --seed N``.
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import httpx

from catalog import Catalog
from catalog.synth import synthesize
from engine.hub import Outcome
from tests.cli.conftest import DAY
from tests.cluster.faulted_day import SETTINGS, Fault, FaultedDay, drawn
from tests.forked_processes import ForkedProcesses
from tests.resume.venue import simulated
from tests.runtime.runs import EAGER, run
from tests.soaked_days import Row, add_options, findings, outcome, page_of, say, soaked

FILE = Path("data/soak/faults.jsonl")
_FAULTS_A_DAY = len(Fault)
_BUCKETS = 390
_FEW, _MANY = 3, 26
_MANY_ONE_DAY_IN = 10


@dataclass(frozen=True)
class Setting:
    """How many shards a day has, how the alphabet is cut among them, and which slot is moved."""

    shards: int
    settings: tuple[str, ...]
    moved: str


def main() -> int:
    """Do so many faults, and report; return 1 if anything was found in this run."""
    options = _options()
    return soaked(options, partial(_days, options), report, page)


def setting_of(seed: int) -> Setting:
    """Return the setting of a seed's day: of 26 shards for one in ten."""
    if seed % _MANY_ONE_DAY_IN:
        return Setting(_FEW, SETTINGS, "A-E")
    others = (each for each in SETTINGS if not each.startswith("letters_per_shard="))
    return Setting(_MANY, (*others, "letters_per_shard=1"), "A")


def repeat(seed: int, faults: int = _FAULTS_A_DAY) -> str:
    """Return the command that repeats a day."""
    words = ["-m", "tests.cluster.soak", "--seed", str(seed)]
    if faults != _FAULTS_A_DAY:
        words += ["--faults-a-day", str(faults)]
    return f".venv/bin/python {shlex.join(words)}"


def report(rows: Sequence[Row]) -> Row:
    """Return the figures of all days so far."""
    kinds = Counter[str]()
    for row in rows:
        kinds.update(row["faults"])
    return {
        "days": len(rows),
        "days_of_26_shards": sum(row["shards"] == _MANY for row in rows),
        "faults": kinds.total(),
        "kinds": {fault: kinds[fault] for fault in Fault},
        "trades": sum(row["trades"] for row in rows),
        "minutes": round(sum(row["minutes"] for row in rows), 1),
        "findings": findings(rows),
        "seeds": [row["seed"] for row in rows],
    }


def page(figures: Row) -> str:
    """Return the figures as a page."""
    days, many, minutes = (figures[name] for name in ("days", "days_of_26_shards", "minutes"))
    head = [
        f"{figures['faults']} faults on {days} days, {many} of 26 shards, in {minutes} minutes",
        f"{figures['trades']} trades",
        "",
        *(f"{n:>6}  {kind}" for kind, n in figures["kinds"].items()),
    ]
    return page_of(head, figures["findings"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Kill, stop and empty the parts of a cluster; look at what is left of the day.",
        epilog="Example: python -m tests.cluster.soak --faults 50 --json",
    )
    parser.add_argument("--faults", type=int, default=200, help="How many, at least. Default 200.")
    parser.add_argument(
        "--faults-a-day", type=int, default=_FAULTS_A_DAY, help=f"Default {_FAULTS_A_DAY}."
    )
    add_options(parser, FILE)
    return parser.parse_args()


def _days(options: argparse.Namespace, seeds: Iterator[int]) -> Iterator[tuple[Row, str]]:
    """Yield one day after the other until so many faults are done."""
    with (
        tempfile.TemporaryDirectory(prefix="tradectl-tape-") as folder,
        ForkedProcesses() as nursery,
    ):
        market, done = Path(folder), 0
        synthesize(Catalog(folder), DAY, symbols=60, trades=100_000, seed=5, quotes=True)
        backtest = cache(partial(_backtest, market))
        for seed in seeds:
            setting = setting_of(seed)
            row, said = _day(
                nursery, market, backtest(setting.settings), seed, options.faults_a_day
            )
            done += options.faults_a_day
            figures = (
                f"{sum(row['faults'].values())} faults, {setting.shards} shards, "
                f"{row['minutes']:.1f} minutes"
            )
            say(f"seed {seed}: {outcome(figures, row['findings'])}")
            yield row, said
            if done >= options.faults:
                return


def _backtest(market: Path, settings: tuple[str, ...]) -> Outcome:
    return run(Catalog(str(market)), [DAY], settings=(*EAGER, *settings)).outcome


def _day(
    nursery: ForkedProcesses, market: Path, backtest: Outcome, seed: int, faults: int
) -> tuple[Row, str]:
    """Trade the day of a seed; return what became of it, and what its processes said last."""
    setting, found, began = setting_of(seed), list[str](), time.monotonic()
    words = [word for each in EAGER for word in ("--set", each)]
    with (
        tempfile.TemporaryDirectory(prefix="tradectl-faults-") as folder,
        simulated(market, DAY, "--stepped") as venue,
    ):
        day = FaultedDay(
            nursery, Path(folder), venue, market, DAY, setting.shards, words,
            settings=setting.settings, moved=setting.moved,
        )  # fmt: skip
        trades = 0
        try:
            end = asyncio.run(day.run(drawn(seed, faults, _BUCKETS, setting.shards)))
            trades = end["trades"]
            found += [
                f"another {name} digest than the backtest's"
                for name, digest in (
                    ("decision", backtest.decision_digest),
                    ("fill", backtest.fill_digest),
                )
                if end[f"{name}_digest"] != digest
            ]
            found += day.findings()
        except (AssertionError, OSError, httpx.HTTPError) as error:
            found.append(str(error) or repr(error))
        said = [f"{name}:\n{day.log(name).read_text()}" for name in day.children]
    row: Row = {
        "seed": seed,
        "shards": setting.shards,
        "faults": dict(Counter(blow.fault for blow in day.struck)),
        "trades": trades,
        "minutes": (time.monotonic() - began) / 60,
        "findings": found,
        "repeat": repeat(seed, faults),
    }
    return row, "\n".join([str(day.struck), *said])


if __name__ == "__main__":
    sys.exit(main())
