"""A run's frames for other processes, written in a thread of their own."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

import msgspec

from app.display.folder import FRAME, SYMBOLS, Names, Publication, display_folder, replace_file
from engine.display import DisplayFrame, FrameSlot, packed, with_names_from
from store import RunStatus
from store.journal.process import Process

_WAIT_SECS = 60.0
"""How long the thread sleeps without a frame before it looks whether it is to end."""

_log = logging.getLogger(__name__)


class FramePublisher:
    """Writes the newest frame of its slot; what it has no time for is passed over.

    A disk that is slow, full or away costs frames and nothing else: that is logged once, and tried
    again with the next frame.

    Parameters
    ----------
    root : Path
        Of all displays.
    name : str
        What people call the run, empty if nothing.

    Attributes
    ----------
    slot : FrameSlot
        To be put on the run's board.
    """

    def __init__(self, root: Path, run_id: str, name: str = "") -> None:
        self.slot = FrameSlot()
        self._folder = display_folder(root, run_id)
        self._run_id = run_id
        self._name = name
        self._writer = Process.current()
        self._started_ns = time.time_ns()
        self._last: DisplayFrame | None = None
        self._names = 0
        self._failed = False
        self._status, self._note = str(RunStatus.INTERRUPTED), ""
        self._thread = Thread(target=self._run, name="display", daemon=True)

    def __enter__(self) -> Self:
        """Begin; readers find the run from now on."""
        self._write(None)
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        """Show how it ended, as far as anything was shown."""
        if error is not None:
            self._note = f"{type(error).__name__}: {error}"[:500]
        self.slot.close()
        self._thread.join()

    def ended(self, status: str) -> None:
        """Learn how the run ended; without it, it was interrupted."""
        self._status = status

    def _run(self) -> None:
        while True:
            frame = self.slot.take(_WAIT_SECS)
            if frame is not None:
                self._write(frame)
                self._last = frame
            elif self.slot.is_closed:
                break
        if self._last is None:
            return self._remove()
        last = msgspec.structs.replace(self._last, status=self._status, note=self._note)
        return self._write(last)

    def _write(self, frame: DisplayFrame | None) -> None:
        try:
            self._put(frame)
            self._failed = False
        except Exception as error:  # noqa: BLE001  (a thread has nobody to raise to)
            if not self._failed:
                _log.warning("the run cannot be watched from outside: %s", error)
            self._failed = True

    def _put(self, frame: DisplayFrame | None) -> None:
        """Write the names that are new before the frame that needs them."""
        self._folder.mkdir(parents=True, exist_ok=True)
        content = b""
        if frame is not None:
            strip = frame.strip
            if strip is not None and len(strip.names) != self._names:
                names = Names(frame.heading.epoch, strip.names)
                replace_file(self._folder / SYMBOLS, msgspec.msgpack.encode(names))
                self._names = len(strip.names)
            content = packed(with_names_from(frame, self._names))
        told = Publication(
            self._run_id, self._writer, self._started_ns, self._names, content, self._name
        )
        replace_file(self._folder / FRAME, msgspec.msgpack.encode(told))

    def _remove(self) -> None:
        """Leave nothing of a process that has shown nothing."""
        (self._folder / FRAME).unlink(missing_ok=True)
