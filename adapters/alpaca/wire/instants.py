"""Times of Alpaca's messages as UTC nanoseconds: RFC 3339 texts and msgpack timestamps."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec.msgpack import Ext

_NANOS = 1_000_000_000
_TIMESTAMP = -1
_WRITTEN = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(value: Ext | str) -> int:
    """Return a time in UTC nanoseconds; what is finer than one is cut off.

    Raises
    ------
    ValueError
        The value is no time.
    """
    return _from_text(value) if isinstance(value, str) else _from_timestamp(value)


def timestamp(ts: int) -> Ext:
    """Return UTC nanoseconds as a msgpack timestamp of 12 bytes."""
    seconds, nanos = divmod(ts, _NANOS)
    return Ext(_TIMESTAMP, nanos.to_bytes(4) + seconds.to_bytes(8, signed=True))


def rfc3339(ts: int) -> str:
    """Return UTC nanoseconds as the venue writes them, with all nine digits."""
    seconds, nanos = divmod(ts, _NANOS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def _from_text(text: str) -> int:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"time is {text[:40]!r}, expected RFC 3339 like 2026-09-18T13:30:00Z")
    moment = datetime.fromisoformat(found[1].upper() + found[3].upper())
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * _NANOS + int((found[2] or "")[:9].ljust(9, "0"))


def _from_timestamp(value: Ext) -> int:
    """Return the time of a msgpack timestamp: seconds in 4 bytes, 34 bits of 8, or 8 of 12."""
    data = bytes(value.data)
    if value.code != _TIMESTAMP or len(data) not in _SIZES:
        raise ValueError(
            f"time is an extension of type {value.code} with {len(data)} bytes, "
            f"expected type {_TIMESTAMP} with 4, 8 or 12"
        )
    seconds, nanos = _SIZES[len(data)](data)
    return seconds * _NANOS + nanos


def _packed(data: bytes) -> tuple[int, int]:
    bits = int.from_bytes(data)
    return bits & 0x3FFFFFFFF, bits >> 34


_SIZES: dict[int, Callable[[bytes], tuple[int, int]]] = {
    4: lambda data: (int.from_bytes(data), 0),
    8: _packed,
    12: lambda data: (int.from_bytes(data[4:], signed=True), int.from_bytes(data[:4])),
}
