"""What a relay says beside the venue's rows: heads of blocks, marks of its clock, gaps."""

from __future__ import annotations

import msgspec
from msgspec.msgpack import Ext

from adapters.alpaca.wire.instants import nanoseconds
from adapters.alpaca.wire.market import array_head
from engine.domain.errors import DataError
from engine.domain.market_data.blocks import Gap
from engine.domain.unreadable import UNREADABLE


class BlockHead(msgspec.Struct, frozen=True, tag_field="T", tag="relay"):
    """The head of a block: epoch, number, that of the block we got before, and its stamp."""

    e: int
    n: int
    p: int
    t: Ext

    @property
    def stamp(self) -> int:
        """When its rows arrived, UTC ns."""
        return nanoseconds(self.t)


class _Clock(msgspec.Struct, frozen=True, tag_field="T", tag="clock"):
    t: Ext
    u: int | None = None


class _Gap(msgspec.Struct, frozen=True, tag_field="T", tag="gap"):
    a: Ext
    b: Ext
    complete: bool


class Subscribed(msgspec.Struct, frozen=True, tag_field="T", tag="subscription"):
    """What is subscribed by now, and the newest block of the relay: epoch and number."""

    prefixes: tuple[str, ...] = ()
    e: int = 0
    n: int = 0


class Mark(msgspec.Struct, frozen=True):
    """All that arrived before ``ts`` (UTC ns) has been sent; ``updates`` see ADR 0008."""

    ts: int
    updates: int | None


type RelayMessage = Mark | Gap | Subscribed

_HEAD = b"\x85\xa1T\xa5relay"
"""How the head of a block begins: a map of five, whose first is its type."""
_JOINED = b"\x81\xa1T\xa6blocks"
"""How a message of many blocks begins; each follows as bytes."""
_INTEGERS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_EXTENSIONS = {0xD6: 6, 0xD7: 10}
_EXTENSION_8 = 0xC7

_parts: msgspec.msgpack.Decoder[list[dict[str, str] | bytes]] = msgspec.msgpack.Decoder(
    list[dict[str, str] | bytes]
)
_blocks = msgspec.msgpack.Decoder(BlockHead)
_messages: msgspec.msgpack.Decoder[list[_Clock | _Gap | Subscribed]] = msgspec.msgpack.Decoder(
    list[_Clock | _Gap | Subscribed]
)


def block_of(frame: bytes) -> tuple[BlockHead, bytes] | None:
    """Return the head of a block and its rows as a frame of their own; None for what is no block.

    Raises
    ------
    DataError
        It begins like a block and is none.
    """
    if frame[:1] < b"\x80":
        return None
    n, start = array_head(frame)
    if not frame.startswith(_HEAD, start):
        return None
    try:
        end = _end_of_head(frame, start + len(_HEAD))
        head = _blocks.decode(memoryview(frame)[start:end])
    except (*UNREADABLE, IndexError) as error:
        raise DataError(f"a block of the relay cannot be read: {error}") from error
    return head, b"\xdd" + (n - 1).to_bytes(4) + frame[end:]


def joined_blocks(frame: bytes) -> list[bytes] | None:
    """Return the blocks that came as one message, None for any other message."""
    if frame[:1] < b"\x80" or not frame.startswith(_JOINED, array_head(frame)[1]):
        return None
    try:
        _, *parts = _parts.decode(frame)
    except UNREADABLE as error:
        raise DataError(f"blocks of the relay cannot be read: {error}") from error
    return [part for part in parts if isinstance(part, bytes)]


def message_of(frame: bytes) -> RelayMessage | None:
    """Return a mark, a gap or the answer to a subscription; None for any other message."""
    try:
        (said,) = _messages.decode(frame)
    except (*UNREADABLE, ValueError):
        return None
    match said:
        case _Clock():
            return Mark(nanoseconds(said.t), said.u)
        case _Gap():
            return Gap(nanoseconds(said.a), nanoseconds(said.b), said.complete)
        case _:
            return said


def _end_of_head(frame: bytes, at: int) -> int:
    """Return where the four further pairs of a head end: three whole numbers and a timestamp."""
    for _ in range(3):
        at += 2
        at += 1 + _INTEGERS.get(frame[at], 0)
    at += 2
    kind = frame[at]
    return at + (3 + frame[at + 1] if kind == _EXTENSION_8 else _EXTENSIONS[kind])
