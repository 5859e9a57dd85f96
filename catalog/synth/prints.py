"""The compiled dressing of events as prints: price, size, venue, codes, arrival."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.synth.codes import (
    AVERAGE,
    CLOSING,
    CONTINGENT,
    DERIVATIVE,
    EXCHANGE_SHARES,
    EXTENDED,
    LATE,
    ODD_LOT,
    OFF_EXCHANGE,
    OFFICIAL_CLOSE,
    OFFICIAL_OPEN,
    OPENING,
    REOPENING,
    REVERSAL,
    SWEEP,
)
from catalog.synth.walk import (
    BURST,
    CLOSING_AUCTION,
    OPENING_AUCTION,
    Tables,
    Walker,
    compiled,
    inlined,
    next_event,
    step,
    tick_of,
)

PRINT = np.dtype(
    [
        ("ts_event", "i8"),
        ("ts_init", "i8"),
        ("price", "i8"),
        ("trade_id", "i8"),
        ("symbol", "i4"),
        ("size", "i4"),
        ("exchange", "i2"),
        ("condition", "i2"),
    ],
    align=True,
)
"""One row of the tape: prices 1e-6 USD, symbol by its position in the letter, codes by id."""

MEAN_SHARES = 190.0
"""Mean size of an ordinary print, roughly."""

type _Chance = np.random.Generator
type _Print = Any

_ROWS_PER_EVENT = 40
"""At most: twelve prints, each taken back and corrected."""

_MICRO, _MILLI, _SECOND = 1_000, 1_000_000, 1_000_000_000

_EXCHANGE_BY_PERCENT = np.repeat(np.arange(len(EXCHANGE_SHARES)), EXCHANGE_SHARES).astype(np.int16)

_FOLLOWS_TREND = 0.25
"""A buyer takes the ask more often after the price rose, by this much over one half."""

_SWEEP_GAP_NS, _FOLLOWER_GAP_NS = 40 * _MICRO, 350 * _MILLI
_SWEPT_SHARE, _MARKED_SHARE = 0.7, 0.6
_THROUGH_AFTER, _THROUGH_SHARE = 3, 0.4
"""From the fourth print of a burst on, some go one tick through the quote."""

_LOT = 100
_ODD_SHARE, _ODD_SHARE_OF_DEAR, _DEAR = 0.32, 0.3, 400e6
_ONE_LOT, _FEW_LOTS, _MIXED = 0.78, 0.93, 0.97
"""Cumulated shares of sizes: up to one lot, up to five, any number up to 800; the rest: blocks."""
_LARGEST_BLOCK_LOTS = 500

_MIDPOINT, _IMPROVED = 0.45, 0.65
"""Cumulated shares of off-exchange prints at the midpoint and a little inside the quote."""
_IMPROVEMENT_STEP, _IMPROVEMENT_STEPS = 100, 40

_LATE, _SLOW = 1e-3, 4e-3
"""Cumulated shares of off-exchange prints that come after more than 5 s (and say so), and 0.2 s."""

_NEGOTIATED_SHARE, _NEGOTIATED_RANGE = 0.006, 0.02
_NEGOTIATED = np.repeat(np.array([DERIVATIVE, AVERAGE, CONTINGENT], np.int16), [7, 2, 1])

_REVERSED_SHARE, _CORRECTED_SHARE, _SOON_SHARE = 5e-5, 0.5, 0.5
_OPENING_SHARE, _REOPENING_SHARE, _CLOSING_SHARE = 0.012, 0.006, 0.07
"""Volume of an auction over the day's."""


@compiled
def prints_until(
    until: int,
    first: int,
    walkers: NDArray[Any],
    day: Tables,
    walk_chance: _Chance,
    chance: _Chance,
    out: NDArray[Any],
) -> tuple[int, int]:
    """Write the prints of all events before ``until``, symbol by symbol from ``first`` on.

    Returns
    -------
    next, rows : int
        The symbol to go on with, ``len(walkers)`` when all are done; rows written to ``out``.
    """
    rows = 0
    for i in range(first, len(walkers)):
        x = walkers[i]
        while next_event(x) < until:
            if rows + _ROWS_PER_EVENT > len(out):
                return i, rows
            step(x, day, walk_chance)
            if x.event == BURST:
                rows = _burst(x, day, chance, out, rows)
            else:
                rows = _auction(x, chance, out, rows)
    return len(walkers), rows


@inlined
def _burst(x: Walker, day: Tables, chance: _Chance, out: NDArray[Any], rows: int) -> int:
    """Write one burst: a sweep through the venues, and those who follow it."""
    is_buy = chance.random() < 0.5 + _FOLLOWS_TREND * x.rose
    ts = x.now
    for k in range(x.burst):
        is_swept = k == 0 or chance.random() < _SWEPT_SHARE
        if k > 0:
            gap = _SWEEP_GAP_NS if is_swept else _FOLLOWER_GAP_NS
            ts = _trading_time(x, day, ts + int(chance.standard_exponential() * gap))
        row = out[rows]
        rows += 1
        row.ts_event = ts
        row.symbol = x.symbol
        row.exchange = _EXCHANGE_BY_PERCENT[int(chance.random() * 100)]
        row.size = _size(x, chance)
        row.condition = 0
        if ts < day.open_ns or ts >= day.close_ns:
            row.condition |= EXTENDED
        if row.size < _LOT:
            row.condition |= ODD_LOT
        if row.exchange == OFF_EXCHANGE:
            _off_exchange(row, x, chance, is_buy)
        else:
            row.price = x.ask if is_buy else x.bid
            if k >= _THROUGH_AFTER and chance.random() < _THROUGH_SHARE:
                row.price += tick_of(x.bid) if is_buy else -tick_of(x.bid)
            if x.burst > 1 and is_swept and chance.random() < _MARKED_SHARE:
                row.condition |= SWEEP
            row.ts_init = ts + _line_delay(chance)
        row.price = max(row.price, tick_of(x.bid))
        x.trade_id += 1
        row.trade_id = x.trade_id
        if chance.random() < _REVERSED_SHARE:
            rows = _take_back(row, x, chance, out, rows)
    return rows


@inlined
def _trading_time(x: Walker, day: Tables, ts: int) -> int:
    """Return the time, or the last moment before it at which the symbol trades."""
    if x.halted_from <= ts < x.reopens_at:
        return x.halted_from - 1
    return min(ts, day.end_ns - 1)


@inlined
def _size(x: Walker, chance: _Chance) -> int:
    """Return a size in shares: odd lots, hundreds, some blocks; dear stocks trade smaller."""
    kind = chance.random()
    draw = chance.random()
    if kind < _ODD_SHARE + _ODD_SHARE_OF_DEAR * min(x.bid / _DEAR, 1.0):
        return 1 + int((_LOT - 1) * draw * draw)
    if kind < _ONE_LOT:
        return _LOT
    if kind < _FEW_LOTS:
        return _LOT * (2 + int(4.0 * draw))
    if kind < _MIXED:
        return _LOT + 1 + int(7.0 * _LOT * draw)
    return _LOT * min(int(6.0 / (1.0 - draw) ** 0.7), _LARGEST_BLOCK_LOTS)


@inlined
def _off_exchange(row: _Print, x: Walker, chance: _Chance, is_buy: bool) -> None:  # noqa: FBT001
    """Price and time a print of a trade reporting facility: midpoints, improvements, stragglers."""
    draw = chance.random()
    tick = tick_of(x.bid)
    row.price = x.ask if is_buy else x.bid
    if draw < _MIDPOINT:
        row.price = (x.bid + x.ask) // 2
    elif draw < _IMPROVED and tick > _IMPROVEMENT_STEP:
        improved = _IMPROVEMENT_STEP * (1 + int(_IMPROVEMENT_STEPS * chance.random()))
        row.price += -improved if is_buy else improved
    draw = chance.random()
    if draw < _LATE:
        row.condition |= LATE
        row.ts_init = row.ts_event + 5 * _SECOND + _wait(chance, 20 * _SECOND, 300 * _SECOND)
    elif draw < _SLOW:
        row.ts_init = row.ts_event + 200 * _MILLI + _wait(chance, 700 * _MILLI, 4 * _SECOND)
    else:
        row.ts_init = row.ts_event + 600 * _MICRO + _wait(chance, 3 * _MILLI, 100 * _MILLI)
        if draw > 1.0 - _NEGOTIATED_SHARE:
            _negotiate(row, x, chance)


@inlined
def _negotiate(row: _Print, x: Walker, chance: _Chance) -> None:
    """Make a print one whose price was agreed elsewhere, up to a percent off the market."""
    row.condition |= _NEGOTIATED[int(chance.random() * len(_NEGOTIATED))]
    away = _NEGOTIATED_RANGE * (chance.random() - 0.5)
    row.price = int((x.bid + x.ask) // 2 * (1.0 + away)) // 100 * 100


@inlined
def _auction(x: Walker, chance: _Chance, out: NDArray[Any], rows: int) -> int:
    """Write an auction's print and, of opening and close, the official one that repeats it."""
    share, condition, official = _REOPENING_SHARE, REOPENING, 0
    if x.event == OPENING_AUCTION:
        share, condition, official = _OPENING_SHARE, OPENING, OFFICIAL_OPEN
    elif x.event == CLOSING_AUCTION:
        share, condition, official = _CLOSING_SHARE, CLOSING, OFFICIAL_CLOSE
    row = out[rows]
    rows += 1
    tick = tick_of(x.bid)
    row.ts_event = x.now
    row.ts_init = x.now + _line_delay(chance)
    row.price = (x.bid + x.ask) // 2 // tick * tick
    row.symbol = x.symbol
    row.size = _LOT + int(share * x.day_shares * (0.5 + chance.random()))
    row.exchange = x.primary
    row.condition = condition
    x.trade_id += 1
    row.trade_id = x.trade_id
    if official:
        out[rows] = row
        copy = out[rows]
        rows += 1
        copy.ts_init += 50 * _MICRO
        copy.condition = official
        x.trade_id += 1
        copy.trade_id = x.trade_id
    return rows


@inlined
def _take_back(row: _Print, x: Walker, chance: _Chance, out: NDArray[Any], rows: int) -> int:
    """Cancel a print, half of the time within seconds, and replace every second one."""
    mean = 2 * _SECOND if chance.random() < _SOON_SHARE else 300 * _SECOND
    out[rows] = row
    reversal = out[rows]
    rows += 1
    reversal.condition |= REVERSAL
    reversal.ts_init += _MILLI + _wait(chance, mean, 1_800 * _SECOND)
    if chance.random() < _CORRECTED_SHARE:
        out[rows] = row
        corrected = out[rows]
        rows += 1
        corrected.ts_init = reversal.ts_init
        corrected.price += tick_of(x.bid)
        x.trade_id += 1
        corrected.trade_id = x.trade_id
    return rows


@inlined
def _line_delay(chance: _Chance) -> int:
    return 150 * _MICRO + _wait(chance, 200 * _MICRO, 20 * _MILLI)


@inlined
def _wait(chance: _Chance, mean_ns: int, most_ns: int) -> int:
    return min(int(chance.standard_exponential() * mean_ns), most_ns)
