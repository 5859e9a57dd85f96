"""Bars from the prints that stand at some moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE, float_sizes
from engine.domain.market_data.conditions import TAPES
from engine.signals.kernel.notional import added, micro_usd, notional_of
from simulator.market_data.history.bar_rules import BarUpdates, bar_updates_table
from simulator.market_data.history.recorded import Prints
from simulator.market_data.requests.clock_times import MINUTE_NS, end_of, midnight
from simulator.market_data.requests.refusal import Refused
from simulator.tape.block import compiled

_TIMEFRAME = re.compile(r"(\d{1,2})(Min|T|Hour|H|Day|D|Week|W|Month|M)", re.ASCII)
_MONTHS = (1, 2, 3, 4, 6, 12)
_MOST_MINUTES, _MOST_HOURS = 59, 23


class Unit(StrEnum):
    """Of a bar's length."""

    MINUTE = "T"
    HOUR = "H"
    DAY = "D"
    WEEK = "W"
    MONTH = "M"


class Timeframe(NamedTuple):
    """How long a bar is."""

    length: int
    unit: Unit

    @property
    def is_intraday(self) -> bool:
        """Whether it is built from minutes rather than from days."""
        return self.unit in (Unit.MINUTE, Unit.HOUR)

    def start(self, day: date) -> date:
        """Return the first date of the bar of a day, for bars of days and more."""
        if self.unit is Unit.WEEK:
            return day - timedelta(days=day.weekday())
        if self.unit is Unit.MONTH:
            return date(day.year, (day.month - 1) // self.length * self.length + 1, 1)
        return day


def timeframe_of(text: str) -> Timeframe:
    """Return a timeframe as the venue spells it.

    Raises
    ------
    Refused
        It is none.
    """
    found = _TIMEFRAME.fullmatch(text)
    if found is None:
        raise Refused(400, f"invalid timeframe: {text}" if text else "timeframe is required")
    letter = "T" if found[2] == "Min" else found[2][0]
    timeframe = Timeframe(int(found[1]), Unit(letter))
    allowed = {
        Unit.MINUTE: range(1, _MOST_MINUTES + 1),
        Unit.HOUR: range(1, _MOST_HOURS + 1),
        Unit.DAY: (1,),
        Unit.WEEK: (1,),
        Unit.MONTH: _MONTHS,
    }[timeframe.unit]
    if timeframe.length not in allowed:
        raise Refused(400, f"invalid timeframe: {text}")
    return timeframe


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars of one symbol in order of time; arrays of shape (n,).

    Attributes
    ----------
    ts : int64 array
        Start of each bar, UTC nanoseconds.
    open, high, low, close : int64 array
        1e-6 USD per share.
    volume, trade_count : int64 array
        1e-6 share, and prints.
    vwap : float64 array
        USD per share.
    """

    ts: NDArray[np.int64]
    open: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    close: NDArray[np.int64]
    volume: NDArray[np.int64]
    trade_count: NDArray[np.int64]
    vwap: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ts)

    def rows(self, select: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Bars:
        """Return the chosen bars."""
        return Bars(*(getattr(self, name)[select] for name in self.__slots__))

    @staticmethod
    def joined(parts: list[Bars]) -> Bars:
        """Return several stretches as one."""
        if not parts:
            return _no_bars()
        columns = [[getattr(part, name) for part in parts] for name in Bars.__slots__]
        return Bars(*map(np.concatenate, columns))


def _no_bars() -> Bars:
    none = np.empty(0, np.int64)
    return Bars(none, none, none, none, none, none, none, np.empty(0, np.float64))


def minute_bars(prints: Prints, tape: str, now: int) -> Bars:
    """Return the bars of the minutes that were over at ``now``."""
    rows = prints.standing(0, now // MINUTE_NS * MINUTE_NS - 1, now)
    return _build(prints, rows, prints.batch.ts_event[rows] // MINUTE_NS * MINUTE_NS, tape)


def daily_bar(prints: Prints, tape: str, day: date, now: int) -> Bars:
    """Return a day's bar from the minutes that were over at ``now``; none without a print."""
    last = min(now // MINUTE_NS * MINUTE_NS - 1, end_of(day))
    rows = prints.standing(midnight(day), last, now)
    return _build(prints, rows, np.full(len(rows), midnight(day)), tape, daily=True)


def merged(bars: Bars, starts: NDArray[np.int64]) -> Bars:
    """Return longer bars: one for each run of equal ``starts``, which never decrease."""
    if not len(bars):
        return bars
    first = np.flatnonzero(np.r_[True, starts[1:] != starts[:-1]])
    last = np.r_[first[1:], len(starts)] - 1
    volume = np.add.reduceat(bars.volume, first)
    return Bars(
        starts[first],
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        volume,
        np.add.reduceat(bars.trade_count, first),
        np.add.reduceat(bars.vwap * float_sizes(bars.volume), first) / float_sizes(volume),
    )


def in_timeframe(minutes: Bars, timeframe: Timeframe, day: date) -> Bars:
    """Return a day's minute bars as longer ones, counted from New York midnight."""
    width = timeframe.length * MINUTE_NS * (60 if timeframe.unit is Unit.HOUR else 1)
    if width == MINUTE_NS:
        return minutes
    first = midnight(day)
    return merged(minutes, (minutes.ts - first) // width * width + first)


def _build(
    prints: Prints,
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    tape: str,
    *,
    daily: bool = False,
) -> Bars:
    """Return one bar per distinct start whose prices and volume are all there."""
    if not len(rows):
        return _no_bars()
    batch = prints.batch
    bits = bar_updates_table(batch.conditions, daily=daily)[TAPES.index(tape)]
    may = bits[batch.condition_id[rows]]
    price, size = batch.price[rows], batch.size[rows]
    first = np.flatnonzero(np.r_[True, starts[1:] != starts[:-1]])
    bar = np.cumsum(np.r_[False, starts[1:] != starts[:-1]])
    n = len(first)

    high_low = (may & BarUpdates.HIGH_LOW) > 0
    in_volume = (may & BarUpdates.VOLUME) > 0
    green = (may & BarUpdates.OPEN_CLOSE) > 0
    any_open = green | ((may & BarUpdates.YELLOW) > 0)

    volume = _sums(bar[in_volume], size[in_volume], n)
    weighing = high_low & in_volume
    weight = _sums(bar[weighing], size[weighing], n)
    value = _values(bar[weighing], price[weighing], size[weighing], n)
    opened, _ = _ends(bar, price, any_open, n)
    _, last_green = _ends(bar, price, green, n)
    closed = np.where(last_green > 0, last_green, opened)
    high = np.zeros(n, np.int64)
    np.maximum.at(high, bar[high_low], price[high_low])
    low = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(low, bar[high_low], price[high_low])
    whole = (opened > 0) & (closed > 0) & (high > 0) & (volume > 0) & (weight > 0)
    return Bars(
        starts[first],
        opened,
        high,
        low,
        closed,
        volume,
        _sums(bar[in_volume], np.ones(int(in_volume.sum()), np.int64), n),
        value / np.maximum(float_sizes(weight), 1 / SIZE_SCALE) / PRICE_SCALE,
    ).rows(whole)


def _sums(bar: NDArray[np.int64], values: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return exact sums by bar."""
    sums = np.zeros(n, np.int64)
    np.add.at(sums, bar, values)
    return sums


@compiled
def _values(
    bar: NDArray[np.int64], price: NDArray[np.int64], size: NDArray[np.int64], n: int
) -> NDArray[np.float64]:
    """Return price × size by bar in 1e-6 USD, rounded once from its exact sum."""
    highs, lows = np.zeros(n, np.int64), np.zeros(n, np.uint64)
    for row in range(len(bar)):
        k = bar[row]
        high, low = notional_of(price[row], size[row])
        highs[k], lows[k] = added(highs[k], lows[k], high, low)
    values = np.zeros(n)
    for k in range(n):
        values[k] = micro_usd(highs[k], lows[k])
    return values


def _ends(
    bar: NDArray[np.int64], price: NDArray[np.int64], chosen: NDArray[np.bool_], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last chosen price of each bar, 0 where there is none."""
    ends = np.zeros((2, n), np.int64)
    rows = np.flatnonzero(chosen)
    ends[0, bar[rows[::-1]]] = price[rows[::-1]]
    ends[1, bar[rows]] = price[rows]
    return ends[0], ends[1]
