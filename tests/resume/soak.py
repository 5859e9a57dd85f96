"""``make soak``: days of kills from new seeds, counted from run to run.

Every finished day is a line of a file, so a run that was stopped goes on where it was. Repeat one
with ``python -m tests.resume.soak --seed N``.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from catalog import Catalog
from catalog.synth import synthesize
from cli.terminal.output import INTERRUPTED
from tests.cli.conftest import DAY
from tests.forked_processes import CONTROL, ForkedProcesses
from tests.resume import campaign
from tests.resume.campaign import Campaign
from tests.resume.kill_plan import KINDS, Kill, Part
from tests.servers import Postgres

FILE = Path("data/soak/kills.jsonl")
_SEEDS = 10**9

type Row = dict[str, Any]
"""A day, as it is kept."""


def main() -> int:
    """Kill so often, and report; return 1 if anything was found in this run."""
    options = _options()
    os.environ |= CONTROL
    before = kept(options.file)
    rows: list[Row] = []
    is_stopped = False
    if not options.report:
        try:
            for day in _days(options, {row["seed"] for row in before}):
                rows.append(_keep(day, options.file, options.kinds))
                _say(f"seed {day.seed}: {_outcome(day)}")
        except KeyboardInterrupt:
            is_stopped = True
            _say("stopped; the day that was under way does not count")
    figures = report([*before, *rows])
    sys.stdout.write(json.dumps(figures) + "\n" if options.json else page(figures))
    looked_at = before if options.report else rows
    if any(row["findings"] for row in looked_at):
        return 1
    return INTERRUPTED if is_stopped else 0


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


def kept(file: Path) -> list[Row]:
    """Return the days of earlier runs; a line cut short by a kill does not count."""
    rows: list[Row] = []
    if file.exists():
        for line in file.read_text().splitlines():
            with suppress(json.JSONDecodeError):
                rows.append(json.loads(line))
    return rows


def report(rows: Sequence[Row]) -> Row:
    """Return the figures of all days so far."""
    kinds, processes = Counter[str](), Counter[str]()
    for row in rows:
        kinds.update(row["kills"])
        processes.update(row["processes"])
    findings = [
        {"seed": row["seed"], "finding": finding, "repeat": row["repeat"]}
        for row in rows
        for finding in row["findings"]
    ]
    return {
        "days": len(rows),
        "kills": sum(row["blows"] for row in rows),
        "kinds": {kind: kinds[kind] for kind in KINDS},
        "processes": {part: processes[part] for part in Part},
        "trades": sum(row["trades"] for row in rows),
        "minutes": round(sum(row["minutes"] for row in rows), 1),
        "findings": findings,
        "seeds": [row["seed"] for row in rows],
    }


def page(figures: Row) -> str:
    """Return the figures as a page."""
    lines = [
        f"{figures['kills']} kills on {figures['days']} days in {figures['minutes']} minutes",
        f"{figures['trades']} trades",
        "",
        *(f"{n:>6}  {kind}" for kind, n in figures["kinds"].items()),
        "",
        *(f"{n:>6}  times {part} was killed" for part, n in figures["processes"].items()),
        "",
        f"{len(figures['findings'])} findings",
    ]
    for each in figures["findings"]:
        lines += [f"  seed {each['seed']}: {each['finding']}", f"    {each['repeat']}"]
    return "\n".join(lines) + "\n"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Kill live, simulator and database, and look at what is left of the day.",
        epilog="Example: python -m tests.resume.soak --kills 50 --json",
    )
    parser.add_argument("--kills", type=int, default=200, help="How many, at least. Default 200.")
    parser.add_argument("--seed", type=int, help="Repeat the day of one seed instead.")
    parser.add_argument("--kinds", default=",".join(KINDS), help="Which, separated by commas.")
    parser.add_argument("--file", type=Path, default=FILE, help=f"What was done; {FILE}.")
    parser.add_argument("--report", action="store_true", help="Kill nothing; report the file.")
    parser.add_argument("--json", action="store_true", help="Print one JSON object on stdout.")
    options = parser.parse_args()
    options.kinds = tuple(options.kinds.split(","))
    if unknown := [kind for kind in options.kinds if kind not in KINDS]:
        parser.error(f"unknown kinds {unknown}; choose of: {'; '.join(KINDS)}")
    return options


def _days(options: argparse.Namespace, tried: set[int]) -> Iterator[Campaign]:
    """Yield one day after the other until so many kills are done."""
    with (
        tempfile.TemporaryDirectory(prefix="tradectl-tape-") as folder,
        Postgres() as server,
        ForkedProcesses() as nursery,
    ):
        market, done = tape(Path(folder)), 0
        for seed in [options.seed] if options.seed is not None else _new_seeds(tried):

            def told(kill: Kill, seed: int = seed) -> None:
                _say(f"seed {seed}: {kill}")

            day = campaign.run(seed, server, nursery, market, kinds=options.kinds, told=told)
            done += day.blows
            yield day
            if done >= options.kills:
                return


def _new_seeds(tried: set[int]) -> Iterator[int]:
    """Yield seeds that were not tried yet, by turns of a stepped and of a paced day."""
    for turn in count():
        while (seed := secrets.randbelow(_SEEDS) * 2 + turn % 2) in tried:
            pass
        tried.add(seed)
        yield seed


def _keep(day: Campaign, file: Path, kinds: Sequence[str]) -> Row:
    """Add a day to the file, and what its processes said where something was found."""
    counts = {"kills": dict(day.kills), "processes": dict(day.processes)}
    row = vars(day) | counts | {"repeat": repeat(day.seed, kinds)}
    said = row.pop("said")
    line = json.dumps(row)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lines:
        lines.write(f"{line}\n")
    if day.findings:
        (file.parent / f"{day.seed}.log").write_text(said)
    return row


def _outcome(day: Campaign) -> str:
    figures = f"{day.blows} kills, {day.trades} trades, {day.minutes:.1f} minutes"
    return "; ".join([figures, *(f"FOUND {each}" for each in day.findings)])


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
