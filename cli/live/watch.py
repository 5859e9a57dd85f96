"""``tradectl watch``: the screen of a run that another process trades."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal.options import DEFAULT_DATABASE, RUN_WORDS, Database
from cli.terminal.output import command, progress_console, say

if TYPE_CHECKING:
    from app.display.watched import WatchedRun
    from engine.display import DisplayFrame

_LOOK_SECS = 0.1
_CHECK_SECS = 1.0
"""How often is looked whether a run without news still lives."""


@command
def watch(
    run: Annotated[str, typer.Argument(metavar="RUN", help=RUN_WORDS)] = "latest",
    database: Database = DEFAULT_DATABASE,
    once: Annotated[bool, typer.Option("--once", help="Show the newest frame and end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each new frame as one JSON object on a line.")
    ] = False,
) -> None:
    """Watch a live run, rehearsal or session from another terminal: radar, positions, health.

    Reads what the run shows beside its database and never slows it: a reader that falls behind is
    shown the newest frame next. Give the database that the run was given. Ends when the run ends;
    exit code 1 when its process has crashed. q or Ctrl-C ends the watching alone. The first frame
    of --json names all symbols of the tape strip, later ones those that are new.

    Example: tradectl watch latest --json
    """
    from app.display.folder import display_root
    from app.display.watched import watched_run
    from store import Database as Place

    watched = watched_run(display_root(Place(database)), run)
    if once:
        _show_once(watched, as_json=as_json)
    elif as_json or not progress_console.is_terminal:
        _print_lines(watched, as_json=as_json)
    else:
        _draw(watched)


def _frames(watched: WatchedRun) -> Iterator[DisplayFrame | None]:
    """Yield each new frame up to the last of its run, and None whenever there was none."""
    checked = time.monotonic()
    while True:
        frame = watched.newest()
        yield frame
        if frame is not None and frame.is_over:
            return
        if frame is None and time.monotonic() - checked >= _CHECK_SECS:
            watched.expect_alive()
            checked = time.monotonic()
        time.sleep(0 if frame is not None else _LOOK_SECS)


def _show_once(watched: WatchedRun, *, as_json: bool) -> None:
    for frame in _frames(watched):
        if frame is not None:
            _print(frame, as_json=as_json)
            return


def _print_lines(watched: WatchedRun, *, as_json: bool) -> None:
    for frame in _frames(watched):
        if frame is not None:
            _print(frame, as_json=as_json)


def _print(frame: DisplayFrame, *, as_json: bool) -> None:
    if as_json:
        from engine.display import json_line

        sys.stdout.buffer.write(json_line(frame) + b"\n")
        sys.stdout.buffer.flush()
        return
    from rich.console import Console

    from cli.live.page import frame_page

    Console().print(frame_page(frame, hint=f"frame {frame.number}"))


def _draw(watched: WatchedRun) -> None:
    from rich.live import Live
    from rich.text import Text

    from cli.live.drawing import Drawing
    from cli.live.keys import QUIT, keys_at_once, pressed
    from cli.live.page import frame_page

    last, came = None, time.monotonic()
    first = Text(f"{watched.run_id}: no frame yet …")
    with (
        keys_at_once(),
        Live(first, console=progress_console, auto_refresh=False, transient=True) as live,
    ):
        drawing = Drawing(live)
        for frame in _frames(watched):
            if QUIT in pressed():
                return
            if frame is not None:
                last, came = frame, time.monotonic()
            if last is not None:
                age = time.monotonic() - came
                page = frame_page(last, hint="q ends the watching alone", age_secs=age)
                drawing.draw(page)
    if last is not None:
        say(f"{watched.run_id}: {last.status}{f', {last.note}' if last.note else ''}")
