"""Between exact numbers of the core and nautilus's own types."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from nautilus_trader.model import (
    Currency,
    Equity,
    InstrumentId,
    Price,
    Quantity,
    Symbol,
    Venue,
)

from engine.domain.errors import DataError
from engine.domain.fixed_point import PRICE_SCALE, decimal_price, plain

VENUE = Venue("ALPACA")
USD = Currency.from_str("USD")

PRICE_PRECISION = 6
RAW_PER_UNIT = 10 ** (16 - PRICE_PRECISION)
"""Raw units of a nautilus ``Price`` in 1e-6 USD; raw values have 16 decimals."""

RAW_PER_SHARE = 10**16
"""Raw units of a nautilus ``Quantity`` in one share."""


SIZE_PRECISION = 6
RAW_PER_SIZE_UNIT = 10 ** (16 - SIZE_PRECISION)
"""Raw units of a nautilus ``Quantity`` in 1e-6 share."""


@cache
def instrument_id(symbol: str) -> InstrumentId:
    """Return the id of a US stock."""
    return InstrumentId(Symbol(symbol), VENUE)


def equity(symbol: str) -> Equity:
    """Return a US stock as an instrument that takes any price of the tape without rounding.

    The tick grid for orders (rule 612) is the business of ``engine.decision``, not of the
    instrument: prints below the grid are legal.
    """
    return Equity(
        instrument_id(symbol),
        Symbol(symbol),
        USD,
        PRICE_PRECISION,
        price_of(1),
        0,
        0,
    )


def price_of(fixed: int) -> Price:
    """Return a fixed-point price (1e-6 USD) as nautilus's ``Price``."""
    return Price.from_raw(fixed * RAW_PER_UNIT, PRICE_PRECISION)


def fixed_of(price: Price) -> int:
    """Return nautilus's ``Price`` in 1e-6 USD."""
    return price.raw // RAW_PER_UNIT


def decimal_of(price: Price) -> Decimal:
    """Return nautilus's ``Price`` as exact USD with six decimals."""
    return decimal_price(fixed_of(price))


def price_from(value: Decimal) -> Price:
    """Return exact USD as nautilus's ``Price``.

    Raises
    ------
    DataError
        The value is finer than 1e-6 USD.
    """
    fixed = value * PRICE_SCALE
    if fixed != int(fixed):
        raise DataError(f"order price {value} USD is finer than 1e-6 USD, expected the tick grid")
    return price_of(int(fixed))


def quantity_of(shares: Decimal | int) -> Quantity:
    """Return shares as nautilus's ``Quantity``, whole ones without decimals."""
    whole = int(shares)
    return Quantity.from_int(whole) if whole == shares else Quantity.from_decimal(Decimal(shares))


def shares_of(quantity: Quantity) -> Decimal:
    """Return nautilus's ``Quantity`` as exact shares without trailing zeros, so whole ones whole.

    The same number of shares is written alike in every fact, whatever decimals a venue gave it.
    """
    return plain(Decimal(quantity.raw) / RAW_PER_SHARE)
