# pyright: basic, reportArgumentType=false, reportReturnType=false
# (numba infers its own types; pyright sees numpy's scalars)
"""The compiled steps of a walk over msgpack that somebody else wrote.

Nothing is allocated and nothing beyond ``len(frame)`` is read, whatever the bytes say. A step takes
a position and returns the next one; a value that cannot be read makes that position negative,
``-1 - at`` of where it starts, and the walk ends there. Every value takes at least one byte, so
that a walk ends when its frame does, however many elements an array claims to have.

Format: https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

BROKEN, NIL, BOOL, INT, UINT, SIGNED, FLOAT32, FLOAT64, STR, BIN, EXT, ARRAY, MAP = range(13)
"""Kinds of values. INT fits int64, UINT does not; SIGNED is INT before its sign was read; BROKEN
ends too early or starts with a byte that msgpack does not use."""

UNTIMED = 0
"""Stands for a time that cannot be read; no market had opened by then."""

UNNAMED = 0
"""Code of a key that is no text of one or two bytes."""

_FORMATS = (
    (0x00, 0x80, INT, 0),
    (0x80, 0x10, MAP, 0),
    (0x90, 0x10, ARRAY, 0),
    (0xA0, 0x20, STR, 0),
    (0xC0, 1, NIL, 0),
    (0xC2, 2, BOOL, 0),
    *((0xC4 + k, 1, BIN, 1 << k) for k in range(3)),
    *((0xC7 + k, 1, EXT, 1 << k) for k in range(3)),
    (0xCA, 1, FLOAT32, 4),
    (0xCB, 1, FLOAT64, 8),
    *((0xCC + k, 1, UINT, 1 << k) for k in range(4)),
    *((0xD0 + k, 1, SIGNED, 1 << k) for k in range(4)),
    (0xD4, 5, EXT, 0),
    *((0xD9 + k, 1, STR, 1 << k) for k in range(3)),
    *((0xDC + k, 1, ARRAY, 2 << k) for k in range(2)),
    *((0xDE + k, 1, MAP, 2 << k) for k in range(2)),
    (0xE0, 0x20, INT, 0),
)
"""First byte, how many in a row are alike, their kind, and bytes of the number that follows."""

_KIND, _WIDTH, _VALUE = (np.zeros(256, np.int64) for _ in range(3))
for _first, _alike, _kind, _width in _FORMATS:
    _KIND[_first : _first + _alike] = _kind
    _WIDTH[_first : _first + _alike] = _width
    _VALUE[_first : _first + _alike] = np.arange(_alike)
_VALUE[0xD4:0xD9] = 1 << np.arange(5)
_VALUE[0xE0:] -= 0x20
"""Number or length that the first byte says itself."""

_TEXT_OF_1, _TEXT_OF_2 = 0xA1, 0xA2
_NAME_BYTES = 2
_BYTE, _SHORT, _LONG = 1, 2, 4
_TIMESTAMP = 0xFF
_SECONDS, _PACKED, _WIDE = 4, 8, 12
"""Extension type -1 has so many bytes: seconds; 30 bits of ns, 34 of seconds; ns and seconds."""

_NANOS = 1_000_000_000
_LAST_SECOND = 4_102_444_800
"""2100; its nanoseconds are far from the end of int64."""

UNCOUNTED: dict[str, Any] = {"nogil": True, "_nrt": False}
"""No reference counts: nothing here allocates."""

compiled: Any = njit(**UNCOUNTED, forceinline=True)
"""A step of a walk; as a call it would copy the headers of every array it is given, which took
longer than most steps.
"""

Bytes = NDArray[np.uint8]


@compiled
def unsigned(frame: Bytes, at: int, width: int) -> int:
    """Return a big-endian number of 1, 2, 4 or 8 bytes; of 8 the bits, which may be negative.

    Written out, for a compiler makes one load of it; of a loop it makes a loop.
    """
    if width == _BYTE:
        return np.int64(frame[at])
    high = np.int64(frame[at]) << 8 | np.int64(frame[at + 1])
    if width == _SHORT:
        return high
    high = high << 16 | np.int64(frame[at + 2]) << 8 | np.int64(frame[at + 3])
    if width == _LONG:
        return high
    low = (
        np.int64(frame[at + 4]) << 24
        | np.int64(frame[at + 5]) << 16
        | np.int64(frame[at + 6]) << 8
        | np.int64(frame[at + 7])
    )
    return high << 32 | low


@compiled
def head(frame: Bytes, at: int) -> tuple[int, int, int]:
    """Return the kind of the value at ``at``, its number or length, and where its content starts.

    The number is the value of INT and UINT (its bits), the bits of a float, the bytes of STR, BIN
    and EXT (whose type stands first and is not counted), the elements of ARRAY and pairs of MAP.
    The content of a text, bytes or extension lies inside the frame.
    """
    end = len(frame)
    broken = BROKEN, np.int64(0), -1 - at
    if at >= end:
        return broken
    first = frame[at]
    kind, width, n = _KIND[first], _WIDTH[first], _VALUE[first]
    start = at + 1
    if width > 0:
        if start + width > end:
            return broken
        n = unsigned(frame, start, width)
        start += width
        if kind == SIGNED:
            shift = 64 - 8 * width
            n = (n << shift) >> shift
            kind = np.int64(INT)
        elif kind == UINT and n >= 0:
            kind = np.int64(INT)
    if kind == BROKEN or (STR <= kind <= EXT and start + n + (kind == EXT) > end):
        return broken
    return kind, n, start


@compiled
def skip(frame: Bytes, at: int) -> int:
    """Return where the value after the one at ``at`` starts, however deep that one is nested."""
    left = np.int64(1)
    while left > 0:
        kind, n, at = head(frame, at)
        if kind == BROKEN:
            return at
        left -= 1
        if STR <= kind <= EXT:
            at += n + (kind == EXT)
        elif kind == ARRAY:
            left += n
        elif kind == MAP:
            left += 2 * n
    return at


@compiled
def key(frame: Bytes, at: int) -> tuple[int, int]:
    """Return the code of a map's key, ``UNNAMED`` if it is none of ours, and where its value is."""
    if at + 2 < len(frame):
        if frame[at] == _TEXT_OF_1:
            return np.int64(frame[at + 1]), at + 2
        if frame[at] == _TEXT_OF_2 and at + 3 < len(frame):
            return np.int64(frame[at + 1]) << 8 | np.int64(frame[at + 2]), at + 3
    kind, n, start = head(frame, at)
    if kind != STR:
        return UNNAMED, skip(frame, at)
    return (unsigned(frame, start, n) if 0 < n <= _NAME_BYTES else UNNAMED), start + n


@compiled
def text(frame: Bytes, at: int) -> tuple[int, int, int]:
    """Return where a text starts, its length (-1 for what is no text), and what follows."""
    kind, n, start = head(frame, at)
    if kind == STR:
        return start, n, start + n
    return at, np.int64(-1), skip(frame, at)


@compiled
def number(frame: Bytes, at: int) -> tuple[float, int]:
    """Return a number of any type, NaN for what is none, and what follows."""
    kind, n, start = head(frame, at)
    if kind == FLOAT64:
        return np.int64(n).view(np.float64), start
    if kind == INT:
        return np.float64(n), start
    if kind == FLOAT32:
        return np.float64(np.int32(n).view(np.float32)), start
    if kind == UINT:
        return np.float64(np.uint64(n)), start
    return np.nan, skip(frame, at)


@compiled
def integer(frame: Bytes, at: int) -> tuple[int, int]:
    """Return an integer, its bits if it is beyond int64, 0 for what is none; and what follows."""
    kind, n, start = head(frame, at)
    if kind in (INT, UINT):
        return n, start
    return np.int64(0), skip(frame, at)


@compiled
def instant(frame: Bytes, at: int) -> tuple[int, int]:
    """Return a timestamp in UTC ns, and what follows.

    ``UNTIMED`` stands for what is none, and for times before 1970 or after 2100.
    """
    kind, n, start = head(frame, at)
    if kind != EXT:
        return UNTIMED, skip(frame, at)
    after = start + 1 + n
    if frame[start] != _TIMESTAMP:
        return UNTIMED, after
    start += 1
    if n == _PACKED:
        bits = unsigned(frame, start, 8)
        nanos, seconds = (bits >> 34) & 0x3FFFFFFF, bits & 0x3FFFFFFFF
    elif n == _SECONDS:
        nanos, seconds = np.int64(0), unsigned(frame, start, 4)
    elif n == _WIDE:
        nanos, seconds = unsigned(frame, start, 4), unsigned(frame, start + 4, 8)
    else:
        return UNTIMED, after
    if nanos >= _NANOS or not 0 <= seconds <= _LAST_SECOND:
        return UNTIMED, after
    return seconds * _NANOS + nanos, after
