"""What is traded, as data: in which money, on which grids, when, and under which rules."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

import msgspec

from engine.domain.account import ALPACA_MAIN, instrument_key
from engine.domain.candidate import Side
from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.markets.tick_grid import US_STOCK_PRICES, PriceGrid, TickGrid
from engine.domain.session import Calendar, day_of
from engine.domain.symbols import near_hint


class InstrumentKind(StrEnum):
    """What sort of thing it is."""

    EQUITY = "equity"
    SPOT = "spot"
    PERPETUAL = "perpetual"


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that a venue trades.

    Attributes
    ----------
    key : str
        Symbol and venue, ``AAPL.ALPACA``: its name in facts.
    symbol, venue : str
        The two parts of the key.
    venue_symbol : str
        What the venue calls it; ``aliases`` are what people call it besides.
    base, quote, settle : str
        What is bought, what its prices are in, and what profit and loss are paid in.
    prices : PriceGrid
        Where its orders may be priced.
    price_decimals, size_decimals : int
        Its numbers are integers of 10 to the power of minus this, price in ``quote``, size in
        ``base``; the tape's prices have 6 for every instrument.
    size_step, min_quantity : Decimal
        Orders are over multiples of the step, and at least over the quantity.
    min_notional : Decimal
        In ``quote``, what an order is worth at least.
    calendar : Calendar
    shortable, fractionable : bool
        Whether what is not held may be sold, and whether the venue takes parts of ``size_step``
        in orders without legs; plans are over whole steps all the same.
    min_stop_distance : Decimal
        In ``quote``, how far a stop lies beyond its entry at least.
    time_in_force : TimeInForce
        Of brackets and of what closes them.
    """

    key: str
    symbol: str
    venue: str
    venue_symbol: str
    base: str
    quote: str
    settle: str
    kind: InstrumentKind
    prices: PriceGrid
    price_decimals: int
    size_decimals: int
    size_step: Decimal
    min_quantity: Decimal
    min_notional: Decimal
    calendar: Calendar
    shortable: bool
    fractionable: bool
    min_stop_distance: Decimal
    time_in_force: TimeInForce
    aliases: tuple[str, ...] = ()

    def grid_at(self, ts: int) -> TickGrid:
        """Return the price grid that is in force at an instant (UTC ns)."""
        if len(self.prices.versions) == 1:
            return self.prices.versions[0].grid
        return self.prices.on(day_of(ts, self.calendar))

    def floored(self, quantity: Decimal) -> Decimal:
        """Return the largest multiple of the size step that is at most a quantity >= 0."""
        return quantity // self.size_step * self.size_step

    def too_small(self, quantity: Decimal, price: Decimal | None) -> str | None:
        """Return why an order would be below a minimum at a price, None where it is not.

        Without a price it is not known what it is worth, and that is left to the venue.
        """
        if quantity < self.min_quantity or quantity <= 0:
            least = max(self.min_quantity, self.size_step)
            return f"{quantity:f} {self.base} is less than the least order, {least:f}"
        if price is not None and quantity * price < self.min_notional:
            worth = f"{quantity:f} {self.base} at {price:f} {self.quote}"
            return f"{worth} is worth less than the least order, {self.min_notional:f} {self.quote}"
        return None

    def may_enter(self, side: Side) -> bool:
        """Say whether a trade on a side can be entered at all."""
        return side is Side.LONG or self.shortable


class Instruments(Protocol):
    """What can be traded at one venue, by symbol."""

    def find(self, symbol: str) -> Instrument:
        """Return the instrument of a symbol.

        Raises
        ------
        NotFoundError
            The venue does not trade it.
        """
        ...


def us_stock(symbol: str, venue: str, currency: str = "USD") -> Instrument:
    """Return a US stock: cents, whole shares, New York's hours, orders of the day."""
    return Instrument(
        key=instrument_key(symbol, venue),
        symbol=symbol,
        venue=venue,
        venue_symbol=symbol,
        base=symbol,
        quote=currency,
        settle=currency,
        kind=InstrumentKind.EQUITY,
        prices=US_STOCK_PRICES,
        price_decimals=6,
        size_decimals=0,
        size_step=Decimal(1),
        min_quantity=Decimal(1),
        min_notional=Decimal(0),
        calendar=Calendar.US,
        shortable=True,
        fractionable=False,
        min_stop_distance=Decimal("0.01"),
        time_in_force=TimeInForce.DAY,
    )


class UsStocks(msgspec.Struct, frozen=True):
    """Every symbol as a US stock of a venue: what its orders are like needs no list."""

    venue: str
    currency: str = "USD"

    def find(self, symbol: str) -> Instrument:
        """Return the stock of a symbol; whether the venue trades it is the venue's to say."""
        return _us_stock(symbol, self.venue, self.currency)


_us_stock = lru_cache(maxsize=65_536)(us_stock)

ALPACA_STOCKS = UsStocks(ALPACA_MAIN.venue, ALPACA_MAIN.currency)
"""What every run so far traded."""


class ListedInstruments:
    """The instruments of a venue that lists them.

    Parameters
    ----------
    listed : iterable of Instrument
        Of one venue.

    Raises
    ------
    ConfigError
        A symbol, venue symbol or alias stands for two of them.
    """

    def __init__(self, listed: Iterable[Instrument]) -> None:
        self._known: dict[str, Instrument] = {}
        self._named: dict[str, Instrument] = {}
        for each in listed:
            self._known[each.symbol] = each
            for name in {each.symbol, each.venue_symbol, *each.aliases}:
                other = self._named.setdefault(name.upper(), each)
                if other is not each:
                    raise ConfigError(
                        f"expected a name to stand for one instrument, {name} is {other.key} and "
                        f"{each.key}"
                    )

    def all(self) -> tuple[Instrument, ...]:
        """Return all of them, by symbol."""
        return tuple(self._known[symbol] for symbol in sorted(self._known))

    def find(self, symbol: str) -> Instrument:
        """Return the instrument of a symbol, venue symbol or alias, in any letters."""
        found = self._known.get(symbol) or self._named.get(symbol.upper())
        if found is None:
            hint = near_hint([symbol], self._known)
            raise NotFoundError(f"{symbol} is not traded here; 'market show' lists what is{hint}")
        return found
