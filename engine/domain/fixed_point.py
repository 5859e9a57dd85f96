"""Prices as fixed-point integers, exact from the file to the order."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

PRICE_SCALE = 1_000_000
SIZE_SCALE = 1
"""Units of a fixed-point price in one USD; one unit is 1e-6 USD."""

MAX_PRICE = 1_000_000 * PRICE_SCALE
"""Largest price the engine accepts (1,000,000 USD); keeps every window sum inside int64."""

MAX_SIZE = 1_000_000_000
"""Largest size of one print or quote in shares."""

MAX_NOTIONAL = 100_000_000_000 * PRICE_SCALE
"""Largest value of one print (100 bn USD): a day's sums of price × size stay inside int64."""


def fixed_prices(prices: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return prices in USD as fixed point, rounded to the nearest 1e-6 USD.

    The caller has refused NaN, infinities and prices beyond ``MAX_PRICE``.
    """
    return np.rint(prices * PRICE_SCALE).astype(np.int64)


def float_prices(prices: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return fixed-point prices as USD."""
    return prices / PRICE_SCALE


def decimal_price(price: int) -> Decimal:
    """Return one fixed-point price as exact USD with six decimals."""
    return Decimal(int(price)).scaleb(-6)


def plain(shares: Decimal) -> Decimal:
    """Return shares without trailing zeros and without an exponent: 100, not 100.00 nor 1E+2."""
    whole = int(shares)
    return Decimal(whole) if whole == shares else shares.normalize()
