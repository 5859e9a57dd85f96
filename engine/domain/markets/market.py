"""A market as a port in the domain's words: what it can do, and what it is asked and tells.

Values only: adapters stand behind it, hosts before it. ``engine.runtime.live.venue`` is the other
port of a venue, the one that a nautilus node needs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import msgspec

from engine.domain.candidate import Side
from engine.domain.facts import OrderRole
from engine.domain.market_data.quotes import Quote
from engine.domain.markets.instrument import Instrument, TimeInForce
from engine.domain.ticket import OrderType, Ticket, TicketRefused


class Support(StrEnum):
    """How a market does something."""

    NATIVE = "native"
    """The venue has it: it goes on without us."""

    ATTACHED = "attached"
    """The venue takes it with an order, as part of that."""

    EMULATED = "emulated"
    """The market has it not: whoever stands above it does it, as long as that runs."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a market can do; what it cannot it refuses, and says so.

    Attributes
    ----------
    order_types : tuple of OrderType
    time_in_force : tuple of TimeInForce
    bracket, trailing : Support
        Take profit and stop loss that end each other; stops that follow the price.
    quote_sizing : bool
        The venue itself takes an amount of money; sizes in shares are made of it here otherwise.
    amend : bool
        Open orders can be changed.
    reduce_only : bool
        The venue itself keeps an order that closes from opening a position.
    short, fractional : bool
        What is not held can be sold; parts of a size step can be traded.
    fills_replayed : bool
        Events keep their numbers for ever, also from one process to the next. Where not, a market
        that is opened anew has its orders and positions, and numbers what comes from then on.
    ids : int
        Characters that the id of an order may have.
    rate : int
        Requests that it takes in a minute.
    """

    order_types: tuple[OrderType, ...]
    time_in_force: tuple[TimeInForce, ...]
    bracket: Support
    trailing: Support
    quote_sizing: bool
    amend: bool
    reduce_only: bool
    short: bool
    fractional: bool
    fills_replayed: bool
    ids: int
    rate: int


class OrderState(StrEnum):
    """How an order stands."""

    SENT = "sent"
    """On its way: it is not known whether the venue has it."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self not in {OrderState.SENT, OrderState.OPEN}


class PlacedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One of our orders as it stands.

    Attributes
    ----------
    order_id : str
        Ours: ticket and role, as ``engine.domain.order_names`` makes it.
    role : OrderRole
        Legs of a bracket are orders of their own.
    quantity, filled : Decimal
        In base, of the whole order.
    avg_price, limit_price, stop_price : Decimal or None
        In quote currency.
    reason : str
        Why it was rejected.
    """

    order_id: str
    ticket_id: str
    role: OrderRole
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    filled: Decimal
    avg_price: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    state: OrderState
    reason: str = ""


class HeldPosition(msgspec.Struct, frozen=True):
    """What is held of a symbol, negative when short, in base; mean price in quote currency."""

    symbol: str
    quantity: Decimal
    avg_price: Decimal


class Balance(msgspec.Struct, frozen=True):
    """Money of one currency: cash, and how much can be spent on a trade."""

    currency: str
    cash: Decimal
    free: Decimal


class EventKind(StrEnum):
    """What happened to an order."""

    ACCEPTED = "accepted"
    UPDATED = "updated"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    AMEND_REFUSED = "amend_refused"
    CANCEL_REFUSED = "cancel_refused"


class MarketEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to one of our orders.

    Attributes
    ----------
    seq : int
        From 1 on, without gaps.
    ts : int
        The venue's time, UTC ns.
    quantity, price : Decimal or None
        Of one execution; of an update what the order has now.
    detail : str
        The venue's words where it refused.
    """

    seq: int
    ts: int
    order_id: str
    symbol: str
    kind: EventKind
    quantity: Decimal | None = None
    price: Decimal | None = None
    detail: str = ""


class Market(Protocol):
    """One account at one venue.

    What is asked comes to a value or a ``TicketRefused``; failures are ``VenueUnavailable`` (wait,
    ask again) and ``VenueRejected`` (keys, plan, account).
    """

    @property
    def venue(self) -> str:
        """Return the venue's name in facts, ``ALPACA``."""
        ...

    async def capabilities(self) -> Capabilities:
        """Return what it can do."""
        ...

    async def instruments(self) -> Sequence[Instrument]:
        """Return what can be traded, by symbol."""
        ...

    async def quote(self, symbol: str) -> Quote | None:
        """Return the best bid and offer now; None where there is none."""
        ...

    async def submit(self, ticket: Ticket) -> PlacedOrder | TicketRefused:
        """Send the orders of a ticket and return its entry.

        A ticket that is known already is not sent again; its entry is returned as it stands. When
        this returns, it is known whether the venue has the order.
        """
        ...

    async def amend(
        self, name: str, *, limit_price: Decimal | None = None, stop_price: Decimal | None = None
    ) -> PlacedOrder | TicketRefused:
        """Change the prices of an open order, by its id."""
        ...

    async def cancel(self, name: str) -> PlacedOrder | TicketRefused:
        """Ask for an order to be canceled, by its id; an event says that it is."""
        ...

    async def close(self, ticket_id: str, symbol: str) -> PlacedOrder | TicketRefused:
        """Close all that our orders hold of a symbol at the market, and end what protects it.

        ``ticket_id`` names the order, as a ticket's does.
        """
        ...

    async def orders(self) -> Sequence[PlacedOrder]:
        """Return our orders of the day, and older ones that are open, as they were sent."""
        ...

    async def positions(self) -> Sequence[HeldPosition]:
        """Return what the account holds, by symbol."""
        ...

    async def balances(self) -> Sequence[Balance]:
        """Return the account's money."""
        ...

    def events(self, after_seq: int = 0) -> AsyncIterator[MarketEvent]:
        """Yield what has happened to our orders after a number, then what happens."""
        ...

    async def settle(self) -> None:
        """Wait until what the venue has done by now is known, also after a lost connection."""
        ...

    async def close_down(self) -> None:
        """Let the venue go; what rests there rests on."""
        ...
