"""Prints that come a second time, found without an object per print."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.conditions import REVERSAL_MARK
from engine.domain.market_data.trades import TradeBatch
from engine.tape.repeats_kernel import SEEN, move, take

_KEPT = 24
"""Buckets whose prints are remembered; what comes again after more is late as well."""

_FIRST_ROOM = 1 << 12
_NO_IDS, _NO_NUMBERS = np.zeros(0, np.int32), np.zeros(0, np.int64)
_NOTHING = TradeBatch(_NO_IDS, (), _NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS, _NO_IDS, ())


class Repeats:
    """Remembers a fingerprint of each print of the last buckets.

    Prints carry no number here, so a print is its symbol, exchange time, price and size. The same
    again at one arrival is another execution; at a later arrival it is a repetition.
    """

    def __init__(self) -> None:
        self._seen = np.zeros(_FIRST_ROOM, SEEN)
        self._filled = 0
        self._bucket = 0
        self._names: tuple[str, ...] = ()
        self._of_names = np.zeros(0, np.uint64)
        self.count([_NOTHING])  # loads what is compiled, so that no close waits for it
        move(self._seen[:0], self._seen, 0)

    def count(self, batches: list[TradeBatch]) -> int:
        """Take the prints of a bucket and return how many had come before."""
        self._bucket += 1
        oldest = self._bucket - _KEPT
        rows = sum(map(len, batches))
        self._make_room(rows, oldest)
        arrivals = np.empty(rows, np.int64)
        n = repeated = 0
        for batch in batches:
            n, again, filled = take(
                self._seen,
                self._named(batch.symbols),
                np.array([each.startswith(REVERSAL_MARK) for each in batch.conditions], bool),
                self._bucket,
                oldest,
                arrivals,
                n,
                _read_only(batch.symbol_id),
                _read_only(batch.ts_event),
                _read_only(batch.price),
                _read_only(batch.size),
                _read_only(batch.ts_init),
                _read_only(batch.condition_id),
            )
            repeated += again
            self._filled += filled
        return repeated

    def _make_room(self, rows: int, oldest: int) -> None:
        """Forget what is too old when the table would get too full, and take a larger one if so."""
        if 2 * (self._filled + rows) <= len(self._seen):
            return
        live = int(np.count_nonzero(self._seen["bucket"] >= max(oldest, 1)))
        room = len(self._seen)
        while 4 * (live + rows) > room:
            room *= 2
        before, self._seen = self._seen, np.zeros(room, SEEN)
        self._filled = move(before, self._seen, oldest)

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


def _read_only[Number: np.generic](column: NDArray[Number]) -> NDArray[Number]:
    """Return a column as Arrow's come, so that one kind alone is compiled for."""
    column = column.view()
    column.flags.writeable = False
    return column
