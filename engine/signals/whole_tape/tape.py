"""The whole tape at the close of a bucket, as arrays of one value per symbol.

This is what a strategy sees. A symbol is on the tape from its first eligible print of the day on,
in the order of first prints, those of one bucket by name: so its place never changes, and is the
same however the input was cut into batches, letters or shards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.signals.whole_tape.history import (
    Floats,
    History,
    highest,
    lowest,
    matrix,
    mean,
    opening_high,
    opening_low,
)
from engine.signals.whole_tape.tape_block import TapeBlock


class Tape:
    """The tape as it stood when one bucket closed; all arrays have the shape ``(n,)``.

    Prices are USD and sizes shares as float64, exact to the last bit of 1e-6; a symbol without a
    print in the bucket shows its last price as high, low and last, volume 0, and ``traded`` False.
    Arrays are read-only and good until the next bucket closes; what a strategy wants to keep it
    copies.

    Attributes
    ----------
    symbols : sequence of str
    bucket : int
        Buckets closed since the open, this one included: 1 is the first of the session. Not above
        0 before the open.
    ts_event, ts_init : int
        End of the bucket, and the clock at which it closed; UTC ns.
    """

    def __init__(self, block: TapeBlock, row: int, history: History) -> None:
        p = block.settings
        number = block.start + row
        self._block = block
        self._row = row
        self._n = int(block.counts[row])
        self._history = history
        self.symbols: Sequence[str] = block.symbols[: self._n]
        self.bucket = number - p.open_bucket + 1
        self.ts_event = p.first_ns + (number + 1) * p.width_ns
        self.ts_init = self.ts_event + p.grace_ns

    def __len__(self) -> int:
        """Return the number of symbols."""
        return self._n

    @cached_property
    def last(self) -> Floats:
        """Last eligible price, USD."""
        return self._of(self._block.last)

    @cached_property
    def high(self) -> Floats:
        """Highest eligible price of the bucket, USD."""
        return self._of(self._block.high)

    @cached_property
    def low(self) -> Floats:
        """Lowest eligible price of the bucket, USD."""
        return self._of(self._block.low)

    @cached_property
    def traded(self) -> NDArray[np.bool_]:
        """Whether a print of the bucket could set a price."""
        return self._of(self._block.traded)

    @cached_property
    def volume(self) -> Floats:
        """Shares of the bucket."""
        return self._of(self._block.volume)

    @cached_property
    def session_volume(self) -> Floats:
        """Shares since the open."""
        return self._of(self._block.session_volume)

    @cached_property
    def session_notional(self) -> Floats:
        """USD since the open."""
        return self._of(self._block.session_notional)

    @cached_property
    def vwap(self) -> Floats:
        """Volume-weighted mean price of the session, USD; NaN before its first print."""
        return self._of(self._block.vwap)

    @cached_property
    def vwap_slope(self) -> Floats:
        """Change of the VWAP over the candidate window, USD; NaN while a symbol is younger."""
        return self._of(self._block.vwap_slope)

    @cached_property
    def sigma_bps(self) -> Floats:
        """Standard deviation of 5-s median returns in bps; NaN with fewer than two of them."""
        return self._of(self._block.sigma_bps)

    @cached_property
    def age(self) -> NDArray[np.int64]:
        """Buckets since the symbol's first of the day, this one included."""
        return self._block.start + self._row - self._block.first_buckets[: self._n] + 1

    @property
    def bid(self) -> Floats:
        """Best bid at the close, USD; NaN without a quote of the last minute.

        The last quote that had arrived; ``quotes()`` has to be declared, as for ``ask``,
        ``bid_size``, ``ask_size`` and ``quote_age``.
        """
        self._history.expect_quotes()
        return self._of(self._block.bid)

    @property
    def ask(self) -> Floats:
        """Best offer at the close, USD; NaN as ``bid`` is."""
        self._history.expect_quotes()
        return self._of(self._block.ask)

    @property
    def bid_size(self) -> Floats:
        """Shares bid at the best price; NaN as ``bid`` is."""
        self._history.expect_quotes()
        return self._of(self._block.bid_size)

    @property
    def ask_size(self) -> Floats:
        """Shares offered at the best price; NaN as ``bid`` is."""
        self._history.expect_quotes()
        return self._of(self._block.ask_size)

    @property
    def quote_age(self) -> Floats:
        """Seconds from the quote's arrival to ``ts_init``, above 0 and at most 60; NaN likewise."""
        self._history.expect_quotes()
        return self._of(self._block.quote_age)

    @property
    def previous_close(self) -> Floats:
        """Last price of the session before, USD; NaN where none is stored.

        ``days_before()`` has to be declared, as for ``average_volume`` and ``gap``.
        """
        self._history.expect_days()
        return self._block.context.previous_close[: self._n]

    @property
    def average_volume(self) -> Floats:
        """Mean shares a day of the declared sessions before, as far as stored; NaN without any."""
        self._history.expect_days()
        return self._block.context.average_volume[: self._n]

    @property
    def opening_price(self) -> Floats:
        """Last price of the symbol's first bucket of the session, USD; NaN before the open."""
        return self._history.opening_price(self._n)

    @cached_property
    def gap(self) -> Floats:
        """Opening price over the previous close, less 1; NaN where either is unknown."""
        return self.opening_price / self.previous_close - 1.0

    def mean(self, column: str, buckets: int) -> Floats:
        """Return the mean of a column over its last buckets; it has to be declared.

        Over as many as there are while a symbol is younger. Raises ConfigError otherwise.
        """
        return self._history.values(mean(column, buckets), self._n)

    def highest(self, column: str, buckets: int) -> Floats:
        """Return the largest value of a column in its last buckets; it has to be declared."""
        return self._history.values(highest(column, buckets), self._n)

    def lowest(self, column: str, buckets: int) -> Floats:
        """Return the smallest value of a column in its last buckets; it has to be declared."""
        return self._history.values(lowest(column, buckets), self._n)

    def opening_high(self, buckets: int) -> Floats:
        """Return the high of the session's first buckets, USD; it has to be declared.

        NaN until they have closed, and for a symbol without a bucket among them.
        """
        return self._history.opening(opening_high(buckets), self._n)

    def opening_low(self, buckets: int) -> Floats:
        """Return the low of the session's first buckets, USD; see ``opening_high``."""
        return self._history.opening(opening_low(buckets), self._n)

    def matrix(self, column: str, buckets: int) -> Floats:
        """Return a column's last buckets, shape ``(buckets, n)``, oldest first.

        NaN before a symbol's first bucket and before the day's. It has to be declared.
        """
        return self._history.matrix(matrix(column, buckets), self._n)

    def _of[Number: np.generic](self, column: NDArray[Number]) -> NDArray[Number]:
        return column[self._row, : self._n]


def tapes(block: TapeBlock, history: History) -> Iterator[Tape]:
    """Yield the tape at each bucket of a block; every block once, in order, with one history."""
    for row in range(len(block)):
        history.push(block, row)
        yield Tape(block, row, history)
