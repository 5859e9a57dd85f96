"""Chunks of a spool file: what was written whole is read, what was cut short is not.

A chunk is a head of 16 bytes (mark, length of the body, CRC-32 of the body, CRC-32 of the twelve
bytes before) and a body. The head has a sum of its own so that a damaged length is not taken for
the end of the file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from engine.domain.errors import DataError

_MARK = b"tsp1"
_HEAD = struct.Struct("<4sII")
_SUM = struct.Struct("<I")
_HEAD_BYTES = _HEAD.size + _SUM.size
_LOOK_BYTES = 1 << 16


def chunk(body: bytes | memoryview) -> bytes:
    """Return a body with its head before it."""
    head = _HEAD.pack(_MARK, len(body), zlib.crc32(body))
    return b"".join((head, _SUM.pack(zlib.crc32(head)), body))


def bodies(path: Path, at: int = 0) -> Iterator[bytes]:
    """Yield the bodies of a file's whole chunks from a place on; one cut short ends the file.

    A killed process cuts a file anywhere; a machine that lost its power may have left zeros
    instead of the last bytes.

    Raises
    ------
    DataError
        Bytes were changed, or the file cannot be read; the message names the place.
    """
    try:
        with path.open("rb") as file:
            file.seek(at)
            while len(head := file.read(_HEAD_BYTES)) == _HEAD_BYTES:
                length, crc = _lengths(head)
                body = file.read(length) if length is not None else b""
                if length is not None and len(body) < length:
                    return
                if length is None or zlib.crc32(body) != crc:
                    if not any(head) and not any(file.read()):
                        return
                    raise DataError(
                        f"{path} is damaged: the chunk at byte {at:,} is not what was written"
                    )
                yield body
                at += _HEAD_BYTES + length
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def chunk_from(path: Path, at: int) -> int:
    """Return where the first whole head at a place or behind it lies; the file's end without one.

    Raises
    ------
    DataError
        The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            file.seek(at)
            kept = b""
            while read := file.read(_LOOK_BYTES):
                kept += read
                found = kept.find(_MARK)
                while found >= 0 and len(kept) - found >= _HEAD_BYTES:
                    if _lengths(kept[found : found + _HEAD_BYTES])[0] is not None:
                        return at + found
                    found = kept.find(_MARK, found + 1)
                cut = max(0, len(kept) - _HEAD_BYTES) if found < 0 else found
                kept, at = kept[cut:], at + cut
            return at + len(kept)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _lengths(head: bytes) -> tuple[int | None, int]:
    """Return length and sum of a body, no length where the head is none."""
    mark, length, crc = _HEAD.unpack_from(head)
    (total,) = _SUM.unpack_from(head, _HEAD.size)
    is_sound = mark == _MARK and total == zlib.crc32(head[: _HEAD.size])
    return (length if is_sound else None), crc
