"""Which way the market as a whole pulls, from the breadth of one bucket."""

from __future__ import annotations

from math import isnan
from statistics import fmean

from engine.domain.candidate import Breadth

FUTURES_PROXIES = ("SPY", "QQQ")
"""The ETFs that stand for the ES and NQ futures where no source of futures is connected."""

_FULL_PULL_AC_Z = 4.0


def market_gravity(breadth: Breadth) -> float | None:
    """Return the gravity in [-1, 1], or None while no symbol or no index ETF has a reading.

    Half of it is the share of live symbols with ``ao > 0`` less the share with ``ao < 0``, half
    the mean pull of the index ETFs that have a reading.
    """
    pull = _pull(breadth, tuple(reading.symbol for reading in breadth.indices))
    if pull is None or breadth.live == 0:
        return None
    return 0.5 * (breadth.rising - breadth.falling) / breadth.live + 0.5 * pull


def futures_trend_proxy(breadth: Breadth) -> float | None:
    """Return the mean pull of ``FUTURES_PROXIES`` in [-1, 1]; None until both have a reading."""
    known = {reading.symbol for reading in breadth.indices if not isnan(reading.ac_z)}
    return _pull(breadth, FUTURES_PROXIES) if known.issuperset(FUTURES_PROXIES) else None


def _pull(breadth: Breadth, symbols: tuple[str, ...]) -> float | None:
    """Return the mean of ``ac_z / 4``, clipped to [-1, 1], over the symbols that have a reading."""
    pulls = [
        max(-1.0, min(1.0, reading.ac_z / _FULL_PULL_AC_Z))
        for reading in breadth.indices
        if reading.symbol in symbols and not isnan(reading.ac_z)
    ]
    return fmean(pulls) if pulls else None
