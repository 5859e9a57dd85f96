"""What strategies want kept of the past: rolling figures of closed buckets, exact whatever the cut.

Means are kept as sums of whole numbers, so they cannot drift. Extremes are those of the end of one
stretch of buckets and of the beginning of the next (van Herk's sliding maximum), so that a bucket
costs the same whatever the window.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.errors import ConfigError
from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.signals.whole_tape.tape_block import TapeBlock

type Floats = NDArray[np.float64]
type Fixed = NDArray[np.int64]

_LONGEST = 2_000
"""Buckets that a window may reach back, as many as the longest of the scanner's own."""


_MOST_DAYS = 60


class Column(StrEnum):
    """What of a closed bucket can be looked back at."""

    HIGH = "high"
    LOW = "low"
    LAST = "last"
    VOLUME = "volume"


class Rolling(StrEnum):
    """What can be kept of the last buckets of a column."""

    MEAN = "mean"
    HIGHEST = "highest"
    LOWEST = "lowest"
    MATRIX = "matrix"
    OPENING = "opening"
    DAYS = "days"
    QUOTES = "quotes"


class Need(NamedTuple):
    """What a strategy wants kept for it: one figure of the last ``buckets`` of a column.

    The closed bucket is the last of them; those of an opening are the session's first, and for
    ``days_before`` they are whole sessions before this one. ``quotes`` means the last quotes, of
    the closed bucket alone.
    """

    kind: Rolling
    column: Column
    buckets: int


def mean(column: str, buckets: int) -> Need:
    """Return the wish for the mean of a column, carried buckets included."""
    return _need(Rolling.MEAN, column, buckets)


def highest(column: str, buckets: int) -> Need:
    """Return the wish for the largest value of a column."""
    return _need(Rolling.HIGHEST, column, buckets)


def lowest(column: str, buckets: int) -> Need:
    """Return the wish for the smallest value of a column."""
    return _need(Rolling.LOWEST, column, buckets)


def matrix(column: str, buckets: int) -> Need:
    """Return the wish for the buckets themselves; it costs more than any of the others."""
    return _need(Rolling.MATRIX, column, buckets)


def opening_high(buckets: int) -> Need:
    """Return the wish for the high of the session's first buckets."""
    return _need(Rolling.OPENING, Column.HIGH, buckets)


def opening_low(buckets: int) -> Need:
    """Return the wish for the low of the session's first buckets."""
    return _need(Rolling.OPENING, Column.LOW, buckets)


def days_before(days: int = 20) -> Need:
    """Return the wish for the previous close, and the mean volume of so many sessions before."""
    if not 1 <= days <= _MOST_DAYS:
        raise ConfigError(f"{days} days before, expected 1 to {_MOST_DAYS}")
    return Need(Rolling.DAYS, Column.VOLUME, days)


def quotes() -> Need:
    """Return the wish for the last quote at each close; they are read for those who ask alone."""
    return Need(Rolling.QUOTES, Column.LAST, 1)


def _need(kind: Rolling, column: str, buckets: int) -> Need:
    if column not in set(Column):
        raise ConfigError(f"no column {column!r} to look back at, choose from {', '.join(Column)}")
    if not 1 <= buckets <= _LONGEST:
        raise ConfigError(f"a window of {buckets} buckets, expected 1 to {_LONGEST}")
    return Need(kind, Column(column), buckets)


class History:
    """The rings of past buckets behind the figures that are wanted.

    Parameters
    ----------
    needs : iterable of Need
    """

    def __init__(self, needs: Iterable[Need]) -> None:
        self._needs = frozenset(needs)
        longest: dict[Column, int] = {}
        for need in self._needs:
            if need.kind in _KEPT or need.kind is Rolling.MATRIX:
                longest[need.column] = max(need.buckets, longest.get(need.column, 0))
        self._rings = {column: _Ring(buckets) for column, buckets in longest.items()}
        self._kept = {
            need: _KEPT[need.kind](need.buckets) for need in self._needs if need.kind in _KEPT
        }
        self._openings = {
            need: _Opening(need) for need in self._needs if need.kind is Rolling.OPENING
        }
        self._opening_price = np.zeros(0)
        self._pushed = 0
        self._first: int | None = None

    def push(self, block: TapeBlock, row: int) -> None:
        """Take the bucket that closed: a row of a block; they come in order, none left out."""
        n = int(block.counts[row])
        if self._first is None:
            self._first = block.start + row
        first = np.maximum(block.first_buckets[:n] - self._first, 0)
        columns = {
            Column.HIGH: lambda: block.fixed_high,
            Column.LOW: lambda: block.fixed_low,
            Column.LAST: lambda: block.fixed_last,
            Column.VOLUME: lambda: block.fixed_volume,
        }
        for column, ring in self._rings.items():
            ring.push(columns[column]()[row, :n])
        for need, kept in self._kept.items():
            kept.push(self._rings[need.column], first)
        self._pushed += 1
        self._age = self._pushed - first
        bucket = block.start + row - block.settings.open_bucket + 1
        if bucket >= 1:
            self._open(block, row, n)
            for opening in self._openings.values():
                opening.push(block, row, n, bucket)

    def opening_price(self, n: int) -> Floats:
        """Return the last price of each symbol's first bucket of the session; NaN before it."""
        self._opening_price = _longer(self._opening_price, n, np.nan)
        return self._opening_price[:n]

    def opening(self, need: Need, n: int) -> Floats:
        """Return the high or low of the session's first buckets; NaN until they have closed."""
        self._expect(need)
        return self._openings[need].values(n)

    def expect_days(self) -> None:
        """Refuse what is known of the days before where nobody declared it."""
        if not any(need.kind is Rolling.DAYS for need in self._needs):
            raise ConfigError(
                "what was known before the session is not among what the strategy declared: add "
                "days_before() to 'needs'"
            )

    def expect_quotes(self) -> None:
        """Refuse quotes where nobody declared them."""
        if quotes() not in self._needs:
            raise ConfigError(
                "quotes are not among what the strategy declared: add quotes() to 'needs'"
            )

    def values(self, need: Need, n: int) -> Floats:
        """Return a declared figure of each symbol.

        Raises
        ------
        ConfigError
            It was not declared.
        """
        self._expect(need)
        return self._kept[need].values(self._age[:n]) / _SCALES[need.column]

    def matrix(self, need: Need, n: int) -> Floats:
        """Return the declared buckets of each symbol, shape ``(need.buckets, n)``, oldest first.

        A symbol's buckets stand side by side in memory: so a sum or mean over them is added up in
        one order, however many other symbols there are. By rows NumPy adds a single symbol's
        buckets in pairs, and those of many one after the other.
        """
        self._expect(need)
        rows = self._rings[need.column].last(need.buckets, n) / _SCALES[need.column]
        back = np.arange(need.buckets - 1, -1, -1)[:, None]
        return np.asfortranarray(np.where(back < self._age[None, :n], rows, np.nan))

    def _open(self, block: TapeBlock, row: int, n: int) -> None:
        price = self.opening_price(n)
        unknown = np.flatnonzero(np.isnan(price))
        if len(unknown):
            opened = unknown[block.traded[row, unknown]]
            price[opened] = block.fixed_last[row, opened] / PRICE_SCALE

    def _expect(self, need: Need) -> None:
        if need not in self._needs:
            asked = f"{need.kind}({need.column.value!r}, {need.buckets})"
            if need.kind is Rolling.OPENING:
                asked = f"opening_{need.column.value}({need.buckets})"
            raise ConfigError(f"{asked} is not among what the strategy declared: add it to 'needs'")


class _Ring:
    """The last buckets of a column, row ``bucket % length``; grows with the tape."""

    def __init__(self, buckets: int) -> None:
        self.length = buckets + 1
        self.rows = np.zeros((self.length, 64), np.int64)
        self.pushed = 0

    def push(self, values: Fixed) -> None:
        have = self.rows.shape[1]
        if len(values) > have:
            grown = np.zeros((self.length, max(2 * have, len(values))), np.int64)
            grown[:, :have] = self.rows
            self.rows = grown
        self.rows[self.pushed % self.length, : len(values)] = values
        self.pushed += 1
        self.n = len(values)

    def row(self, bucket: int) -> Fixed:
        return self.rows[bucket % self.length, : self.n]

    def last(self, buckets: int, n: int) -> Fixed:
        wanted = np.arange(self.pushed - buckets, self.pushed) % self.length
        return self.rows[wanted, :n]


class _Mean:
    """The sum of a column's last buckets; 0 stands before a symbol's first."""

    def __init__(self, buckets: int) -> None:
        self._buckets = buckets
        self._sums = np.zeros(0, np.int64)

    def push(self, ring: _Ring, first: NDArray[np.int64]) -> None:
        del first
        self._sums = _longer(self._sums, ring.n, 0)
        newest = ring.pushed - 1
        self._sums += ring.row(newest)
        if newest >= self._buckets:
            self._sums -= ring.row(newest - self._buckets)

    def values(self, age: NDArray[np.int64]) -> Floats:
        return self._sums[: len(age)] / np.minimum(age, self._buckets)


class _Extreme:
    """The largest of a column's last buckets."""

    further = np.maximum
    nothing = np.iinfo(np.int64).min

    def __init__(self, buckets: int) -> None:
        self._buckets = buckets
        self._prefix = np.zeros(0, np.int64)
        self._suffix = np.zeros((buckets + 1, 0), np.int64)
        self._place = 0

    def push(self, ring: _Ring, first: NDArray[np.int64]) -> None:
        newest, width = ring.pushed - 1, self._buckets
        self._place = newest % width
        if self._place == 0:
            self._suffix = np.full((width + 1, ring.n), self.nothing)
            youngest = int(first.max(initial=0))
            for k in range(width - 1, -1, -1):
                bucket = newest - width + k
                if bucket < 0:
                    break
                row = ring.row(bucket)
                if youngest > bucket:
                    row = np.where(first <= bucket, row, self.nothing)
                self.further(self._suffix[k + 1], row, out=self._suffix[k])
            self._prefix = np.full(ring.n, self.nothing)
        self._prefix = _longer(self._prefix, ring.n, self.nothing)
        self.further(self._prefix, ring.row(newest), out=self._prefix)

    def values(self, age: NDArray[np.int64]) -> Fixed:
        before = _longer(self._suffix[self._place + 1], len(age), self.nothing)
        return self.further(self._prefix[: len(age)], before)


class _Lowest(_Extreme):
    """The smallest of them."""

    further = np.minimum
    nothing = np.iinfo(np.int64).max


class _Opening:
    """The high or the low of the session's first buckets, of those that traded in them."""

    def __init__(self, need: Need) -> None:
        self._is_high = need.column is Column.HIGH
        self._buckets = need.buckets
        self._range = np.zeros(0)
        self._bucket = 0

    def push(self, block: TapeBlock, row: int, n: int, bucket: int) -> None:
        self._bucket = bucket
        self._range = _longer(self._range, n, np.nan)
        if bucket <= self._buckets:
            prices = block.fixed_high if self._is_high else block.fixed_low
            seen = np.where(block.traded[row, :n], prices[row, :n] / PRICE_SCALE, np.nan)
            further = np.fmax if self._is_high else np.fmin
            further(self._range[:n], seen, out=self._range[:n])

    def values(self, n: int) -> Floats:
        known = _longer(self._range, n, np.nan)[:n]
        return known if self._bucket >= self._buckets else np.full(n, np.nan)


_KEPT: Mapping[Rolling, type[_Mean | _Extreme]] = {
    Rolling.MEAN: _Mean,
    Rolling.HIGHEST: _Extreme,
    Rolling.LOWEST: _Lowest,
}
_SCALES = {
    Column.HIGH: PRICE_SCALE,
    Column.LOW: PRICE_SCALE,
    Column.LAST: PRICE_SCALE,
    Column.VOLUME: SIZE_SCALE,
}
"""Units of a column in USD, and in a share."""


def _longer[Number: np.generic](values: NDArray[Number], n: int, fill: float) -> NDArray[Number]:
    """Return values with room for ``n`` symbols."""
    more = n - len(values)
    return values if more <= 0 else np.concatenate([values, np.full(more, fill, values.dtype)])
