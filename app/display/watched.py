"""A run as another process sees it: its newest frame, and whether it still lives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from app.clock import new_york
from app.commands.governor_view import chosen_session
from app.display.folder import (
    FRAME,
    SYMBOLS,
    Names,
    Publication,
    display_folder,
    display_root,
)
from engine.display import DisplayFrame, unpacked, with_names_from
from engine.domain.errors import DataError, NotFoundError, RunError
from engine.domain.unreadable import UNREADABLE
from store import Database
from store.journal.process import Process
from store.runs.named_run import named_run

_decode = msgspec.msgpack.Decoder(Publication).decode
_decode_names = msgspec.msgpack.Decoder(Names).decode


class WatchedRun:
    """Reads what a run shows; the run knows nothing of it.

    Parameters
    ----------
    root : Path
        Of all displays.

    Attributes
    ----------
    last : DisplayFrame or None
        The frame that was returned last.
    """

    def __init__(self, root: Path, run_id: str) -> None:
        self.run_id = run_id
        self.last: DisplayFrame | None = None
        self._folder = display_folder(root, run_id)
        self._stamp: tuple[int, int] | None = None
        self._writer: Process | None = None
        self._names = Names(-1, ())
        self._told = 0

    def newest(self) -> DisplayFrame | None:
        """Return the newest frame unless it was returned before.

        It tells the names of the strip that this reader does not know yet: all with the first
        frame of a process, then those that have come since.

        Raises
        ------
        DataError
            What is shown cannot be read, or is of another version.
        """
        path = self._folder / FRAME
        try:
            found = path.stat()
            if (stamp := (found.st_ino, found.st_mtime_ns)) == self._stamp:
                return None
            shown = _decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except UNREADABLE as error:
            raise DataError(f"{path} shows no run that this version can read: {error}") from error
        self._writer = shown.writer
        frame = self._with_names(unpacked(shown.frame), shown) if shown.frame else None
        if frame is not None or not shown.frame:
            self._stamp, self.last = stamp, frame or self.last
        return frame

    def expect_alive(self) -> None:
        """Check that whoever shows the run is still there; of another host nothing is known.

        Raises
        ------
        RunError
            The process is gone, and has not said that it ends.
        """
        if self._writer is None or not self._writer.is_gone():
            return
        if self.newest() is not None:  # its last word came meanwhile, or another process goes on
            return
        if self.last is not None and self.last.is_over:
            return
        since = "before it showed anything" if self.last is None else f"at {self._when()} or later"
        raise RunError(
            f"{self.run_id} has crashed: {self._writer} is gone, {since}; what protects a position "
            "stays at the venue; start the same command again and the run goes on"
        )

    def _when(self) -> str:
        return f"{new_york(None if self.last is None else self.last.ts)} New York"

    def _with_names(self, frame: DisplayFrame, shown: Publication) -> DisplayFrame | None:
        """Return a frame with the names that are new; None while those are another process's."""
        strip, epoch = frame.strip, frame.heading.epoch
        if strip is None:
            return frame
        known = self._told if self._names.epoch == epoch else 0
        if self._names.epoch != epoch or len(self._names.names) < shown.names:
            self._names = _decode_names((self._folder / SYMBOLS).read_bytes())
        if self._names.epoch != epoch:
            return None
        self._told = shown.names
        names = self._names.names[: shown.names]
        whole = msgspec.structs.replace(strip, names_from=0, names=names)
        return with_names_from(msgspec.structs.replace(frame, strip=whole), known)


def watched_run(root: Path, name: str) -> WatchedRun:
    """Return the run of that id or name, the only one whose id begins so, or the newest.

    Raises
    ------
    NotFoundError
        None shows itself under that name.
    ConfigError
        Several begin like that.
    """
    shown = sorted(_shown(root), key=lambda each: each.started_ns, reverse=True)
    try:
        return WatchedRun(root, named_run(shown, name, root).run_id)
    except NotFoundError as error:
        raise NotFoundError(
            f"{error}; 'tradectl live', 'tradectl rehearse' and 'tradectl session' show theirs "
            "beside their database: name that with --database"
        ) from error


def watched_beside(database: str, name: str) -> WatchedRun:
    """Return the same of the runs that show themselves beside a database."""
    return watched_run(display_root(Database(database)), name)


def followed(database: str, name: str) -> tuple[str, WatchedRun | None]:
    """Return the id of a run of a database, and what it shows of itself, None where nothing.

    Raises
    ------
    NotFoundError
        There is no such run.
    ConfigError
        Several begin like that.
    """
    try:
        watched = watched_beside(database, name)
    except NotFoundError:
        _, run = chosen_session(database, name)
        return run.run_id, None
    return watched.run_id, watched


def watched_now(database: str) -> list[WatchedRun]:
    """Return the runs beside a database whose process lives, as far as that can be told here."""
    root = display_root(Database(database))
    shown = sorted(_shown(root), key=lambda each: each.started_ns, reverse=True)
    return [WatchedRun(root, each.run_id) for each in shown if not each.writer.is_gone()]


def _shown(root: Path) -> Iterator[Publication]:
    for path in root.glob(f"*/{FRAME}"):
        try:
            yield _decode(path.read_bytes())
        except (*UNREADABLE, OSError):
            continue
