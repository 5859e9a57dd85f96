# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false, reportReturnType=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""Texts that come again and again, known by their number in order of first sight."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adapters.alpaca.wire.msgpack_walk import Bytes, compiled

LONGEST = 32
"""Bytes of the longest text that is kept; neither a ticker nor a set of codes comes near it."""

FULL = -1
"""Number of a text that came when no more could be kept."""

_PACKED = 8
"""A text of up to so many bytes is its own key: they are ASCII and none is zero."""

_SLOT = np.dtype([("key", "i8"), ("number", "i8")])
_FNV_PRIME, _GOLDEN = 1099511628211, -7046029254386353131
_LONGEST_SEARCH = 256
"""Slots looked at for one text: a quarter full, no table needs that many unless it is attacked."""


class Interned(NamedTuple):
    """A table of texts; its memory is only touched as it fills.

    Attributes
    ----------
    slots : structured array, shape (2 ** k,)
        ``key`` of a text and one plus its ``number``, which is 0 in a free slot.
    lengths : uint8 array, shape (capacity,)
        Bytes of each text.
    texts : uint8 array, shape (capacity, LONGEST)
        Each text, from the left.
    """

    slots: NDArray[Any]
    lengths: NDArray[np.uint8]
    texts: NDArray[np.uint8]


def interned(capacity: int) -> Interned:
    """Return an empty table for ``capacity`` texts, a power of two."""
    return Interned(
        np.zeros(4 * capacity, _SLOT),
        np.zeros(capacity, np.uint8),
        np.zeros((capacity, LONGEST), np.uint8),
    )


def texts_from(table: Interned, start: int, end: int) -> tuple[str, ...]:
    """Return the texts numbered from ``start`` to before ``end``."""
    return tuple(
        table.texts[k, : table.lengths[k]].tobytes().decode("ascii") for k in range(start, end)
    )


@compiled
def number_of(table: Interned, known: int, source: Bytes, at: int, n: int) -> int:
    """Return the number of a text of ``n`` ≤ ``LONGEST`` bytes, ``known`` if it is a new one.

    The bytes are visible ASCII or spaces. A new text is kept; the caller counts it. ``FULL`` says
    that it could not be.
    """
    key = np.int64(0)
    if n <= _PACKED:
        for k in range(n):
            key = key << 8 | np.int64(source[at + k])
    else:
        for k in range(n):
            key = (key ^ np.int64(source[at + k])) * _FNV_PRIME
        key = -1 - (key & np.int64(0x7FFFFFFFFFFFFFFF))
    mask = len(table.slots) - 1
    place = ((key * _GOLDEN) >> 32) & mask
    for _ in range(_LONGEST_SEARCH):
        slot = table.slots[place]
        number = slot.number - 1
        if number < 0:
            if known == len(table.lengths):
                return FULL
            slot.key = key
            slot.number = known + 1
            table.lengths[known] = n
            for k in range(n):
                table.texts[known, k] = source[at + k]
            return known
        if slot.key == key:
            same = key >= 0 or table.lengths[number] == n
            if key < 0:
                for k in range(n):
                    same &= table.texts[number, k] == source[at + k]
            if same:
                return number
        place = (place + 1) & mask
    return FULL
