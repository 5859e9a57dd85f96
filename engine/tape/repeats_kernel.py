# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""The compiled search for prints that came before: one look into a table for each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

SEEN = np.dtype([("mark", "u8"), ("bucket", "i4"), ("first", "i4")])
"""A fingerprint, the bucket that had it last and its first row there; bucket 0 is a free slot.

``first`` is ``BEFORE`` where an earlier bucket had it, too.
"""

BEFORE = -1

_MIX_TIME, _MIX_PRICE, _MIX_SIZE = (
    np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
_SHIFT, _UPPER = np.uint64(29), np.uint64(32)


@njit(cache=True, nogil=True)
def take(  # noqa: PLR0917  (a compiled function takes no names)
    table: NDArray[Any],
    names: NDArray[np.uint64],
    taken_back: NDArray[np.bool_],
    bucket: int,
    oldest: int,
    arrivals: NDArray[np.int64],
    n: int,
    ids: NDArray[np.int32],
    ts_event: NDArray[np.int64],
    prices: NDArray[np.int64],
    sizes: NDArray[np.int64],
    ts_init: NDArray[np.int64],
    conditions: NDArray[np.int32],
) -> tuple[int, int, int]:
    """Take prints of a bucket; return how many it has then, how many came before, slots filled.

    Parameters
    ----------
    table : array of SEEN, shape (2 ** k,)
        With room for all of them.
    names : uint64 array
        A number for each symbol.
    taken_back : bool array
        Of each set of conditions: whether such a row takes a print back, and is none.
    bucket, oldest : int
        Number of this bucket, and of the oldest that is remembered.
    arrivals : int64 array
        Of the ``n`` prints that the bucket has so far; those of these are added.
    """
    mask = np.uint64(len(table) - 1)
    repeated = filled = 0
    for row in range(len(ids)):
        if taken_back[conditions[row]]:
            continue
        mark = (names[ids[row]] ^ np.uint64(ts_event[row])) * _MIX_TIME
        mark ^= mark >> _SHIFT
        mark = (mark ^ np.uint64(prices[row])) * _MIX_PRICE
        mark ^= mark >> _SHIFT
        mark = (mark ^ np.uint64(sizes[row])) * _MIX_SIZE
        mark ^= mark >> _SHIFT
        arrivals[n] = ts_init[row]
        place = mark >> _UPPER & mask
        spare = np.int64(-1)
        while True:
            slot = table[place]
            if slot.bucket == 0:
                if spare >= 0:
                    slot = table[spare]
                else:
                    filled += 1
                slot.mark = mark
                slot.bucket = bucket
                slot.first = n
                break
            if slot.mark == mark and slot.bucket >= oldest:
                if slot.bucket < bucket:
                    slot.bucket = bucket
                    slot.first = BEFORE
                repeated += slot.first == BEFORE or ts_init[row] > arrivals[slot.first]
                break
            if spare < 0 and slot.bucket < oldest:
                spare = np.int64(place)
            place = (place + np.uint64(1)) & mask
        n += 1
    return n, repeated, filled


@njit(cache=True, nogil=True)
def move(table: NDArray[Any], larger: NDArray[Any], oldest: int) -> int:
    """Put what is still remembered into an empty table; return how many slots that filled."""
    mask = np.uint64(len(larger) - 1)
    filled = 0
    for slot in table:
        if slot.bucket == 0 or slot.bucket < oldest:
            continue
        place = slot.mark >> _UPPER & mask
        while larger[place].bucket != 0:
            place = (place + np.uint64(1)) & mask
        larger[place].mark = slot.mark
        larger[place].bucket = slot.bucket
        larger[place].first = slot.first
        filled += 1
    return filled
