"""The compiled walk of one symbol from event to event: when, and at what quote.

An event is a burst of ordinary prints or an auction. Prints and quotes are both dressed from it
(``prints``, ``quotes``), each with chance of its own, so either can be made without the other.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from catalog.synth.intraday import SLOT_NS

compiled = njit(nogil=True, cache=True)
inlined = njit(nogil=True, cache=True, forceinline=True)

BURST, OPENING_AUCTION, REOPENING_AUCTION, CLOSING_AUCTION = range(4)
"""``event`` of a walker."""

NEVER = np.iinfo(np.int64).max

type Walker = Any
"""One record of dtype ``WALKER``."""

WALKER = np.dtype(
    [
        ("symbol", "i4"),
        ("primary", "i4"),
        ("row", "i8"),
        ("volatility", "f8"),
        ("beta", "f8"),
        ("spread_bps", "f8"),
        ("day_shares", "f8"),
        ("halted_from", "i8"),
        ("reopens_at", "i8"),
        ("closes_at", "i8"),
        ("next_auction", "i8"),
        ("auction", "i8"),
        ("prints_left", "i8"),
        ("slot", "i8"),
        ("used", "f8"),
        ("next_burst", "i8"),
        ("log_price", "f8"),
        ("activity", "f8"),
        ("event", "i8"),
        ("now", "i8"),
        ("burst", "i8"),
        ("bid", "i8"),
        ("ask", "i8"),
        ("rose", "i8"),
        ("trade_id", "i8"),
    ],
    align=True,
)
"""Traits and state of one symbol.

Times are UTC ns, ``NEVER`` for one that does not come; prices are 1e-6 USD. ``primary`` is the
listing exchange, ``day_shares`` a guess at the day's volume, ``used`` the share of the symbol's
prints before its next burst, ``slot`` the slot of that burst, ``rose`` whether the last event moved
the price up (1), down (-1) or not at all (0).
"""


class Tables(NamedTuple):
    """The day's tables as the compiled walk takes them: see ``Intraday`` and ``Courses``."""

    start_ns: int
    open_ns: int
    close_ns: int
    end_ns: int
    activity: NDArray[np.float64]
    market: NDArray[np.float64]
    rate: NDArray[np.float64]
    path: NDArray[np.float64]


_GOES_ON = 0.4
_MAX_BURST = 12
_MEAN_BURST = 1.0 / (1.0 - _GOES_ON)

_DOLLAR, _PENNY, _SUB_PENNY = 1_000_000, 10_000, 100
_WIDER_OUTSIDE_SESSION = 4.0


@inlined
def next_event(x: Walker) -> int:
    """Return the time of a walker's next event."""
    return min(x.next_burst, x.next_auction)


@inlined
def tick_of(price: float) -> int:
    """Return the tick at a price: a penny from one dollar up, a hundredth below (rule 612)."""
    return _PENNY if price >= _DOLLAR else _SUB_PENNY


@compiled
def draw_burst(x: Walker, day: Tables, chance: np.random.Generator) -> None:
    """Draw the time of the next burst, so that all prints left are used up by the end."""
    if x.prints_left == 0:
        x.next_burst = NEVER
        return
    bursts_left = max(x.prints_left / _MEAN_BURST, 1.0)
    x.used += (1.0 - x.used) * -math.expm1(-chance.standard_exponential() / bursts_left)
    rate = day.rate[x.row]
    slot = x.slot
    while slot < len(rate) - 2 and rate[slot + 1] <= x.used:
        slot += 1
    x.slot = slot
    within = 0.0
    if rate[slot + 1] > rate[slot]:
        within = min((x.used - rate[slot]) / (rate[slot + 1] - rate[slot]), 1.0)
    x.next_burst = min(day.start_ns + slot * SLOT_NS + int(within * SLOT_NS), day.end_ns - 1)


@compiled
def step(x: Walker, day: Tables, chance: np.random.Generator) -> None:
    """Move a walker to its next event and price it; ``burst`` is the number of its prints."""
    x.now = next_event(x)
    _price(x, day, chance)
    if x.next_auction <= x.next_burst:
        x.event = x.auction
        x.burst = 0
        if x.auction == CLOSING_AUCTION:
            x.next_auction = NEVER
        elif x.auction == OPENING_AUCTION and x.reopens_at != NEVER:
            x.auction, x.next_auction = REOPENING_AUCTION, x.reopens_at
        else:
            x.auction, x.next_auction = CLOSING_AUCTION, x.closes_at
    else:
        x.event = BURST
        burst = 1
        while burst < _MAX_BURST and chance.random() < _GOES_ON:
            burst += 1
        x.burst = min(burst, x.prints_left)
        x.prints_left -= x.burst
        draw_burst(x, day, chance)


@inlined
def _price(x: Walker, day: Tables, chance: np.random.Generator) -> None:
    """Set bid and ask: the symbol's own wandering, the market's, and what is planted."""
    since = x.now - day.start_ns
    slot = min(since // SLOT_NS, len(day.activity) - 2)
    part = (since - slot * SLOT_NS) / SLOT_NS
    activity = _between(day.activity, slot, part)
    spent = max(activity - x.activity, 0.0)
    x.activity = activity
    x.log_price += x.volatility * math.sqrt(spent) * chance.standard_normal()
    planted = _between(day.path[x.row], slot, part)
    level = _DOLLAR * math.exp(x.log_price + x.beta * _between(day.market, slot, part) + planted)
    tick = tick_of(level)
    spread_bps = x.spread_bps * (0.7 + 0.6 * chance.random())
    if x.now < day.open_ns or x.now >= day.close_ns:
        spread_bps *= _WIDER_OUTSIDE_SESSION
    ticks = max(int(level * spread_bps * 1e-4 / tick + 0.5), 1)
    bid = max(int(level / tick - 0.5 * ticks + 0.5), 1) * tick
    x.rose = (bid > x.bid) - (bid < x.bid)
    x.bid = bid
    x.ask = bid + ticks * tick


@inlined
def _between(table: NDArray[np.float64], slot: int, part: float) -> float:
    return table[slot] + part * (table[slot + 1] - table[slot])
