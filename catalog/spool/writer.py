"""What arrives live goes to disk, within a second and in a thread of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from catalog.files import storage_error
from catalog.schema import Kind
from catalog.spool.bodies import Arrived, BodyWriter
from catalog.spool.chunks import chunk
from catalog.spool.heading import KINDS, Heading, next_file
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

_EVERY_SECS = 0.5
_MOST_WAITING = 8_000_000
"""Rows that a slow disk may keep waiting, some 400 MB."""


class SpoolWriter:
    """Appends what arrived to the files of one process of a run.

    The thread that calls ``add`` only puts the batch on a list. Once something could not be
    written, nothing more is: a tape with a hole in it would not tell of the hole.

    Parameters
    ----------
    on_failure : callable
        Called once, in the writing thread, with what went wrong.

    Attributes
    ----------
    rows : int
        Taken so far.
    failure : str
        Why recording has stopped, empty while it goes on.

    Raises
    ------
    ConfigError, RunError
        The folder cannot be written.
    """

    def __init__(self, folder: Path, heading: Heading, on_failure: Callable[[str], None]) -> None:
        self.rows = 0
        self.failure = ""
        self._folder = folder
        self._on_failure = on_failure
        self._woken = Condition()
        self._pending: dict[Kind, list[Arrived]] = {kind: [] for kind in KINDS}
        self._waiting = 0
        self._written = 0
        self._urgent = self._closing = False
        heading.write(folder)
        self._bodies = {kind: BodyWriter(kind) for kind in KINDS}
        self._files: dict[Kind, FileIO] = {}
        for kind in KINDS:
            self._files[kind] = _opened(next_file(folder, heading.run_id, kind))
        self._thread = Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, arrived: Arrived) -> None:
        """Take what arrived; it is written within a second."""
        if self.failure or not len(arrived):
            return
        with self._woken:
            self._pending[_kind_of(arrived)].append(arrived)
            self._waiting += len(arrived)
            self.rows += len(arrived)

    def flush(self) -> None:
        """Wait until everything taken so far is written, or nothing can be."""
        with self._woken:
            wanted, self._urgent = self.rows, True
            self._woken.notify_all()
            self._woken.wait_for(lambda: self._written >= wanted or bool(self.failure))

    def close(self) -> None:
        """Write what is left and close the files."""
        with self._woken:
            self._urgent = self._closing = True
            self._woken.notify_all()
        self._thread.join()
        for file in self._files.values():
            file.close()

    def _run(self) -> None:
        due = monotonic() + _EVERY_SECS
        while not self.failure:
            with self._woken:
                self._woken.wait_for(lambda: self._urgent, max(0.0, due - monotonic()))
                due, self._urgent = monotonic() + _EVERY_SECS, False
                closing, taken = self._closing, self.rows
                pending, self._pending = self._pending, {kind: [] for kind in KINDS}
                waiting, self._waiting = self._waiting, 0
            failure = self._written_out(pending, waiting)
            with self._woken:
                self.failure, self._written = failure, taken
                self._woken.notify_all()
            if failure:
                self._on_failure(failure)
            if closing:
                return

    def _written_out(self, pending: dict[Kind, list[Arrived]], waiting: int) -> str:
        """Write some batches; return what went wrong."""
        if waiting > _MOST_WAITING:
            return f"{self._folder}: {waiting:,} rows wait for the disk, it is too slow"
        try:
            for kind, batches in pending.items():
                if batches:
                    body = chunk(memoryview(self._bodies[kind].body(batches)))
                    _write_all(self._files[kind], body)
                    if self._closing:
                        os.fsync(self._files[kind].fileno())
        except OSError as error:
            return str(storage_error(error, str(self._folder)))
        except Exception as error:  # noqa: BLE001  (a thread has nobody to raise to)
            return f"{self._folder}: rows cannot be written: {type(error).__name__}: {error}"
        return ""


def _kind_of(arrived: Arrived) -> Kind:
    if isinstance(arrived, TradeBatch):
        return Kind.TRADES
    return Kind.QUOTES if isinstance(arrived, QuoteBatch) else Kind.STATUSES


def _opened(path: Path) -> FileIO:
    try:
        return FileIO(path, "xb")
    except OSError as error:
        raise storage_error(error, str(path)) from error


def _write_all(file: FileIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) or 0 :]
