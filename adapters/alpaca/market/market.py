"""Alpaca, or its look-alike, as a market of tickets."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from decimal import Decimal
from typing import Any, Self

from adapters.alpaca.clock_watch import ClockWatch
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.execution.reconciliation import Reconciliation
from adapters.alpaca.http.history import AlpacaHistory
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.market.issues import MarketIssues
from adapters.alpaca.market.views import (
    instruments,
    note,
    own_orders_of,
    placed_order,
    refusal_of,
    request_of,
)
from adapters.alpaca.orders.entry import OrderEntry
from adapters.alpaca.orders.events import Foreign, OrderUpdate, Stray
from adapters.alpaca.orders.ids import OrderIds
from adapters.alpaca.orders.own_order import OwnOrder
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.orders.rules import MAX_CLIENT_ORDER_ID
from adapters.alpaca.orders.stale_entries import StaleEntries
from adapters.alpaca.orders.sync import OrderSync
from adapters.alpaca.streams.trading_stream import TradingStream
from adapters.alpaca.wire.rest import VenueFault
from adapters.alpaca.wire.trading import TradeUpdate, read_trading_message
from adapters.transport.event_log import EventLog
from adapters.transport.kept_socket import Patience
from engine.decision.tickets.checks import off_grid, ticket_refusal
from engine.decision.tickets.size import SizingRules, ticket_quantity
from engine.domain.account import ALPACA_MAIN
from engine.domain.candidate import Side
from engine.domain.errors import DataError, VenueError, VenueRejected
from engine.domain.facts import OrderRole
from engine.domain.market_data.quotes import Quote
from engine.domain.markets.instrument import Instrument, TimeInForce
from engine.domain.markets.market import (
    Balance,
    Capabilities,
    HeldPosition,
    MarketEvent,
    PlacedOrder,
    Support,
)
from engine.domain.order_names import order_id
from engine.domain.session import NANOS_PER_SECOND, start_of_day
from engine.domain.ticket import (
    Amount,
    Entry,
    OrderType,
    Ticket,
    TicketRefusal,
    TicketRefused,
    Unit,
)
from engine.tape import CLOCK_OFF_SECS

_RATE = 200
_RECONCILE_SECS = 30.0
_CLOCK_AGE_SECS = 30.0
_START_SECS = 15.0
_TICKETS = "tickets"
"""Of all client order ids that this market makes: a ticket is one order, whoever sends it."""

CAPABILITIES = Capabilities(
    order_types=tuple(OrderType),
    time_in_force=tuple(TimeInForce),
    bracket=Support.NATIVE,
    trailing=Support.NATIVE,
    quote_sizing=False,
    amend=True,
    reduce_only=True,
    short=True,
    fractional=False,
    fills_replayed=False,
    ids=MAX_CLIENT_ORDER_ID - len(f"{_TICKETS}.0.") - len("~999"),
    rate=_RATE,
)
"""Our orders are over whole shares, and sizes of money are made shares here, whatever Alpaca takes;
its stream of order updates tells nothing twice (ALPACA §0.4)."""


class AlpacaMarket:
    """One account: tickets out, and what becomes of them; for one event loop.

    Entering orders, finding out what became of those whose answer was lost, and comparing with the
    venue are what the node's client does, by the same parts.

    Parameters
    ----------
    feed : str
        ``sip`` or ``iex``, of quotes.
    now : callable, optional
        Returns this host's time, UTC ns.
    patience : Patience, optional
        Of the stream of order updates.

    Attributes
    ----------
    log : EventLog
        What happened since it was opened.
    issues : MarketIssues
        What is wrong now.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        credentials: Credentials,
        *,
        feed: str = "sip",
        now: Callable[[], int] = time.time_ns,
        rules: SizingRules | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._rest = AlpacaRest(endpoints, credentials)
        self._history = AlpacaHistory(endpoints, credentials, feed)
        self._now = now
        self._rules = rules or SizingRules()
        self._since = 0
        self._listed: dict[str, Instrument] = {}
        self._leaving = asyncio.Event()
        self._tasks: set[asyncio.Task[object]] = set()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._faults: dict[str, VenueFault] = {}
        self._clock_looked = -_CLOCK_AGE_SECS
        self.log = EventLog()
        self.issues = MarketIssues()
        self._ids = OrderIds(_TICKETS)
        self._own = OwnOrders(self._ids)
        self._entry = OrderEntry(
            self._rest, self._own, self._tell, self.issues, now, on_refused=self._faults.__setitem__
        )
        self._books = Reconciliation(
            OrderSync(self._rest, self._own, self._tell, lambda: self._since),
            self._own,
            self.issues,
            stale=StaleEntries(self._rest, self._own, {}),
            catch_up=self._entry.by_hand.catch_up,
            spawn=self._spawn,
            leaving=self._leaving,
            patience_secs=_START_SECS,
            on_recovered=_nothing_more,
        )
        self._clock = ClockWatch(self._rest, self.issues, now, CLOCK_OFF_SECS)
        self._stream = TradingStream(
            endpoints.trading_stream,
            credentials,
            on_update=self._on_update,
            on_connected=self._on_connected,
            patience=patience,
        )

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close_down()

    @property
    def venue(self) -> str:
        """Its name in facts."""
        return ALPACA_MAIN.venue

    async def open(self) -> None:
        """Connect, and learn what became of our orders of today and of all that are open.

        Raises
        ------
        VenueError
            The venue cannot be reached, or refuses us.
        """
        try:
            clock = await self._books.patiently(self._rest.clock)
            self._since = start_of_day(clock.timestamp)
            self._spawn(self._stream.run(), "order updates")
            await self._stream.begun()
            await self._books.begin()
        except VenueError:
            await self.close_down()
            raise
        self._spawn(self._books.keep(_RECONCILE_SECS), "reconciliation")

    async def close_down(self) -> None:
        """Let the venue go; what rests there rests on."""
        self._leaving.set()
        await self._stream.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._rest.close()
        await self._history.close()

    async def capabilities(self) -> Capabilities:
        """Return what it can do."""
        return CAPABILITIES

    async def instruments(self) -> Sequence[Instrument]:
        """Return the stocks that can be traded, by symbol; asked for once."""
        if not self._listed:
            assets = (await self._rest.assets()).rows
            self._listed = {each.symbol: each for each in instruments(assets)}
        return tuple(self._listed.values())

    async def quote(self, symbol: str) -> Quote | None:
        """Return the best bid and offer now; None where there is none."""
        from adapters.alpaca.wire.market import FrameDecoder  # noqa: PLC0415  (compiles its walk)

        async for page in self._history.latest_quotes([symbol]):
            quotes = FrameDecoder().decode(page, self._now()).quotes
            if quotes is not None and len(quotes):
                row = (quotes.bid, quotes.ask, quotes.bid_size, quotes.ask_size, quotes.ts_event)
                return Quote(*(int(column[-1]) for column in row))
        return None

    async def submit(self, ticket: Ticket) -> PlacedOrder | TicketRefused:
        """Send the orders of a ticket; see ``Market``."""
        name = order_id(OrderRole.ENTRY, ticket.ticket_id)
        async with self._turns[ticket.ticket_id]:
            known = self._own.orders.get(name)
            if known is not None and not _never_came(known):
                return self._view(known)
            quote = await self.quote(ticket.symbol)
            checked = await self._checked(ticket, quote)
            if isinstance(checked, TicketRefused):
                return checked
            return await self._send(ticket, name, checked)

    async def amend(
        self, name: str, *, limit_price: Decimal | None = None, stop_price: Decimal | None = None
    ) -> PlacedOrder | TicketRefused:
        """Change the prices of an open order."""
        order = self._own.orders.get(name)
        if order is None or not order.is_open:
            return _not_open(name)
        grid = (await self._instrument(order.symbol)).grid_at(self._now())
        if (why := off_grid((limit_price, stop_price), grid)) is not None:
            return why
        before = len(self.log.events)
        await self._entry.replace(name, quantity=None, price=limit_price, trigger_price=stop_price)
        if why := self.log.refusal(name, before):
            return refusal_of(self._faults.pop(order.symbol, None), why)
        return self._view(order)

    async def cancel(self, name: str) -> PlacedOrder | TicketRefused:
        """Ask for an order to be canceled; an event says that it is."""
        order = self._own.orders.get(name)
        if order is None or not order.is_open:
            return _not_open(name)
        before = len(self.log.events)
        await self._entry.cancel(name)
        self._books.look_soon()
        if why := self.log.refusal(name, before):
            return refusal_of(None, why)
        return self._view(order)

    async def close(self, ticket_id: str, symbol: str) -> PlacedOrder | TicketRefused:
        """Close all that our orders hold of a symbol at the market, and end what protects it."""
        name = order_id(OrderRole.EXIT, ticket_id)
        async with self._turns[ticket_id]:
            known = self._own.orders.get(name)
            if known is not None and not _never_came(known):
                return self._view(known)
            side = Side.SHORT if self._own.known.held(symbol) > 0 else Side.LONG
            ticket = Ticket(
                ticket_id=ticket_id,
                venue=self.venue,
                symbol=symbol,
                side=side,
                amount=Amount(None, Unit.ALL),
                entry=Entry(),
                reduce_only=True,
            )
            checked = await self._checked(ticket, None)
            if isinstance(checked, TicketRefused):
                return checked
            return await self._send(ticket, name, checked)

    async def orders(self) -> Sequence[PlacedOrder]:
        """Return our orders of the day, and older ones that are open, as they were sent."""
        views = map(placed_order, self._own.orders.values())
        return [view for view in views if view is not None]

    async def positions(self) -> Sequence[HeldPosition]:
        """Return what the account holds, by symbol."""
        held = (await self._rest.positions()).rows
        return [
            HeldPosition(each.symbol, each.shares, each.avg_entry_price)
            for each in sorted(held, key=lambda each: each.symbol)
        ]

    async def balances(self) -> Sequence[Balance]:
        """Return the account's money; what is free is what no open order has reserved."""
        account = await self._rest.account()
        if account.cash is None:
            raise VenueRejected("the venue does not tell the account's cash: ask again")
        free = account.non_marginable_buying_power
        currency = account.currency or ALPACA_MAIN.currency
        return [Balance(currency, account.cash, account.cash if free is None else free)]

    def events(self, after_seq: int = 0) -> AsyncIterator[MarketEvent]:
        """Yield what has happened since this market was opened after a number, then what does."""
        return self.log.follow(after_seq)

    async def settle(self) -> None:
        """Wait until what the venue has done by now is known, also after a lost connection."""
        await self._stream.drain()
        await self._books.whole()
        await self._books.look_now()

    async def _checked(self, ticket: Ticket, quote: Quote | None) -> Decimal | TicketRefused:
        """Return what a ticket is over, or why it is not sent."""
        instrument = await self._find(ticket.symbol)
        if instrument is None:
            detail = f"{ticket.symbol} cannot be traded at {self.venue}"
            return TicketRefused(TicketRefusal.UNKNOWN_SYMBOL, detail)
        if (why := await self._clock_refusal()) is not None:
            return why
        if (
            why := ticket_refusal(ticket, instrument, CAPABILITIES, quote, self._now())
        ) is not None:
            return why
        (balance,) = await self.balances()
        return ticket_quantity(
            ticket,
            instrument,
            quote,
            self._rules,
            now=self._now(),
            free=balance.free,
            held=self._own.known.held(ticket.symbol),
        )

    async def _send(
        self, ticket: Ticket, name: str, quantity: Decimal
    ) -> PlacedOrder | TicketRefused:
        request = request_of(ticket, quantity, name, self._ids)
        if why := self._entry.refusal(request, reduce_only=ticket.reduce_only):
            return TicketRefused(TicketRefusal.VENUE, why)
        entry, *legs = own_orders_of(ticket, request, name)
        self._own.sent(entry, legs)
        send = self._entry.close_out if ticket.reduce_only else self._entry.submit
        await send(name, request)
        self._books.look_soon()
        if _never_came(entry):
            reason = getattr(entry.ended, "reason", "")
            return refusal_of(self._faults.pop(ticket.symbol, None), reason)
        return self._view(entry)

    async def _clock_refusal(self) -> TicketRefused | None:
        """Return that this host's clock is off the venue's: every age and hour would be wrong."""
        if time.monotonic() - self._clock_looked >= _CLOCK_AGE_SECS:
            await self._clock.look()
            self._clock_looked = time.monotonic()
        offset = self._clock.offset
        off_secs = 0.0 if offset is None else offset.certain / NANOS_PER_SECOND
        if abs(off_secs) <= CLOCK_OFF_SECS:
            return None
        self._clock_looked = -_CLOCK_AGE_SECS
        detail = (
            f"this machine's clock is {off_secs:+.1f} s off the venue's, expected at most "
            f"{CLOCK_OFF_SECS:g} s: set it by NTP"
        )
        return TicketRefused(TicketRefusal.CLOCK, detail)

    async def _find(self, symbol: str) -> Instrument | None:
        await self.instruments()
        return self._listed.get(symbol)

    async def _instrument(self, symbol: str) -> Instrument:
        found = await self._find(symbol)
        if found is None:
            raise VenueRejected(f"{symbol} cannot be traded at {self.venue} any more")
        return found

    def _view(self, order: OwnOrder) -> PlacedOrder:
        view = placed_order(order)
        if view is None:
            raise VenueRejected(f"{order.client_order_id} is no order of a ticket")
        return view

    def _on_connected(self) -> None:
        """Ask what happened while nobody listened; at the start that is asked for anyway."""
        if self._books.is_begun:
            self._books.lose()

    def _on_update(self, frame: bytes | str, _received_ns: int) -> None:
        try:
            update = read_trading_message(frame)
        except DataError as error:
            self.issues.issue_raised(
                "orders", f"an update cannot be read, orders are compared: {error}"
            )
            self._books.recover()
            return
        if isinstance(update, TradeUpdate):
            self._tell(self._own.take(update))
        self._books.look_soon()

    def _tell(self, news: Iterable[OrderUpdate]) -> None:
        for one in list(news):
            if isinstance(one, Foreign):
                self.issues.avoid(one.symbol, one.detail)
            elif isinstance(one, Stray):
                self._spawn(self._entry.cancel_stray(one.venue_order_id), one.venue_order_id)
            elif self._books.is_begun:
                note(self.log, self._own.orders[one.client_order_id].symbol, one)
        for freed in self._entry.freed():
            self._spawn(self._entry.send_freed(freed), freed)

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[object]:
        """Do work beside; what it raises is an issue."""
        task: asyncio.Task[object] = asyncio.create_task(self._watched(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _watched(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        try:
            await work
        except VenueError as error:
            self.issues.issue_raised(name, str(error))


async def _nothing_more() -> None:
    """Leave it at the orders: account and clock are asked for when a ticket needs them."""


def _never_came(order: OwnOrder) -> bool:
    """Say whether an order was refused before the venue had it: its ticket may be given again."""
    return order.is_closed and order.current is None


def _not_open(order_id: str) -> TicketRefused:
    return TicketRefused(TicketRefusal.NOT_OPEN, f"no order {order_id} of ours is open")
