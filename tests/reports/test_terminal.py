"""The terminal page, whole, as a file that a change shows up in.

``TRADECTL_REPIN=1`` writes the files anew; read the difference before it is kept.
"""

from __future__ import annotations

import dataclasses
import os
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from reports.candidates import candidates_table
from reports.terminal import render_terminal
from reports.view import RunView, Stage, StageKind
from tests.reports.demo_run import demo_view

SNAPSHOTS = Path(__file__).parent / "snapshots"


def _console(width: int = 120) -> tuple[Console, StringIO]:
    text = StringIO()
    return Console(file=text, width=width, color_system=None), text


def _printed(view: RunView, width: int = 120) -> str:
    console, text = _console(width)
    render_terminal(view, console)
    return _trimmed(text)


def _trimmed(text: StringIO) -> str:
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).rstrip() + "\n"


def _pinned(name: str, page: str) -> str:
    path = SNAPSHOTS / name
    if os.environ.get("TRADECTL_REPIN"):
        path.write_text(page, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def test_page_of_a_day_is_as_pinned() -> None:
    page = _printed(demo_view())
    assert page == _pinned("day.txt", page)


def test_page_without_trades_is_as_pinned() -> None:
    stages = [Stage("judged", 60, StageKind.HUB), Stage("market_gravity", 0, StageKind.FILTER)]
    page = _printed(dataclasses.replace(demo_view(trades=0), funnel=stages))
    assert page == _pinned("no_trades.txt", page)


def test_candidates_of_a_scan_are_as_pinned() -> None:
    view = demo_view()
    console, text = _console()
    console.print(candidates_table(view.candidates, view.buckets, top=10))
    page = _trimmed(text)
    assert page == _pinned("candidates.txt", page)


def test_names_are_printed_and_not_obeyed_as_markup() -> None:
    page = _printed(demo_view(trades=3, symbols=("[red]X[/red]", "[/]")))
    assert "[red]X[/red]" in page


@pytest.mark.parametrize("width", [60, 80, 200])
def test_page_keeps_within_the_terminal(width: int) -> None:
    page = _printed(demo_view(), width)
    assert max(map(len, page.splitlines())) <= width
    _, _, trades = page.partition("\nTrades\n")
    assert "…" not in trades.partition("\n\n")[0]


def test_page_of_a_run_of_which_nothing_is_known_prints() -> None:
    assert "no market data reached the scanner" in _printed(RunView(manifest={}, metrics={}))


def test_trades_beyond_a_page_are_counted() -> None:
    assert "and 30 more" in _printed(demo_view(trades=50))
