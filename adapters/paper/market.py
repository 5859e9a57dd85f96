"""The paper market: our own account over a tape, behind the same port as any venue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Self

import msgspec

from adapters.paper.exchange import PaperExchange, row_of
from adapters.paper.log import Amended, Asked, Canceled, Line, Opened, PaperLog, Played, Row
from adapters.paper.tape import Tape
from adapters.transport.event_log import EventLog
from engine.decision.tickets.checks import off_grid, ticket_refusal
from engine.decision.tickets.size import SizingRules, ticket_quantity
from engine.domain.account import PAPER_MAIN, TradingAccount
from engine.domain.candidate import Side
from engine.domain.errors import ConfigError
from engine.domain.facts import OrderRole
from engine.domain.fixed_point import decimal_price
from engine.domain.market_data.quotes import Quote
from engine.domain.markets.instrument import Instrument, ListedInstruments, TimeInForce
from engine.domain.markets.market import (
    Balance,
    Capabilities,
    HeldPosition,
    MarketEvent,
    PlacedOrder,
    Support,
)
from engine.domain.order_names import order_id
from engine.domain.session import NANOS_PER_SECOND, Session, day_of, is_session, session
from engine.domain.ticket import (
    Amount,
    OrderType,
    Ticket,
    TicketRefusal,
    TicketRefused,
    Unit,
)
from engine.tape import CLOCK_OFF_SECS

RATE = 200
CAPABILITIES = Capabilities(
    order_types=(OrderType.MARKET, OrderType.LIMIT, OrderType.STOP),
    time_in_force=(TimeInForce.DAY, TimeInForce.GTC),
    bracket=Support.NATIVE,
    trailing=Support.EMULATED,
    quote_sizing=False,
    amend=True,
    reduce_only=True,
    short=True,
    fractional=False,
    fills_replayed=True,
    ids=128,
    rate=RATE,
)
_MINUTE_NS = 60 * NANOS_PER_SECOND


class PaperMarket:
    """Orders filled by nautilus's simulated execution over a tape; for one thread and event loop.

    What is asked is written down before it counts, and the market goes on as its tape does, also
    while no process has it: whoever opens it again plays what was missed. So a stop rests without
    us, and numbers of events never change.

    Parameters
    ----------
    tape : Tape
    path : Path or None
        Where the account is kept; None for one that is forgotten.
    now : callable
        Returns this host's time, UTC ns.
    cash : Decimal
        What a new account begins with.
    rate : int
        Orders and changes that it takes in a minute of its time; cancels and closes always pass.
    poll_secs : float
        How often whoever follows events has the market go on.
    """

    def __init__(
        self,
        tape: Tape,
        path: Path | None,
        *,
        now: Callable[[], int],
        cash: Decimal = Decimal(100_000),
        account: TradingAccount = PAPER_MAIN,
        rules: SizingRules | None = None,
        rate: int = RATE,
        poll_secs: float = 0.2,
    ) -> None:
        self._tape = tape
        self._now = now
        self._cash = cash
        self._account = account
        self._rules = rules or SizingRules()
        self._rate = rate
        self._poll_secs = poll_secs
        self._minute: tuple[int, int] = (0, 0)
        self._turn = asyncio.Lock()
        self._path = path
        self._file = PaperLog(None)
        self._known: PaperExchange | None = None
        self._listed = ListedInstruments(())
        self.log = EventLog()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close_down()

    @property
    def venue(self) -> str:
        """Its name in facts."""
        return self._account.venue

    async def open(self) -> None:
        """Take the account up where the last process left it, and play what was missed.

        Raises
        ------
        ConfigError
            The file is another account's.
        DataError
            It cannot be read.
        """
        self._listed = ListedInstruments(await self._tape.instruments())
        self._file = PaperLog(self._path)
        try:
            self._known = await self._taken_up()
            async with self._turn:
                await self._advance()
        except BaseException:
            await self.close_down()
            raise

    async def close_down(self) -> None:
        """Let the account go; what rests in it rests on."""
        if self._known is not None:
            self._known.close()
            self._known = None
        self._file.close()

    async def capabilities(self) -> Capabilities:
        """Return what it can do."""
        return msgspec.structs.replace(CAPABILITIES, rate=self._rate)

    async def instruments(self) -> Sequence[Instrument]:
        """Return what its tape has prints of, by symbol."""
        return self._listed.all()

    async def quote(self, symbol: str) -> Quote | None:
        """Return the best bid and offer now; None where there is none."""
        return _quote(await self._last(symbol, await self._tape.time()))

    async def submit(self, ticket: Ticket) -> PlacedOrder | TicketRefused:
        """Take a ticket; see ``Market``."""
        return await self._place(ticket, OrderRole.ENTRY)

    async def close(self, ticket_id: str, symbol: str) -> PlacedOrder | TicketRefused:
        """Close what is held of a symbol at the market; what protects it ends with it."""
        side = Side.SHORT if self._exchange.held(symbol) > 0 else Side.LONG
        ticket = Ticket(
            ticket_id=ticket_id,
            venue=self.venue,
            symbol=symbol,
            side=side,
            amount=Amount(None, Unit.ALL),
            reduce_only=True,
        )
        return await self._place(ticket, OrderRole.EXIT)

    async def amend(
        self, name: str, *, limit_price: Decimal | None = None, stop_price: Decimal | None = None
    ) -> PlacedOrder | TicketRefused:
        """Change the prices of an open order."""
        async with self._turn:
            now = await self._advance()
            if (why := self._exceeded(now)) is not None:
                return why
            order = self._open(name)
            if isinstance(order, TicketRefused):
                return order
            grid = self._listed.find(order.symbol).grid_at(now)
            if (why := off_grid((limit_price, stop_price), grid)) is not None:
                return why
            wrong = (limit_price is not None and order.limit_price is None) or (
                stop_price is not None and order.stop_price is None
            )
            if wrong:
                detail = f"a {order.type} order has no such price to change"
                return TicketRefused(TicketRefusal.UNSUPPORTED, detail)
            before = len(self.log.events)
            self._write(Amended(now, name, limit_price, stop_price))
            if why := self.log.refusal(name, before):
                return TicketRefused(TicketRefusal.VENUE, why)
            return self._exchange.order(name)

    async def cancel(self, name: str) -> PlacedOrder | TicketRefused:
        """Cancel an open order, and what waits for its fill."""
        async with self._turn:
            now = await self._advance()
            order = self._open(name)
            if isinstance(order, TicketRefused):
                return order
            self._write(Canceled(now, name, expired=False))
            return self._exchange.order(name)

    async def orders(self) -> Sequence[PlacedOrder]:
        """Return all orders of the account, as they were sent."""
        async with self._turn:
            await self._advance()
            return self._exchange.orders()

    async def positions(self) -> Sequence[HeldPosition]:
        """Return what the account holds, by symbol."""
        async with self._turn:
            await self._advance()
            return self._exchange.positions()

    async def balances(self) -> Sequence[Balance]:
        """Return the account's money; what is free is what no order or short position has taken."""
        async with self._turn:
            await self._advance()
            return [Balance(self._account.currency, self._exchange.cash, self._exchange.free())]

    async def events(self, after_seq: int = 0) -> AsyncIterator[MarketEvent]:
        """Yield what has ever happened after a number, then what happens."""
        last = after_seq
        while True:
            async with self._turn:
                await self._advance()
            for event in self.log.events[last:]:
                yield event
                last = event.seq
            await asyncio.sleep(self._poll_secs)

    async def settle(self) -> None:
        """Play up to the market's time."""
        async with self._turn:
            await self._advance()

    async def _taken_up(self) -> PaperExchange:
        """Return the account as its log has it, a new one where there is none."""
        account, lines = self._account, iter(self._file.lines())
        first = next(lines, None)
        if first is None:
            now = await self._tape.time()
            first = Opened(now, account.venue, account.name, account.currency, self._cash)
            self._file.add(first)
        if not isinstance(first, Opened) or _account(first) != account:
            raise ConfigError(
                f"expected a file of {account.venue} {account.name}, found another account's: name "
                "another file"
            )
        stale_ns = int(self._rules.stale_quote_secs * NANOS_PER_SECOND)
        found = self._known = PaperExchange(first, self._listed, self.log, stale_ns)
        for line in lines:
            found.carry_out(line)
        return found

    async def _place(self, ticket: Ticket, role: OrderRole) -> PlacedOrder | TicketRefused:
        name = order_id(role, ticket.ticket_id)
        async with self._turn:
            now = await self._advance()
            if self._exchange.knows(name):
                return self._exchange.order(name)
            if not self._is_listed(ticket.symbol):
                detail = f"{ticket.symbol} cannot be traded at {self.venue}"
                return TicketRefused(TicketRefusal.UNKNOWN_SYMBOL, detail)
            last = await self._last(ticket.symbol, now)
            quantity = await self._checked(ticket, role, _quote(last), now)
            if isinstance(quantity, TicketRefused):
                return quantity
            self._write(Asked(now, ticket, role, quantity, last))
            return self._exchange.order(name)

    async def _checked(
        self, ticket: Ticket, role: OrderRole, quote: Quote | None, now: int
    ) -> Decimal | TicketRefused:
        """Return what a ticket is over, or why it is not taken."""
        exchange, instrument = self._exchange, self._listed.find(ticket.symbol)
        early = self._clock_refusal(now) or self._hours_refusal(ticket.symbol, now)
        if early is None and role is OrderRole.ENTRY:
            early = self._exceeded(now)
        if early is None:
            capabilities = await self.capabilities()
            early = ticket_refusal(ticket, instrument, capabilities, quote, now)
        if early is not None:
            return early
        held, free = exchange.held(ticket.symbol), exchange.free()
        quantity = ticket_quantity(
            ticket, instrument, quote, self._rules, now=now, free=free, held=held
        )
        if isinstance(quantity, TicketRefused) or ticket.reduce_only:
            return quantity
        return self._funds_refusal(ticket, quantity, quote, free, held) or quantity

    def _funds_refusal(
        self,
        ticket: Ticket,
        quantity: Decimal,
        quote: Quote | None,
        free: Decimal,
        held: Decimal,
    ) -> TicketRefused | None:
        """Return that an order would take more money than is free: nothing is borrowed."""
        opening = quantity
        if held * ticket.side < 0:
            opening = max(Decimal(0), quantity - abs(held))
        price = ticket.entry.limit_price or ticket.entry.stop_price
        if price is None and quote is not None:
            price = decimal_price(quote.ask if ticket.side is Side.LONG else quote.bid)
        if price is None or opening * price <= free:
            return None
        return TicketRefused(
            TicketRefusal.FUNDS,
            f"{opening:f} {ticket.symbol} take {opening * price:.2f} {self._account.currency}, "
            f"{free:.2f} are free",
        )

    def _clock_refusal(self, now: int) -> TicketRefused | None:
        off_secs = (self._now() - now) / NANOS_PER_SECOND
        if abs(off_secs) <= CLOCK_OFF_SECS:
            return None
        detail = (
            f"this machine's clock is {off_secs:+.1f} s off the market's, expected at most "
            f"{CLOCK_OFF_SECS:g} s: set it by NTP"
        )
        return TicketRefused(TicketRefusal.CLOCK, detail)

    def _hours_refusal(self, symbol: str, now: int) -> TicketRefused | None:
        hours = _hours(self._listed.find(symbol), now)
        if hours is None or not hours.open_ns <= now < hours.close_ns:
            detail = f"{symbol} does not trade at this hour; send it once the session is open"
            return TicketRefused(TicketRefusal.CLOSED, detail)
        if self._tape.is_halted(symbol, now):
            return TicketRefused(TicketRefusal.HALTED, f"the exchange has halted {symbol}")
        return None

    def _exceeded(self, now: int) -> TicketRefused | None:
        """Count one more, and return that the minute has had its share."""
        minute, count = now // _MINUTE_NS, 1
        if self._minute[0] == minute:
            count = self._minute[1] + 1
        self._minute = minute, count
        if count <= self._rate:
            return None
        wait_secs = ((minute + 1) * _MINUTE_NS - now) / NANOS_PER_SECOND
        return TicketRefused(
            TicketRefusal.RATE,
            f"{self._rate} orders and changes a minute are taken: wait {wait_secs:.0f} s",
        )

    async def _advance(self) -> int:
        """Play up to the market's time and return that; orders of a day end with its session."""
        exchange, now = self._exchange, await self._tape.time()
        while (closes := self._next_close(now)) is not None:
            await self._play_to(closes)
            for order in exchange.orders():
                if not order.state.is_over and exchange.in_force(order.order_id) is TimeInForce.DAY:
                    if exchange.order(order.order_id).state.is_over:
                        continue  # with its entry
                    self._write(Canceled(closes, order.order_id, expired=True))
        await self._play_to(now)
        return max(now, exchange.played_ns)

    def _next_close(self, now: int) -> int | None:
        """Return the first close by now at which an order of the day has to end."""
        exchange = self._exchange
        closes: list[int] = []
        for order in exchange.orders():
            if order.state.is_over or exchange.in_force(order.order_id) is not TimeInForce.DAY:
                continue
            hours = _hours(self._listed.find(order.symbol), exchange.played_ns)
            if hours is not None and hours.close_ns <= now:
                closes.append(hours.close_ns)
        return min(closes, default=None)

    async def _play_to(self, until: int) -> None:
        """Play what comes of the symbols with orders; of others nothing can matter."""
        exchange = self._exchange
        start = exchange.played_ns + 1
        if until < start:
            return
        live = sorted(exchange.live_symbols())
        if not live:
            exchange.played_ns = until
            return
        ticks = await self._tape.stretch(live, start, until + 1)
        self._write(Played(until, tuple(row_of(tick) for tick in ticks)))

    def _write(self, line: Line) -> None:
        """Write a line down, then carry it out."""
        self._file.add(line)
        self._exchange.carry_out(line)

    async def _last(self, symbol: str, now: int) -> tuple[Row, ...]:
        return tuple(row_of(tick) for tick in await self._tape.last(symbol, now))

    def _is_listed(self, symbol: str) -> bool:
        return any(each.symbol == symbol for each in self._listed.all())

    def _open(self, order_id: str) -> PlacedOrder | TicketRefused:
        for order in self._exchange.orders():
            if order.order_id == order_id and not order.state.is_over:
                return order
        return TicketRefused(TicketRefusal.NOT_OPEN, f"no order {order_id} of ours is open")

    @property
    def _exchange(self) -> PaperExchange:
        if self._known is None:
            raise ConfigError("the paper market is not open: open it first")
        return self._known


def _account(opened: Opened) -> TradingAccount:
    return TradingAccount(opened.venue, opened.account, opened.currency)


def _quote(rows: Sequence[Row]) -> Quote | None:
    for row in rows:
        if row.ask is not None and row.ask_size is not None:
            return Quote(row.price, row.ask, int(row.size), int(row.ask_size), row.arrived)
    return None


def _hours(instrument: Instrument, ts: int) -> Session | None:
    """Return the session of an instant's day; None where there is none."""
    day = day_of(ts, instrument.calendar)
    return session(day, instrument.calendar) if is_session(day, instrument.calendar) else None
