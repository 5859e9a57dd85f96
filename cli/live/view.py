"""A live day on the terminal while it runs, and the key that ends it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from cli.live.page import live_page
from cli.live.radar import Radar
from cli.terminal.output import progress_console
from engine.runtime.live import LiveDay, LiveVenue

_EVERY_SECS = 0.5
_QUIT = b"q"

_log = logging.getLogger(__name__)


class LiveScreen:
    """Draws a day that runs, in the loop that runs it: its parts belong to that thread.

    Parameters
    ----------
    title : str
        The venue, and whether anything is sent.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._live: Live | None = None
        self._drawing: asyncio.Task[None] | None = None
        self._is_ending = False

    def watch(self, run_id: str, day: LiveDay, venue: LiveVenue) -> None:
        """Begin to look at a day; called in its loop."""
        if self._live is None:
            return
        if sys.stdin.isatty():
            asyncio.get_running_loop().add_reader(sys.stdin, self._on_key)
        self._drawing = asyncio.create_task(self._draw(f"{self._title} · {run_id}", day, venue))

    def show(self, live: Live) -> None:
        """Draw there."""
        self._live = live

    async def _draw(self, title: str, day: LiveDay, venue: LiveVenue) -> None:
        radar = Radar(day)
        while True:
            try:
                radar.look()
                self._put(live_page(title, day, venue, radar, is_ending=self._is_ending))
            except Exception:  # noqa: BLE001  (a page must not end a run)
                _log.exception("the live view cannot be drawn; the run goes on")
                self._put(Text("the live view cannot be drawn; the run goes on, see the log"))
                return
            await asyncio.sleep(_EVERY_SECS)

    def _put(self, page: RenderableType) -> None:
        if self._live is not None:
            self._live.update(page, refresh=True)

    def _on_key(self) -> None:
        if _QUIT in os.read(sys.stdin.fileno(), 64).lower():
            self._is_ending = True
            os.kill(os.getpid(), signal.SIGINT)


@contextmanager
def live_view(*, enabled: bool, venue: str, sends: bool) -> Iterator[LiveScreen]:
    """Show a live day on stderr for as long as it runs; ``q`` ends it as Ctrl-C does."""
    screen = LiveScreen(f"{venue}{'' if sends else ' · shadow: nothing is sent'}")
    if not enabled or not progress_console.is_terminal:
        yield screen
        return
    first = Text(f"{venue}: connecting …")
    with (
        _keys_at_once(),
        Live(first, console=progress_console, auto_refresh=False, transient=True) as live,
    ):
        screen.show(live)
        yield screen


@contextmanager
def _keys_at_once() -> Iterator[None]:
    """Let single keys through, unseen, where somebody types."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
