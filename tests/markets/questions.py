"""Questions to a market, and its answers, as the tests of every market put them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from engine.decision.tickets.size import SizingRules
from engine.domain.candidate import Side
from engine.domain.fixed_point import decimal_price
from engine.domain.market_data.quotes import Quote
from engine.domain.markets.market import EventKind, Market, MarketEvent, OrderState, PlacedOrder
from engine.domain.ticket import (
    Amount,
    Entry,
    OrderType,
    Protections,
    Ticket,
    TicketRefusal,
    TicketRefused,
    Unit,
)
from tests.markets.places import QUOTES, Place, cent

D = Decimal


@asynccontextmanager
async def opened(place: Place, rules: SizingRules = QUOTES) -> AsyncIterator[Market]:
    """Yield a market as a process that begins has it, and end that process."""
    market = await place.open(rules)
    try:
        yield market
    finally:
        await market.close_down()


async def quoted(place: Place, market: Market) -> Quote:
    """Return a quote that is fresh, once there is one."""
    for _ in range(60):
        quote = await market.quote(place.symbol)
        if quote is not None and quote.bid < quote.ask:
            return quote
        await place.pass_time(5)
    raise AssertionError("no quote within five minutes")


async def resting(place: Place, market: Market) -> tuple[Quote, Decimal]:
    """Send a limit order, T1, far below the market; return the quote and the limit."""
    quote = await quoted(place, market)
    low = cent(decimal_price(quote.bid) * D("0.8"))
    entry = Entry(type=OrderType.LIMIT, limit_price=low)
    placed(await market.submit(ticket(place, market, "T1", entry=entry)))
    await place.pass_time(1)
    return quote, low


async def until(
    place: Place, market: Market, is_so: Callable[[], Awaitable[Any]], *, secs: float = 5
) -> None:
    """Let the market's time go on until something is so, at most an hour."""
    for _ in range(round(3_600 / secs)):
        await market.settle()
        if await is_so():
            return
        await place.pass_time(secs)
    raise AssertionError([str(order) for order in await market.orders()])


async def state(market: Market, name: str) -> OrderState:
    return (await by_id(market))[name].state


async def by_id(market: Market) -> dict[str, PlacedOrder]:
    return {order.order_id: order for order in await market.orders()}


def ticket(place: Place, market: Market, name: str, **changes: Any) -> Ticket:
    usual = {"side": Side.LONG, "amount": Amount(D(10), Unit.BASE)}
    return Ticket(ticket_id=name, venue=market.venue, symbol=place.symbol, **(usual | changes))


def placed(answer: PlacedOrder | TicketRefused) -> PlacedOrder:
    assert isinstance(answer, PlacedOrder), answer
    return answer


def refused(answer: PlacedOrder | TicketRefused) -> TicketRefusal:
    assert isinstance(answer, TicketRefused), answer
    assert answer.detail
    return answer.reason


def around(quote: Quote, share: str) -> Protections:
    """Return protections so far around a quote."""
    ask, part = decimal_price(quote.ask), D(share)
    return Protections(take_profit=cent(ask * (1 + part)), stop_loss=cent(ask * (1 - part)))


async def filled(place: Place, market: Market, name: str) -> None:
    async def is_so() -> bool:
        return await state(market, name) is OrderState.FILLED

    await until(place, market, is_so)


async def heard(market: Market, after: int = 0) -> list[MarketEvent]:
    """Return the events that are there by now."""
    await market.settle()
    found: list[MarketEvent] = []
    follow = market.events(after)
    while True:
        try:
            async with asyncio.timeout(0.2):
                found.append(await anext(follow))
        except TimeoutError:
            return found


def kinds(events: list[MarketEvent], name: str) -> list[EventKind]:
    return [event.kind for event in events if event.order_id == name]
