"""``make soak``: days of kills from new seeds, counted from run to run.

Every finished day is a line of a file, so a run that was stopped goes on where it was. Repeat one
with ``python -m tests.resume.soak --seed N``.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from catalog import Catalog
from catalog.synth import synthesize
from tests.cli.conftest import DAY
from tests.forked_processes import ForkedProcesses
from tests.resume import campaign
from tests.resume.campaign import Campaign
from tests.resume.kill_plan import KINDS, Kill, Part
from tests.servers import Postgres
from tests.soaked_days import Row, add_options, findings, outcome, page_of, say, soaked

FILE = Path("data/soak/kills.jsonl")


def main() -> int:
    """Kill so often, and report; return 1 if anything was found in this run."""
    options = _options()
    return soaked(options, partial(_days, options), report, page)


def tape(folder: Path) -> Path:
    """Return the catalog of a small synthetic day in which something happens all the time."""
    synthesize(Catalog(str(folder)), DAY, symbols=16, trades=120_000, seed=5, quotes=True)
    return folder


def repeat(seed: int, kinds: Sequence[str] = KINDS) -> str:
    """Return the command that repeats a day."""
    words = ["-m", "tests.resume.soak", "--seed", str(seed)]
    if tuple(kinds) != KINDS:
        words += ["--kinds", ",".join(kinds)]
    return f".venv/bin/python {shlex.join(words)}"


def report(rows: Sequence[Row]) -> Row:
    """Return the figures of all days so far."""
    kinds, processes = Counter[str](), Counter[str]()
    for row in rows:
        kinds.update(row["kills"])
        processes.update(row["processes"])
    return {
        "days": len(rows),
        "kills": sum(row["blows"] for row in rows),
        "kinds": {kind: kinds[kind] for kind in KINDS},
        "processes": {part: processes[part] for part in Part},
        "trades": sum(row["trades"] for row in rows),
        "minutes": round(sum(row["minutes"] for row in rows), 1),
        "findings": findings(rows),
        "seeds": [row["seed"] for row in rows],
    }


def page(figures: Row) -> str:
    """Return the figures as a page."""
    head = [
        f"{figures['kills']} kills on {figures['days']} days in {figures['minutes']} minutes",
        f"{figures['trades']} trades",
        "",
        *(f"{n:>6}  {kind}" for kind, n in figures["kinds"].items()),
        "",
        *(f"{n:>6}  times {part} was killed" for part, n in figures["processes"].items()),
    ]
    return page_of(head, figures["findings"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Kill live, simulator and database, and look at what is left of the day.",
        epilog="Example: python -m tests.resume.soak --kills 50 --json",
    )
    parser.add_argument("--kills", type=int, default=200, help="How many, at least. Default 200.")
    parser.add_argument("--kinds", default=",".join(KINDS), help="Which, separated by commas.")
    add_options(parser, FILE)
    options = parser.parse_args()
    options.kinds = tuple(options.kinds.split(","))
    if unknown := [kind for kind in options.kinds if kind not in KINDS]:
        parser.error(f"unknown kinds {unknown}; choose of: {'; '.join(KINDS)}")
    return options


def _days(options: argparse.Namespace, seeds: Iterator[int]) -> Iterator[tuple[Row, str]]:
    """Yield one day after the other until so many kills are done: stepped and paced by turns."""
    with (
        tempfile.TemporaryDirectory(prefix="tradectl-tape-") as folder,
        Postgres() as server,
        ForkedProcesses() as nursery,
    ):
        market, done = tape(Path(folder)), 0
        for seed in seeds:

            def told(kill: Kill, seed: int = seed) -> None:
                say(f"seed {seed}: {kill}")

            day = campaign.run(seed, server, nursery, market, kinds=options.kinds, told=told)
            done += day.blows
            figures = f"{day.blows} kills, {day.trades} trades, {day.minutes:.1f} minutes"
            say(f"seed {seed}: {outcome(figures, day.findings)}")
            yield _row(day, options.kinds), day.said
            if done >= options.kills:
                return


def _row(day: Campaign, kinds: Sequence[str]) -> Row:
    """Return a day as it is kept."""
    counts = {"kills": dict(day.kills), "processes": dict(day.processes)}
    row = vars(day) | counts | {"repeat": repeat(day.seed, kinds)}
    del row["said"]
    return row


if __name__ == "__main__":
    sys.exit(main())
