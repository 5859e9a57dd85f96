"""Planted accelerations: where, how much, what comes after, and their paths.

A price that speeds up for one to three minutes while volume swells, as ao and ac look for; then it
runs on, turns back or stands still, so that a backtest meets targets, stops and time stops.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from catalog.synth.intraday import SLOT_NS, Intraday
from catalog.synth.listings import Listings
from catalog.synth.recipe import Recipe, Stream
from catalog.synth.tickers import INDEX_ETFS
from engine.domain.session import NANOS_PER_SECOND


class Outcome(StrEnum):
    """What the price does after it has accelerated."""

    FOLLOWED = "followed"
    FAILED = "failed"
    STALLED = "stalled"


class Acceleration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One planted acceleration.

    Attributes
    ----------
    direction : int
        1 up, -1 down.
    start_ns, peak_ns : int
        The price speeds up from ``start_ns`` and moves fastest at ``peak_ns``; UTC ns.
    magnitude_pct : float
        Move from start to peak, percent of price, without sign.
    surge : float
        Rate of prints at the peak over the usual rate.
    prints : int
        Prints added to the usual ones.
    outcome : Outcome
        What comes after; ``aftermath_pct`` is the further move, in the same direction if positive.
    """

    symbol: str
    direction: int
    start_ns: int
    peak_ns: int
    magnitude_pct: float
    surge: float
    prints: int
    outcome: Outcome
    aftermath_pct: float


_FIRST_AFTER_OPEN_NS = 20 * 60 * NANOS_PER_SECOND
_LAST_BEFORE_CLOSE_NS = 33 * 60 * NANOS_PER_SECOND
_LATE_SHARE = 0.1
_LATE_BEFORE_CLOSE_SECS = (31 * 60, 34 * 60)
"""A tenth peaks just before entries end, half an hour before the close, and then stands still."""

_DOWN_SHARE = 0.25
_OUTCOMES = (*4 * [Outcome.FOLLOWED], *4 * [Outcome.FAILED], *2 * [Outcome.STALLED])
"""Dealt out to those that are not late, in equal shares whatever their number."""

_DURATION_SLOTS = (14, 30)
_STEEPNESS = 2.6
"""The move grows as this power of time, so that its acceleration itself still grows."""

_SURGE = (8.0, 14.0)
_SURGE_STEEPNESS = 2.0
_SURGE_FADES_SLOTS = 14.0
_MIN_SHARES, _MIN_NOTIONAL = 220_000.0, 2_200_000.0
_MEAN_PRINT_SHARES = 190.0
"""An acceleration adds prints until it trades at least so many shares and dollars."""

_LARGEST_SHARE_OF_DAY = 0.25
_MIN_PRINTS, _MAX_PRINTS = 1_500, 250_000
_MIN_PRICE, _MAX_PRICE = 8.0, 300.0
_MAX_VOLATILITY, _MAX_SPREAD_BPS = 0.03, 15.0


def plan_accelerations(recipe: Recipe, day: Intraday, listed: Listings) -> list[Acceleration]:
    """Return the accelerations of a day, by time; at most one a symbol."""
    chance = recipe.chance(Stream.ACCELERATIONS)
    usual_prints = recipe.trades * listed.share
    able = chance.permutation(np.flatnonzero(_can_carry(listed, usual_prints)))
    moments = _moments(chance, day, min(recipe.accelerations, len(able)))
    budget = _LARGEST_SHARE_OF_DAY * recipe.trades
    planned: list[Acceleration] = []
    for symbol, (peak, outcome) in zip(able, moments, strict=False):
        made = _acceleration(
            chance,
            day,
            peak=peak,
            symbol=listed.symbols[symbol],
            price=float(listed.price[symbol]),
            usual_prints=float(usual_prints[symbol]),
            outcome=outcome,
        )
        budget -= made.prints
        if budget >= 0:
            planned.append(made)
    return sorted(planned, key=lambda made: (made.start_ns, made.symbol))


def price_path(made: Acceleration, day: Intraday) -> NDArray[np.float64]:
    """Return what an acceleration adds to the logarithm of the price at each slot edge."""
    slots, duration = _slots(made, day)
    size = made.magnitude_pct / 100
    speed = _STEEPNESS * size / duration
    up = size * (slots.clip(0, duration) / duration) ** _STEEPNESS
    after = (slots - duration).clip(0)
    further = made.aftermath_pct / 100
    match made.outcome:
        case Outcome.FOLLOWED:
            fades = further / speed
            on = further * -np.expm1(-after / fades)
        case Outcome.FAILED | Outcome.STALLED:
            fades = 2.0
            overshoot = speed * fades
            turn = 60.0 if made.outcome is Outcome.FAILED else 120.0
            eased = 0.5 - 0.5 * np.cos(np.pi * (after / turn).clip(0, 1))
            on = overshoot * -np.expm1(-after / fades) + (further - overshoot) * eased
    return made.direction * (up + on)


def surge_shape(made: Acceleration, day: Intraday) -> NDArray[np.float64]:
    """Return the share of an acceleration's prints in each slot, summing to 1."""
    edges, duration = _slots(made, day)
    slots = edges[:-1] + 0.5
    rising = (slots.clip(0, duration) / duration) ** _SURGE_STEEPNESS
    fading = np.exp(-(slots - duration).clip(0) / _SURGE_FADES_SLOTS)
    shape = rising * fading * (slots * SLOT_NS + made.start_ns < day.close_ns)
    return shape / shape.sum()


def _can_carry(listed: Listings, usual_prints: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (
        (usual_prints >= _MIN_PRINTS)
        & (usual_prints <= _MAX_PRINTS)
        & (listed.price >= _MIN_PRICE)
        & (listed.price <= _MAX_PRICE)
        & (listed.volatility <= _MAX_VOLATILITY)
        & (listed.spread_bps <= _MAX_SPREAD_BPS)
        & ~np.isin(listed.symbols, INDEX_ETFS)
    )


def _moments(chance: np.random.Generator, day: Intraday, n: int) -> list[tuple[int, Outcome]]:
    """Return the slots at which ``n`` accelerations peak, and what follows, in no order."""
    n_late = round(n * _LATE_SHARE)
    n_early = n - n_late
    first = day.slot(day.open_ns + _FIRST_AFTER_OPEN_NS)
    last = day.slot(day.close_ns - _LAST_BEFORE_CLOSE_NS)
    spread = first + (last - first) * (np.arange(n_early) + chance.random(n_early)) / max(
        n_early, 1
    )
    secs = chance.integers(*_LATE_BEFORE_CLOSE_SECS, n_late)
    late = day.slot(day.close_ns) - secs * NANOS_PER_SECOND // SLOT_NS
    dealt = [_OUTCOMES[k % len(_OUTCOMES)] for k in chance.permutation(n_early)]
    peaks = [*spread.astype(np.int64).tolist(), *late.tolist()]
    moments = list(zip(peaks, [*dealt, *n_late * [Outcome.STALLED]], strict=True))
    return [moments[k] for k in chance.permutation(n)]


def _acceleration(
    chance: np.random.Generator,
    day: Intraday,
    *,
    peak: int,
    symbol: str,
    price: float,
    usual_prints: float,
    outcome: Outcome,
) -> Acceleration:
    duration = int(chance.integers(*_DURATION_SLOTS))
    draw = chance.random()
    match outcome:
        case Outcome.FOLLOWED:
            magnitude, aftermath = 1.3 + 1.5 * draw, chance.uniform(3.5, 5.0)
        case Outcome.FAILED:
            magnitude, aftermath = 1.2 + 1.3 * draw, -chance.uniform(3.5, 5.0)
        case Outcome.STALLED:
            magnitude, aftermath = 1.2 + 0.8 * draw, 0.0
    start = peak - duration
    usual = usual_prints * (day.activity[peak] - day.activity[start]) / duration
    surge = chance.uniform(*_SURGE)
    surging_slots = duration / (1 + _SURGE_STEEPNESS) + _SURGE_FADES_SLOTS
    shares = max(_MIN_SHARES, _MIN_NOTIONAL / price)
    prints = max((surge - 1) * usual * surging_slots, shares / _MEAN_PRINT_SHARES)
    return Acceleration(
        symbol=symbol,
        direction=-1 if chance.random() < _DOWN_SHARE else 1,
        start_ns=day.start_ns + start * SLOT_NS,
        peak_ns=day.start_ns + peak * SLOT_NS,
        magnitude_pct=round(float(magnitude), 3),
        surge=round(float(1 + prints / surging_slots / usual), 2),
        prints=int(prints),
        outcome=outcome,
        aftermath_pct=round(float(aftermath), 3),
    )


def _slots(made: Acceleration, day: Intraday) -> tuple[NDArray[np.float64], int]:
    """Return each slot edge's distance from the start, and that of the peak."""
    start = day.slot(made.start_ns)
    return np.arange(day.n_slots + 1, dtype=np.float64) - start, day.slot(made.peak_ns) - start
