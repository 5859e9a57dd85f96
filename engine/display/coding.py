"""Frames as bytes: MessagePack between processes, JSON for scripts and browsers."""

from __future__ import annotations

import msgspec

from engine.display.frame import VERSION, DisplayFrame
from engine.domain.errors import DataError
from engine.domain.unreadable import UNREADABLE

_packer = msgspec.msgpack.Encoder(decimal_format="string")
_unpacker = msgspec.msgpack.Decoder(DisplayFrame)
_json = msgspec.json.Encoder(decimal_format="string")


class _Version(msgspec.Struct):
    version: int


_peek = msgspec.msgpack.Decoder(_Version)


def packed(frame: DisplayFrame) -> bytes:
    """Return a frame as MessagePack."""
    return _packer.encode(frame)


def unpacked(data: bytes) -> DisplayFrame:
    """Return a frame that was packed.

    Raises
    ------
    DataError
        It is none, or one of another version.
    """
    try:
        version = _peek.decode(data).version
        if version == VERSION:
            return _unpacker.decode(data)
    except UNREADABLE as error:
        raise DataError(f"no display frame: {error}") from error
    raise DataError(
        f"the display frame has version {version}, expected {VERSION}: watch the run with the "
        "version of tradectl that trades it"
    )


def json_line(frame: DisplayFrame) -> bytes:
    """Return a frame as one JSON object, without a line's end."""
    return _json.encode(frame)
