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

from cli.live.drawing import Drawing
from cli.live.keys import keys_at_once, pressed
from cli.live.quitting import Quitting
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
        self._drawing = Drawing(live)
        self._quitting = Quitting()
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
        if self._quitting.hear(pressed(), frame or self._frame):
            os.kill(os.getpid(), signal.SIGINT)
        if frame is not None:
            self._frame, self._came = frame, time.monotonic()
        if self._frame is None:
            return
        page = frame_page(
            self._frame,
            hint=self._quitting.hint,
            age_secs=time.monotonic() - self._came,
            question=self._quitting.question(self._frame),
        )
        self._drawing.draw(page)


class NoScreen:
    """Nobody looks."""

    slots: Sequence[FrameSlot] = ()


@contextmanager
def live_view(*, enabled: bool, venue: str) -> Iterator[LiveScreen | NoScreen]:
    """Show a live day on stderr for as long as it runs.

    ``q`` ends it as Ctrl-C does, once more where a position is open.
    """
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
