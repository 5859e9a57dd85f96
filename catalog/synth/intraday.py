"""The day's clock: when the market trades much or little, and how it drifts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.synth.recipe import Recipe, Stream
from engine.domain.session import NANOS_PER_SECOND, Session

SLOT_NS = 5 * NANOS_PER_SECOND
"""Step of every table over the day; between its edges they are interpolated."""

_AFTER_HOURS_NS = 4 * 3600 * NANOS_PER_SECOND
_PRE_MARKET_SHARE, _AFTER_HOURS_SHARE = 0.02, 0.02

_MARKET_DAY_VOLATILITY = 0.007
_WAVES = ((2.2, 0.0020), (4.7, 0.0012), (9.5, 0.0006))
"""Slow swings of the market: cycles over the session, and their height as a share of price."""


@dataclass(frozen=True, slots=True, eq=False)
class Intraday:
    """Tables over the edges of the day's 5-second slots, 04:00 to four hours after the close.

    Attributes
    ----------
    start_ns, open_ns, close_ns, end_ns : int
        Bounds of pre-market, session and after-hours trading, UTC ns.
    activity : float64 array, shape (n_slots + 1,)
        Share of the day's prints before each edge, from 0 to 1: the U-shape, cumulated.
    market : float64 array, shape (n_slots + 1,)
        Logarithm of the market's price over its price at the start.
    """

    start_ns: int
    open_ns: int
    close_ns: int
    end_ns: int
    activity: NDArray[np.float64]
    market: NDArray[np.float64]

    @property
    def n_slots(self) -> int:
        """Number of slots."""
        return len(self.activity) - 1

    def slot(self, ts: int) -> int:
        """Return the slot that holds an instant."""
        return (ts - self.start_ns) // SLOT_NS


def intraday(recipe: Recipe, hours: Session) -> Intraday:
    """Return the tables of a day; holidays and half days are in ``hours``."""
    end_ns = hours.close_ns + _AFTER_HOURS_NS
    edges = np.arange(hours.pre_market_ns, end_ns + 1, SLOT_NS)
    middle = edges[:-1] + SLOT_NS // 2
    activity = np.concatenate([[0.0], np.cumsum(_rates(middle, hours))])
    activity /= activity[-1]
    market = _drift(recipe.chance(Stream.MARKET), edges, activity, hours)
    return Intraday(hours.pre_market_ns, hours.open_ns, hours.close_ns, end_ns, activity, market)


def _rates(ts: NDArray[np.int64], hours: Session) -> NDArray[np.float64]:
    """Return the share of prints in each slot: U-shaped in the session, thin around it."""
    before, after = ts < hours.open_ns, ts >= hours.close_ns
    inside = ~(before | after)
    since_open = (ts - hours.open_ns) / (hours.close_ns - hours.open_ns)
    rates = np.zeros(len(ts))
    x = since_open[inside]
    rates[inside] = 0.55 + 1.8 * np.exp(-x / 0.05) + 1.2 * (2 * x - 1) ** 4 + np.exp((x - 1) / 0.02)
    rates[before] = np.exp(5.0 * (ts[before] - hours.open_ns) / (hours.open_ns - ts[0]))
    rates[after] = np.exp(-6.0 * (ts[after] - hours.close_ns) / _AFTER_HOURS_NS)
    shares = ((before, _PRE_MARKET_SHARE), (after, _AFTER_HOURS_SHARE))
    for part, share in shares:
        rates[part] *= share / rates[part].sum()
    rates[inside] *= (1 - _PRE_MARKET_SHARE - _AFTER_HOURS_SHARE) / rates[inside].sum()
    return rates


def _drift(
    chance: np.random.Generator,
    edges: NDArray[np.int64],
    activity: NDArray[np.float64],
    hours: Session,
) -> NDArray[np.float64]:
    steps = chance.standard_normal(len(edges) - 1) * np.sqrt(np.diff(activity))
    wandering = _MARKET_DAY_VOLATILITY * np.concatenate([[0.0], np.cumsum(steps)])
    since_open = (edges - hours.open_ns) / (hours.close_ns - hours.open_ns)
    waves = sum(
        height * np.sin(2 * np.pi * (cycles * since_open + chance.random()))
        for cycles, height in _WAVES
    )
    return wandering + waves
