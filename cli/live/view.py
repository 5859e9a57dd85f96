"""A live day on the terminal while it runs, and the key that ends it."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

from rich.live import Live
from rich.text import Text

from cli.live.keys import QUIT, keys_at_once, pressed
from cli.terminal.output import progress_console
from engine.display import DisplayFrame, FrameSlot

_EVERY_SECS = 0.25

_log = logging.getLogger(__name__)


class LiveScreen:
    """Draws the frames of a run that this process trades, in a thread of its own.

    Drawing takes as long as many buckets' work: the run is not kept waiting for it.

    Parameters
    ----------
    first : str
        What stands there before the first frame.
    """

    def __init__(self, first: str, live: Live) -> None:
        self._slot = FrameSlot()
        self._live = live
        self._is_ending = False
        self._frame: DisplayFrame | None = None
        self._came = time.monotonic()
        self._thread = Thread(target=self._run, name="screen", daemon=True)
        live.update(Text(first), refresh=True)

    @property
    def slots(self) -> Sequence[FrameSlot]:
        """Where the run is to put its frames."""
        return (self._slot,)

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def close(self) -> None:
        """Draw no more."""
        self._slot.close()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._slot.is_closed:
                self._look()
        except Exception:  # noqa: BLE001  (a page must not end a run)
            _log.exception("the live view cannot be drawn; the run goes on")
            self._live.update(Text("the live view cannot be drawn; the run goes on, see the log"))

    def _look(self) -> None:
        from cli.live.page import frame_page

        frame = self._slot.take(_EVERY_SECS)
        if QUIT in pressed() and not self._is_ending:
            self._is_ending = True
            os.kill(os.getpid(), signal.SIGINT)
        if frame is not None:
            self._frame, self._came = frame, time.monotonic()
        if self._frame is None:
            return
        hint = "ending; what protects a position stays" if self._is_ending else "q or Ctrl-C ends"
        age = time.monotonic() - self._came
        self._live.update(frame_page(self._frame, hint=hint, age_secs=age), refresh=True)


class NoScreen:
    """Nobody looks."""

    slots: Sequence[FrameSlot] = ()


@contextmanager
def live_view(*, enabled: bool, venue: str) -> Iterator[LiveScreen | NoScreen]:
    """Show a live day on stderr for as long as it runs; ``q`` ends it as Ctrl-C does."""
    if not enabled or not progress_console.is_terminal:
        yield NoScreen()
        return
    with (
        keys_at_once(),
        Live(console=progress_console, auto_refresh=False, transient=True) as live,
    ):
        screen = LiveScreen(f"{venue}: connecting …", live)
        screen.start()
        try:
            yield screen
        finally:
            screen.close()
