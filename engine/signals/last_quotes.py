"""The last quote of each symbol, as columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.quotes import QuoteBatch


class LastQuotes:
    """Keeps the newest quote of every symbol it has been given."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._values = np.zeros((6, 64), np.int64)
        self._table: tuple[str, ...] = ()
        self._own = np.zeros(0, np.int64)

    def take(self, batch: QuoteBatch) -> None:
        """Remember the last row of each symbol in a batch."""
        numbers = self._numbers(batch.symbols)
        last = np.zeros(len(numbers), np.int64)
        last[batch.symbol_id] = np.arange(1, len(batch) + 1)  # of rows for one place the last stays
        quoted = np.flatnonzero(last)
        own, rows = numbers[quoted], last[quoted] - 1
        columns = (
            batch.ts_event,
            batch.ts_init,
            batch.bid,
            batch.ask,
            batch.bid_size,
            batch.ask_size,
        )
        for kept, column in zip(self._values, columns, strict=True):
            kept[own] = column[rows]

    def _numbers(self, symbols: tuple[str, ...]) -> NDArray[np.int64]:
        """Return our number of each symbol of a table; a stream's only grows at its end."""
        if symbols is self._table:
            return self._own
        known = len(self._table)
        if symbols[:known] != self._table:
            known, self._own = 0, self._own[:0]
        fresh = [self._ids.setdefault(name, len(self._ids)) for name in symbols[known:]]
        while len(self._ids) > self._values.shape[1]:
            self._values = np.concatenate([self._values, np.zeros_like(self._values)], axis=1)
        self._table = symbols
        self._own = np.concatenate([self._own, np.array(fresh, np.int64)])
        return self._own

    def number_of(self, symbol: str) -> int:
        """Return a symbol's place in ``newest``, -1 for one without a quote."""
        return self._ids.get(symbol, -1)

    def newest(self) -> NDArray[np.int64]:
        """Return arrival, bid, ask and their sizes, shape (5, symbols); a view."""
        return self._values[1:, : len(self._ids)]

    def batch(self) -> QuoteBatch:
        """Return the last quotes, one row a symbol."""
        n = len(self._ids)
        ts_event, ts_init, bid, ask, bid_size, ask_size = self._values[:, :n]
        ids = np.arange(n, dtype=np.int32)
        return QuoteBatch(ids, tuple(self._ids), ts_event, ts_init, bid, ask, bid_size, ask_size)
