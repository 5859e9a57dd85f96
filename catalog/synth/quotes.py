"""The compiled dressing of events as quotes: the best bid and offer around them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.synth.codes import EXCHANGES, OFF_EXCHANGE
from catalog.synth.walk import (
    BURST,
    CLOSING_AUCTION,
    Tables,
    Walker,
    compiled,
    inlined,
    next_event,
    step,
    tick_of,
)

QUOTE = np.dtype(
    [
        ("ts_event", "i8"),
        ("ts_init", "i8"),
        ("bid", "i8"),
        ("ask", "i8"),
        ("symbol", "i4"),
        ("bid_size", "i4"),
        ("ask_size", "i4"),
        ("exchange", "i2"),
    ],
    align=True,
)
"""One best bid and offer: prices 1e-6 USD, sizes shares, symbol by position in the letter."""

type _Chance = np.random.Generator

_ROWS_PER_EVENT = 4
_MICRO, _SECOND = 1_000, 1_000_000_000
_AHEAD_NS, _DELAY_NS, _DELAY_SPREAD_NS = 100 * _MICRO, 120 * _MICRO, 80 * _MICRO
_REFRESHES = (0.75, 0.3, 0.15)
"""Chance of a first, second and third new quote before the next burst."""
_REFRESHED_WITHIN_NS = 2 * _SECOND
_ONE_TICK_WIDER = 0.2
_TOP_SHARES, _TOP_NOTIONAL = 250.0, 14_000e6
"""Usual size at the top: so many shares and dollars (1e-6 USD)."""


@compiled
def quotes_until(
    until: int,
    first: int,
    walkers: NDArray[Any],
    day: Tables,
    walk_chance: _Chance,
    chance: _Chance,
    out: NDArray[Any],
) -> tuple[int, int]:
    """Write the quotes around all events before ``until``; arguments as ``prints_until``."""
    rows = 0
    for i in range(first, len(walkers)):
        x = walkers[i]
        while next_event(x) < until:
            if rows + _ROWS_PER_EVENT > len(out):
                return i, rows
            step(x, day, walk_chance)
            if x.event == CLOSING_AUCTION:
                continue
            ahead = int(chance.random() * _AHEAD_NS) if x.event == BURST else 0
            _write(x, x.now - ahead, 0, chance, out[rows])
            rows += 1
            room = min(x.next_burst, day.end_ns) - x.now
            if x.now < x.halted_from:
                room = min(room, x.halted_from - x.now)
            for again in _REFRESHES:
                if chance.random() > again:
                    break
                later = x.now + int(chance.random() * min(room, _REFRESHED_WITHIN_NS))
                wider = tick_of(x.bid) if chance.random() < _ONE_TICK_WIDER else 0
                _write(x, later, wider, chance, out[rows])
                rows += 1
    return len(walkers), rows


@inlined
def _write(x: Walker, ts: int, wider: int, chance: _Chance, row: Any) -> None:
    row.ts_event = ts
    row.ts_init = ts + _DELAY_NS + int(chance.random() * _DELAY_SPREAD_NS)
    row.bid = x.bid
    row.ask = x.ask + wider
    lots = 0.01 * (_TOP_SHARES + _TOP_NOTIONAL / x.bid)
    row.bid_size = 100 * (1 + int(chance.standard_exponential() * lots))
    row.ask_size = 100 * (1 + int(chance.standard_exponential() * lots))
    row.symbol = x.symbol
    row.exchange = OFF_EXCHANGE + 1 + int(chance.random() * (len(EXCHANGES) - 1))
