"""Prints that come a second time, found without an object per print."""

from __future__ import annotations

from collections import deque
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from engine.domain.conditions import REVERSAL_MARK
from engine.domain.trades import TradeBatch

_KEPT = 24
"""Buckets whose prints are remembered; what comes again after more is late as well."""

_MIXERS = tuple(
    np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
_SHIFT = np.uint64(29)


class Repeats:
    """Remembers a fingerprint of each print of the last buckets.

    Prints carry no number here, so a print is its symbol, exchange time, price and size. The same
    again at one arrival is another execution; at a later arrival it is a repetition.
    """

    def __init__(self) -> None:
        self._buckets: deque[NDArray[np.uint64]] = deque(maxlen=_KEPT)
        self._names: tuple[str, ...] = ()
        self._of_names = np.zeros(0, np.uint64)

    def count(self, batches: list[TradeBatch]) -> int:
        """Take the prints of a bucket and return how many had come before."""
        marks = [self._marks(batch) for batch in batches]
        fresh = np.concatenate([np.zeros(0, np.uint64), *marks])
        arrived = np.concatenate(
            [np.zeros(0, np.int64), *(batch.ts_init[_originals(batch)] for batch in batches)]
        )
        distinct, first, inverse = np.unique(fresh, return_index=True, return_inverse=True)
        again = arrived > arrived[first][inverse]
        known = np.zeros(len(distinct), bool)
        for earlier in self._buckets:
            if len(earlier) and len(distinct):
                place = np.minimum(np.searchsorted(earlier, distinct), len(earlier) - 1)
                known |= earlier[place] == distinct
        self._buckets.append(distinct)
        return int(np.count_nonzero(again | known[inverse]))

    def _marks(self, batch: TradeBatch) -> NDArray[np.uint64]:
        rows = _originals(batch)
        names = self._named(batch.symbols)
        mark = names[batch.symbol_id[rows]]
        for mixer, column in zip(_MIXERS, (batch.ts_event, batch.price, batch.size), strict=True):
            mark = (mark ^ column[rows].astype(np.uint64)) * mixer
            mark ^= mark >> _SHIFT
        return mark

    def _named(self, names: tuple[str, ...]) -> NDArray[np.uint64]:
        """Return a number for each symbol; the table of a stream grows at its end."""
        if names is not self._names:
            known = len(self._names)
            if names[:known] != self._names:
                known = 0
            added = np.array([crc32(name.encode()) for name in names[known:]], np.uint64)
            self._of_names = np.concatenate([self._of_names[:known], added])
            self._names = names
        return self._of_names


def _originals(batch: TradeBatch) -> NDArray[np.bool_]:
    """Say which rows are prints; others take one back and repeat it by their nature."""
    taken_back = np.array([each.startswith(REVERSAL_MARK) for each in batch.conditions], bool)
    return ~taken_back[batch.condition_id]
