"""What a market is asked to trade: how much, at what price, and how it is protected."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.candidate import Side
from engine.domain.markets.instrument import TimeInForce


class Unit(StrEnum):
    """What an amount counts."""

    QUOTE = "quote"
    BASE = "base"
    PERCENT = "%"
    ALL = "all"


class Amount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is to be traded.

    Attributes
    ----------
    value : Decimal or None
        More than 0; None with unit ``ALL``.
    unit : Unit
        ``QUOTE`` is money of the market's quote currency, ``BASE`` shares or coins, ``PERCENT`` of
        what can be bought, or sold, with what the account has, ``ALL`` what is held.
    currency : str or None
        In capitals, where one was named.
    """

    value: Decimal | None
    unit: Unit
    currency: str | None = None


class OrderType(StrEnum):
    """How an order meets the market."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The order that a ticket begins with; prices in quote currency, those its type needs.

    ``trail_percent`` is how far a trailing stop stays behind the best price.
    """

    type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_percent: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY

    def misfit(self) -> str | None:
        """Return what of its prices does not go with its type, None where all do."""
        needs = {
            "limit_price": self.type in {OrderType.LIMIT, OrderType.STOP_LIMIT},
            "stop_price": self.type in {OrderType.STOP, OrderType.STOP_LIMIT},
            "trail_percent": self.type is OrderType.TRAILING_STOP,
        }
        for name, is_needed in needs.items():
            given: Decimal | None = getattr(self, name)
            if is_needed != (given is not None):
                return f"a {self.type} order {'needs' if is_needed else 'has no'} {name}"
            if given is not None and not (given.is_finite() and given > 0):
                return f"{name} is {given}, expected more than 0"
        return None


class Protections(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a position is closed again: prices in quote currency, each beyond the entry.

    They sleep until the entry is filled, and whichever fills ends the other.
    """

    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None


NO_PROTECTION = Protections()
AT_MARKET = Entry()


class Ticket(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One trade that a market is asked for.

    Attributes
    ----------
    ticket_id : str
        Ours and never reused: the ids of its orders follow from it, so that a ticket that is given
        twice, by whichever process, is one order.
    venue : str
        Of the market that is asked.
    symbol : str
        As the market's instruments have it.
    side : Side
        Long buys, short sells.
    reduce_only : bool
        It closes what is held, or part of it, and never opens a position.
    """

    ticket_id: str
    venue: str
    symbol: str
    side: Side
    amount: Amount
    entry: Entry = AT_MARKET
    protections: Protections = NO_PROTECTION
    reduce_only: bool = False


class TicketRefusal(StrEnum):
    """Why a market does not do what it was asked."""

    WRONG_MARKET = "wrong_market"
    UNKNOWN_SYMBOL = "unknown_symbol"
    UNSUPPORTED = "unsupported"
    OFF_GRID = "off_grid"
    PROTECTION = "protection"
    NO_QUOTE = "no_quote"
    TOO_SMALL = "too_small"
    NOT_HELD = "not_held"
    FUNDS = "funds"
    CLOSED = "closed"
    HALTED = "halted"
    CLOCK = "clock"
    RATE = "rate"
    NOT_OPEN = "not_open"
    VENUE = "venue"


class TicketRefused(msgspec.Struct, frozen=True):
    """A refusal: nothing came of what was asked. ``detail`` is to be read."""

    reason: TicketRefusal
    detail: str
