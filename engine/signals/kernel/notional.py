# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportReturnType=false, reportOperatorIssue=false
# (numba infers its own types; pyright sees numpy's scalars)
"""Sums of price × size: exact in two words, beyond what one int64 can hold.

A price in 1e-6 USD times a size in 1e-6 share is 1e-12 USD, of which an int64 holds 9.2 million
dollars. So a notional is a number of 128 bits: a low word (uint64) and a high word, which counts
2^64 of 1e-12 USD, 18.4 million dollars. An int32 of them holds 4e16 USD.
"""

from __future__ import annotations

import numpy as np

from engine.domain.fixed_point import PRICE_SCALE
from engine.signals.kernel.compiled import inlined

_BITS = np.uint64(24)
_LOW_BITS = np.uint64((1 << 24) - 1)
_CARRIED_BITS = np.uint64(64 - 24)
"""A size is multiplied in two parts: no print's value (``MAX_NOTIONAL``) overflows either."""

_PICO_IN_MICRO = 1_000_000
_MICRO_IN_HIGH, _PICO_OVER = divmod(1 << 64, _PICO_IN_MICRO)
_MOST_HIGH = 450_000
"""High words of which an int64 holds the 1e-6 USD: 8.3e12 USD."""

_USD_IN_HIGH = float(1 << 64) * 1e-12


@inlined
def notional_of(price: int, size: int) -> tuple[int, int]:
    """Return price × size as a high and a low word."""
    fixed, units = np.uint64(price), np.uint64(size)
    high = fixed * (units >> _BITS)
    low = fixed * (units & _LOW_BITS)
    total = (high << _BITS) + low
    return np.int64(high >> _CARRIED_BITS) + np.int64(total < low), total


@inlined
def added(high: int, low: int, more_high: int, more_low: int) -> tuple[int, int]:
    """Return the sum of two notionals."""
    total = low + more_low
    return high + more_high + np.int64(total < more_low), total


@inlined
def less(high: int, low: int, other_high: int, other_low: int) -> tuple[int, int]:
    """Return the difference of two notionals, the first the larger."""
    return high - other_high - np.int64(low < other_low), low - other_low


@inlined
def micro_usd(high: int, low: int) -> float:
    """Return a notional in 1e-6 USD: the float nearest to it where it is a whole number of them."""
    if high == 0:  # as most are, and this is asked after every bucket
        micro = low // np.uint64(_PICO_IN_MICRO)
        pico = low - micro * np.uint64(_PICO_IN_MICRO)
        return np.float64(np.int64(micro)) + np.float64(np.int64(pico)) * 1e-6
    if high > _MOST_HIGH:
        return high * (_USD_IN_HIGH * PRICE_SCALE) + np.float64(low) / _PICO_IN_MICRO
    whole = np.int64(low // np.uint64(_PICO_IN_MICRO))
    rest = np.int64(low - np.uint64(whole) * np.uint64(_PICO_IN_MICRO)) + high * _PICO_OVER
    over = rest // _PICO_IN_MICRO
    return whole + high * _MICRO_IN_HIGH + over + (rest - over * _PICO_IN_MICRO) * 1e-6


@inlined
def usd(high: int, low: int) -> float:
    """Return a notional in USD."""
    return micro_usd(high, low) * (1.0 / PRICE_SCALE)
