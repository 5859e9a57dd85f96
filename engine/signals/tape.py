"""The whole tape at the close of a bucket, as arrays of one value per symbol.

This is what a strategy sees. A symbol is on the tape from its first eligible print of the day on,
in the order of first prints, those of one bucket by name: so its place never changes, and is the
same however the input was cut into batches, letters or shards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.signals.closed_bucket import ClosedBucket
from engine.signals.columns import ColumnScanner
from engine.signals.history import Column, Floats, History, Need, highest, lowest, matrix, mean


class Tape:
    """The tape as it stood when one bucket closed; all arrays have the shape ``(n,)``.

    Prices are USD as float64, exact to the last bit of 1e-6 USD; a symbol without a print in the
    bucket shows its last price as high, low and last, volume 0, and ``traded`` False. Good until
    the next bucket closes; what a strategy wants to keep it copies.

    Attributes
    ----------
    symbols : sequence of str
    bucket : int
        Buckets closed since the open, this one included: 1 is the first of the session. Not above
        0 before the open.
    ts_event, ts_init : int
        End of the bucket, and the clock at which it closed; UTC ns.
    """

    def __init__(self, symbols: Sequence[str], closed: ClosedBucket, history: History) -> None:
        self.symbols = symbols
        self.bucket = closed.bucket
        self.ts_event = closed.ts_event
        self.ts_init = closed.ts_init
        self._closed = closed
        self._history = history

    def __len__(self) -> int:
        """Return the number of symbols."""
        return len(self.symbols)

    @cached_property
    def last(self) -> Floats:
        """Last eligible price, USD."""
        return _usd(self._closed.last)

    @cached_property
    def high(self) -> Floats:
        """Highest eligible price of the bucket, USD."""
        return _usd(self._closed.high)

    @cached_property
    def low(self) -> Floats:
        """Lowest eligible price of the bucket, USD."""
        return _usd(self._closed.low)

    @cached_property
    def traded(self) -> NDArray[np.bool_]:
        """Whether a print of the bucket could set a price."""
        return self._closed.traded

    @cached_property
    def volume(self) -> Floats:
        """Shares of the bucket."""
        return _shares(self._closed.volume)

    @cached_property
    def session_volume(self) -> Floats:
        """Shares since the open."""
        return _shares(self._closed.of_symbols["session_volume"])

    @cached_property
    def session_notional(self) -> Floats:
        """USD since the open."""
        return self._closed.of_symbols["session_notional"] / PRICE_SCALE

    @cached_property
    def vwap(self) -> Floats:
        """Volume-weighted mean price of the session, USD; NaN before its first print."""
        return self._closed.vwap / PRICE_SCALE

    @cached_property
    def age(self) -> NDArray[np.int64]:
        """Buckets since the symbol's first of the day, this one included."""
        return self._closed.number - self._closed.of_symbols["first_bucket"] + 1

    @cached_property
    def sigma_bps(self) -> Floats:
        """Standard deviation of 5-s median returns in bps; NaN with fewer than two of them."""
        x = self._closed.of_symbols
        n = np.minimum(self.age - 1, self._closed.sigma_window)
        total = x["sum_return"].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = (x["sum_return_squared"] - total * total / n) / (n - 1)
        return np.where(n > 1, np.sqrt(np.maximum(variance, 0.0)) * 1e-4, np.nan)

    def mean(self, column: str, buckets: int) -> Floats:
        """Return the mean of a column over its last buckets; it has to be declared.

        Over as many as there are while a symbol is younger. Raises ConfigError otherwise.
        """
        return self._history.values(mean(column, buckets), len(self))

    def highest(self, column: str, buckets: int) -> Floats:
        """Return the largest value of a column in its last buckets; it has to be declared."""
        return self._history.values(highest(column, buckets), len(self))

    def lowest(self, column: str, buckets: int) -> Floats:
        """Return the smallest value of a column in its last buckets; it has to be declared."""
        return self._history.values(lowest(column, buckets), len(self))

    def matrix(self, column: str, buckets: int) -> Floats:
        """Return a column's last buckets, shape ``(buckets, n)``, oldest first.

        NaN before a symbol's first bucket and before the day's. It has to be declared.
        """
        return self._history.matrix(matrix(column, buckets), len(self))


class TapeReader:
    """Reads the tape off a scanner at each close, and keeps what is wanted of the past.

    Parameters
    ----------
    needs : iterable of Need
        Of all strategies that look at it.

    Attributes
    ----------
    symbols : list of str
        In their order on the tape.
    """

    def __init__(self, needs: Iterable[Need]) -> None:
        self.symbols: list[str] = []
        self._ids = np.empty(0, np.int64)
        self._first = np.empty(0, np.int64)
        self._history = History(needs)
        self._closes = 0

    def read(self, scanner: ColumnScanner) -> Tape:
        """Return the tape at the bucket that closed last; to be called at each close, in order."""
        new = scanner.first_traded()
        if new:
            self.symbols += [scanner.symbols[k] for k in new]
            self._ids = np.concatenate([self._ids, new])
            self._first = np.concatenate([self._first, np.full(len(new), self._closes)])
        closed = scanner.closed_bucket(self._ids)
        columns = {
            Column.HIGH: closed.high,
            Column.LOW: closed.low,
            Column.LAST: closed.last,
            Column.VOLUME: closed.volume,
        }
        self._history.push(columns, self._first)
        self._closes += 1
        return Tape(self.symbols, closed, self._history)


def _usd(fixed: NDArray[np.int64]) -> Floats:
    return fixed / PRICE_SCALE


def _shares(sizes: NDArray[np.int64]) -> Floats:
    return sizes / SIZE_SCALE
