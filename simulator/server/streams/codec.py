"""Messages to and from clients, in the encoding the client asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from starlette.websockets import WebSocketDisconnect

from engine.domain.session import NANOS_PER_SECOND
from simulator.instants import rfc3339

_TIMES = frozenset({"t", "r", "created_at", "updated_at"})


class Codec(StrEnum):
    """How a socket's messages are written."""

    JSON = "json"
    MSGPACK = "msgpack"


def codec_of(content_type: str | None) -> Codec:
    """Return the codec that a handshake's ``Content-Type`` asks for."""
    return Codec.MSGPACK if content_type == "application/msgpack" else Codec.JSON


def market_frame(codec: Codec, messages: Sequence[Mapping[str, Any]]) -> str | bytes:
    """Return an array of messages, whose times are given as UTC nanoseconds."""
    written = [
        {name: wire_time(codec, value) if name in _TIMES else value for name, value in told.items()}
        for told in messages
    ]
    return _encoded(codec, written)


def trading_frame(codec: Codec, message: Mapping[str, Any]) -> bytes:
    """Return one message of the trading stream: JSON, too, travels in binary frames."""
    written = _encoded(codec, message)
    return written.encode() if isinstance(written, str) else written


def decoded(frame: str | bytes, codec: Codec) -> Mapping[str, Any] | None:
    """Return what a client said, None if that is no message.

    Text is JSON whatever was agreed, and so is what begins like a JSON object.
    """
    try:
        if isinstance(frame, str) or codec is Codec.JSON or frame[:1] == b"{":
            said = msgspec.json.decode(frame)
        else:
            said = msgspec.msgpack.decode(frame)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return said if isinstance(said, dict) else None


def said_in(message: Mapping[str, Any]) -> str | bytes:
    """Return the frame of a received ASGI message.

    Raises
    ------
    WebSocketDisconnect
        It is the client's leave.
    """
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    packed = message.get("bytes")
    return message.get("text", "") if packed is None else packed


def _encoded(codec: Codec, written: Any) -> str | bytes:
    if codec is Codec.MSGPACK:
        return msgspec.msgpack.encode(written)
    return msgspec.json.encode(written).decode()


def wire_time(codec: Codec, ts: int) -> str | msgspec.msgpack.Ext:
    """Return a UTC nanosecond as a codec writes it."""
    if codec is Codec.JSON:
        return rfc3339(ts)
    seconds, nanos = divmod(ts, NANOS_PER_SECOND)
    if nanos == 0:
        return msgspec.msgpack.Ext(-1, seconds.to_bytes(4))
    return msgspec.msgpack.Ext(-1, (nanos << 34 | seconds).to_bytes(8))
