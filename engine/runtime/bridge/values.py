"""Between exact numbers and instruments of the core and nautilus's own types."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from nautilus_trader.model import (
    CryptoPerpetual,
    Currency,
    CurrencyPair,
    Equity,
    InstrumentId,
    Price,
    Quantity,
    Symbol,
    Venue,
)

from engine.domain.errors import DataError
from engine.domain.fixed_point import PRICE_SCALE, decimal_price, plain
from engine.domain.markets.instrument import Instrument, InstrumentKind

type NautilusInstrument = Equity | CurrencyPair | CryptoPerpetual

PRICE_PRECISION = 6
RAW_PER_UNIT = 10 ** (16 - PRICE_PRECISION)
"""Raw units of a nautilus ``Price`` in 1e-6 of a currency; raw values have 16 decimals."""

RAW_PER_SHARE = 10**16
"""Raw units of a nautilus ``Quantity`` in one share."""


SIZE_PRECISION = 6
RAW_PER_SIZE_UNIT = 10 ** (16 - SIZE_PRECISION)
"""Raw units of a nautilus ``Quantity`` in 1e-6 share."""


@cache
def venue_of(name: str) -> Venue:
    """Return a venue by its name in facts."""
    return Venue(name)


@cache
def currency_of(code: str) -> Currency:
    """Return a currency by its code; nautilus makes up one that it does not know."""
    return Currency.from_str(code)


@cache
def instrument_id(symbol: str, venue: str) -> InstrumentId:
    """Return nautilus's id of what a venue trades."""
    return InstrumentId(Symbol(symbol), venue_of(venue))


def nautilus_instrument(instrument: Instrument) -> NautilusInstrument:
    """Return an instrument as one of nautilus's that takes any price of the tape without rounding.

    The tick grid for orders is the business of ``engine.decision``, not of nautilus's instrument:
    prints below the grid are legal. Its fees are the venue's.

    Raises
    ------
    DataError
        Nautilus has no such instrument: its stocks have whole shares alone, and prices come as the
        tape has them, in 1e-6.
    """
    if instrument.price_decimals != PRICE_PRECISION:
        raise DataError(
            f"{instrument.key} has prices of {instrument.price_decimals} decimals, expected "
            f"{PRICE_PRECISION}, as the tape has"
        )
    found = instrument_id(instrument.symbol, instrument.venue)
    name, step = Symbol(instrument.venue_symbol), price_of(1)
    if instrument.kind is InstrumentKind.EQUITY:
        if instrument.size_decimals or instrument.size_step != int(instrument.size_step):
            raise DataError(
                f"{instrument.key} is a stock in steps of {instrument.size_step}, expected whole "
                "shares"
            )
        quote = currency_of(instrument.quote)
        return Equity(found, name, quote, PRICE_PRECISION, step, 0, 0)
    base, quote, settle = map(currency_of, (instrument.base, instrument.quote, instrument.settle))
    decimals = instrument.size_decimals
    size_step = Quantity.from_decimal_dp(instrument.size_step, decimals)
    if instrument.kind is InstrumentKind.SPOT:
        return CurrencyPair(
            found, name, base, quote, PRICE_PRECISION, decimals, step, size_step, 0, 0
        )
    is_inverse = instrument.settle == instrument.base
    return CryptoPerpetual(
        found, name, base, quote, settle, is_inverse, PRICE_PRECISION, decimals, step, size_step,
        0, 0,
    )  # fmt: skip


def price_of(fixed: int) -> Price:
    """Return a fixed-point price (1e-6 of a currency) as nautilus's ``Price``."""
    return Price.from_raw(fixed * RAW_PER_UNIT, PRICE_PRECISION)


def fixed_of(price: Price) -> int:
    """Return nautilus's ``Price`` in 1e-6 of its currency."""
    return price.raw // RAW_PER_UNIT


def decimal_of(price: Price) -> Decimal:
    """Return nautilus's ``Price`` as an exact number with six decimals."""
    return decimal_price(fixed_of(price))


def price_from(value: Decimal) -> Price:
    """Return an exact price as nautilus's ``Price``.

    Raises
    ------
    DataError
        The value is finer than 1e-6.
    """
    fixed = value * PRICE_SCALE
    if fixed != int(fixed):
        raise DataError(f"order price {value} is finer than 1e-6, expected the tick grid")
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
