"""What a relay has handed on: its blocks on disk, one file for each of its processes.

::

    spool/RELAY/0001.blocks      epoch 1; 0002 by the next process

An entry is a chunk (see ``chunks``) whose body is a head of 21 bytes, big-endian: kind (0 a block,
1 a gap), epoch, number and stamp, followed by the block's frame; a gap has its end and whether it
was fetched instead.
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Self

from catalog.files import storage_error
from catalog.spool.chunks import bodies, chunk, chunk_from
from engine.domain.errors import ConfigError, DataError
from engine.domain.market_data.blocks import Block, Gap

ENDING = ".blocks"
_LOCK = "lock"

_HEAD = struct.Struct(">BIQq")
_GAP_END = struct.Struct(">q?")
_BLOCK, _GAP = 0, 1
_NEAR_BYTES = 1 << 20
"""A block is looked for one by one where it is no farther away."""

_log = logging.getLogger(__name__)


class BlockWriter:
    """Writes the blocks of one process; each is in the operating system's hands at once.

    A killed process loses nothing that it has written; a machine that loses its power may lose
    the last seconds.

    Attributes
    ----------
    epoch : int
        One more than that of the process before.

    Raises
    ------
    ConfigError, RunError
        The folder cannot be written, or another process writes there.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / _LOCK).open("wb")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._lock.close()
                raise ConfigError(
                    f"another relay writes to {folder}: end it, or give this one another --database"
                ) from None
            self.epoch = 1 + max((int(path.stem) for path in block_files(folder)), default=0)
            self._folder = folder
            self._file = FileIO(_path(folder, self.epoch), "xb")
        except OSError as error:
            raise storage_error(error, str(folder)) from error
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, entry: Block | Gap) -> bool:
        """Write an entry; False says that it could not be kept, and why is in the log."""
        content = chunk(_body(entry, self.epoch))
        try:
            view = memoryview(content)
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError as error:
            _log.error("%s", storage_error(error, str(self._folder)))
            self._cut()
            return False
        self._size += len(content)
        return True

    def after(self, epoch: int, number: int) -> Iterator[Block | Gap]:
        """Yield what lies behind a block, up to what is written by now.

        Gaps come where they were known. A file that is damaged is read up to there.
        """
        for path in block_files(self._folder):
            of = int(path.stem)
            if of < epoch:
                continue
            behind = number if of == epoch else 0
            for entry in _entries(path, _place(path, behind) if behind else 0):
                if isinstance(entry, Gap) or entry.number > behind:
                    yield entry

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._lock.close()

    def _cut(self) -> None:
        """Take back what was written of an entry that does not fit."""
        try:
            os.ftruncate(self._file.fileno(), self._size)
            self._file.seek(self._size)
        except OSError as error:
            _log.error("%s", storage_error(error, str(self._folder)))


def block_files(folder: Path) -> list[Path]:
    """Return the files of a relay, in order of their epochs."""
    return sorted(folder.glob(f"[0-9][0-9][0-9][0-9]{ENDING}"))


def read_blocks(folder: Path) -> Iterator[Block | Gap]:
    """Yield what a relay has handed on, in order.

    Raises
    ------
    DataError
        A file is damaged; one that was cut short ends there.
    """
    for path in block_files(folder):
        yield from _whole_entries(path, 0)


def last_blocks(folder: Path, last_bytes: int) -> Iterator[Block | Gap]:
    """Yield the last of what a relay has handed on, no more than so many bytes of it, in order."""
    starts: list[tuple[Path, int]] = []
    for path in reversed(block_files(folder)):
        if last_bytes <= 0:
            break
        size = path.stat().st_size
        starts.append((path, chunk_from(path, max(0, size - last_bytes))))
        last_bytes -= size
    for path, start in reversed(starts):
        yield from _entries(path, start)


def _path(folder: Path, epoch: int) -> Path:
    return folder / f"{epoch:04}{ENDING}"


def _body(entry: Block | Gap, epoch: int) -> bytes:
    if isinstance(entry, Block):
        return _HEAD.pack(_BLOCK, entry.epoch, entry.number, entry.stamp) + entry.frame
    return _HEAD.pack(_GAP, epoch, 0, entry.start_ns) + _GAP_END.pack(entry.end_ns, entry.complete)


def _place(path: Path, number: int) -> int:
    """Return where a block, or one not far before it, lies in a file."""
    low, high = 0, path.stat().st_size
    while high - low > _NEAR_BYTES:
        middle = chunk_from(path, (low + high) // 2)
        first = next((each for each in _entries(path, middle) if isinstance(each, Block)), None)
        if first is None or first.number > number:
            high = (low + high) // 2
        else:
            low = middle
    return low


def _entries(path: Path, at: int) -> Iterator[Block | Gap]:
    """Yield the entries of a file; one that is damaged ends with a gap."""
    stamp = 0
    try:
        for entry in _whole_entries(path, at):
            stamp = entry.stamp if isinstance(entry, Block) else entry.end_ns
            yield entry
    except DataError as error:
        _log.error("blocks are passed over: %s", error)
        yield Gap(stamp, stamp, complete=False)


def _whole_entries(path: Path, at: int) -> Iterator[Block | Gap]:
    for body in bodies(path, at):
        try:
            kind, epoch, number, stamp = _HEAD.unpack_from(body)
            if kind == _BLOCK:
                yield Block(epoch, number, stamp, body[_HEAD.size :])
            elif kind == _GAP:
                yield Gap(stamp, *_GAP_END.unpack_from(body, _HEAD.size))
        except struct.error as error:
            raise DataError(f"{path} holds an entry that is none: {error}") from error
