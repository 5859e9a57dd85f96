"""Days of a soak: each a line of a file, so that runs add up and one that was stopped goes on."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from cli.terminal.output import INTERRUPTED
from tests.forked_processes import CONTROL

_SEEDS = 10**9

type Row = dict[str, Any]
"""A day, as it is kept: ``seed``, ``minutes``, ``findings`` and ``repeat`` at least."""


def add_options(parser: argparse.ArgumentParser, file: Path) -> None:
    """Add the options that every soak has."""
    parser.add_argument("--seed", type=int, help="Repeat the day of one seed instead.")
    parser.add_argument("--file", type=Path, default=file, help=f"What was done; {file}.")
    parser.add_argument("--report", action="store_true", help="Do nothing; report the file.")
    parser.add_argument("--json", action="store_true", help="Print one JSON object on stdout.")


def soaked(
    options: argparse.Namespace,
    days: Callable[[Iterator[int]], Iterator[tuple[Row, str]]],
    report: Callable[[Sequence[Row]], Row],
    page: Callable[[Row], str],
) -> int:
    """Have days done and kept, and report; return 1 if anything was found in this run.

    Parameters
    ----------
    days : callable
        Yields, for seeds that were not tried yet, a day and what its processes said.
    report, page : callable
        Return the figures of all days, and those as a page.
    """
    os.environ |= CONTROL
    before, rows = kept(options.file), list[Row]()
    is_stopped = False
    if not options.report:
        again = None if options.seed is None else [options.seed]
        seeds = new_seeds({row["seed"] for row in before}) if again is None else iter(again)
        try:
            for row, said in days(seeds):
                _keep(row, said, options.file)
                rows.append(row)
        except KeyboardInterrupt:
            is_stopped = True
            say("stopped; the day that was under way does not count")
    figures = report([*before, *rows])
    sys.stdout.write(json.dumps(figures) + "\n" if options.json else page(figures))
    looked_at = before if options.report else rows
    if any(row["findings"] for row in looked_at):
        return 1
    return INTERRUPTED if is_stopped else 0


def kept(file: Path) -> list[Row]:
    """Return the days of earlier runs; a line cut short by a kill does not count."""
    rows: list[Row] = []
    if file.exists():
        for line in file.read_text().splitlines():
            with suppress(json.JSONDecodeError):
                rows.append(json.loads(line))
    return rows


def new_seeds(tried: set[int]) -> Iterator[int]:
    """Yield seeds that were not tried yet, an even and an odd one by turns."""
    for turn in count():
        while (seed := secrets.randbelow(_SEEDS) * 2 + turn % 2) in tried:
            pass
        tried.add(seed)
        yield seed


def findings(rows: Sequence[Row]) -> list[Row]:
    """Return what was found, each with the command that repeats its day."""
    return [
        {"seed": row["seed"], "finding": finding, "repeat": row["repeat"]}
        for row in rows
        for finding in row["findings"]
    ]


def page_of(head: Sequence[str], found: Sequence[Row]) -> str:
    """Return figures as a page: lines of their own, then what was found."""
    lines = [*head, "", f"{len(found)} findings"]
    for each in found:
        lines += [f"  seed {each['seed']}: {each['finding']}", f"    {each['repeat']}"]
    return "\n".join(lines) + "\n"


def outcome(figures: str, found: Sequence[str]) -> str:
    """Return how a day ended, in a line."""
    return "; ".join([figures, *(f"FOUND {each}" for each in found)])


def say(text: str) -> None:
    """Show a line to whoever waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _keep(row: Row, said: str, file: Path) -> None:
    """Add a day to the file, and what its processes said where something was found."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lines:
        lines.write(f"{json.dumps(row)}\n")
    if row["findings"]:
        (file.parent / f"{row['seed']}.log").write_text(said)
