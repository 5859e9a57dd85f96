"""Prices and sizes as fixed-point integers, exact from the file to the order."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

PRICE_SCALE = 1_000_000
"""Units of a fixed-point price in one USD; one unit is 1e-6 USD."""

MAX_PRICE = 1_000_000 * PRICE_SCALE
"""Largest price the engine accepts (1,000,000 USD); keeps every window sum inside int64."""

SIZE_SCALE = 1_000_000
"""Units of a print's fixed-point size in one share; one unit is 1e-6 share."""

LAST_PLACE = 2.5e-16
"""By how much of itself a float may be off and still be taken for the size that is nearest."""

MAX_SIZE = 1_000_000_000
"""Largest size of one print or quote in shares; sums of 1e-6 share hold 9,223 such prints."""

MAX_NOTIONAL = 100_000_000_000 * PRICE_SCALE
"""Largest value of one print (100 bn USD), 1e-6 USD; sums of it have two words, see
``engine.signals.kernel.notional``."""

type Shares = int | Decimal
"""Shares as they are told: an int where they are whole, else exact with six decimals."""


def fixed_prices(prices: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return prices in USD as fixed point, rounded to the nearest 1e-6 USD.

    The caller has refused NaN, infinities and prices beyond ``MAX_PRICE``.
    """
    return np.rint(prices * PRICE_SCALE).astype(np.int64)


def float_prices(prices: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return fixed-point prices as USD."""
    return prices / PRICE_SCALE


def fixed_sizes(sizes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return sizes in shares as fixed point, rounded to the nearest 1e-6 share.

    Up to ``MAX_SIZE`` no two multiples of 1e-6 share are one float, so what ``is_exact_size`` comes
    out as it was written.
    """
    return np.rint(sizes * SIZE_SCALE).astype(np.int64)


def is_exact_size(sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which sizes in shares are numbers with six decimals at most, shape (n,).

    A float may be off in its last place, as it is after a sum or another library's conversion.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs(np.rint(sizes * SIZE_SCALE) / SIZE_SCALE - sizes)
        return np.isfinite(sizes) & (off <= LAST_PLACE * np.abs(sizes))


def float_sizes(sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return fixed-point sizes as shares; ``fixed_sizes`` gives back the same."""
    return sizes / SIZE_SCALE


def whole_sizes(shares: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return whole shares as fixed-point sizes."""
    return shares.astype(np.int64) * SIZE_SCALE


def exact_shares(size: int) -> Shares:
    """Return one fixed-point size or sum of sizes as shares."""
    whole, rest = divmod(int(size), SIZE_SCALE)
    return Decimal(int(size)).scaleb(-6) if rest else whole


def fixed_shares(shares: Shares) -> int:
    """Return shares as one fixed-point size; ``exact_shares`` gives back the same."""
    return int(shares * SIZE_SCALE)


def json_shares(size: int) -> float:
    """Return one fixed-point size as a number of shares, an int where it is whole."""
    whole, rest = divmod(int(size), SIZE_SCALE)
    return size / SIZE_SCALE if rest else whole


def decimal_price(price: int) -> Decimal:
    """Return one fixed-point price as exact USD with six decimals."""
    return Decimal(int(price)).scaleb(-6)


def plain(shares: Decimal) -> Decimal:
    """Return shares without trailing zeros and without an exponent: 100, not 100.00 nor 1E+2."""
    whole = int(shares)
    return Decimal(whole) if whole == shares else shares.normalize()
