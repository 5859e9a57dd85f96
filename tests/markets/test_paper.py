"""The paper market alone: its log, its hours, and what a process that begins anew makes of both."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalog import Catalog
from engine.domain.candidate import Side
from engine.domain.errors import ConfigError, DataError
from engine.domain.fixed_point import decimal_price
from engine.domain.markets.instrument import TimeInForce
from engine.domain.markets.market import EventKind, OrderState, PlacedOrder
from engine.domain.session import session
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
from tests.markets.places import PaperPlace, cent
from tests.simulator.server.conftest import DAY

D = Decimal
CLOSE = session(DAY).close_ns


@pytest.fixture
def paper(market: Catalog, busy: str, tmp_path: Path) -> Iterator[PaperPlace]:
    gc.disable()
    yield PaperPlace(market, tmp_path / "paper.jsonl", busy)
    gc.collect()
    gc.enable()


def ticket(symbol: str, name: str, **changes: Any) -> Ticket:
    usual: dict[str, Any] = {"venue": "PAPER", "side": Side.LONG, "symbol": symbol}
    usual |= {"ticket_id": name, "amount": Amount(D(50), Unit.BASE)}
    return Ticket(**(usual | changes))


async def account(paper: PaperPlace) -> tuple[Any, ...]:
    """Return all there is to know of an account, as a process that begins finds it."""
    market = await paper.open()
    try:
        told = market.log.events  # pyright: ignore[reportAttributeAccessIssue]
        money = await market.balances()
        return list(await market.orders()), list(await market.positions()), list(money), list(told)
    finally:
        await market.close_down()


async def traded(paper: PaperPlace) -> None:
    """Trade one bracket and leave another half an hour to come to its end."""
    market = await paper.open()
    quote = await market.quote(paper.symbol)
    assert quote is not None
    ask = decimal_price(quote.ask)
    for name, part in (("T1", D("0.001")), ("T2", D("0.002"))):
        guarded = Protections(take_profit=cent(ask * (1 + part)), stop_loss=cent(ask * (1 - part)))
        answer = await market.submit(ticket(paper.symbol, name, protections=guarded))
        assert isinstance(answer, PlacedOrder), answer
    for _ in range(30):
        await paper.pass_time(60)
        await market.settle()
    await market.close_down()


def test_a_log_that_lost_its_end_leads_to_the_same_account(paper: PaperPlace) -> None:
    async def scene() -> None:
        await traded(paper)
        whole = paper.path.read_bytes()
        expected = await account(paper)
        assert sum(event.kind is EventKind.FILLED for event in expected[3]) >= 3
        asked = whole.rfind(b'"kind":"asked"')
        after = whole.index(b"\n", asked) + 1
        assert after < len(whole)
        cuts = range(after, len(whole), max(1, (len(whole) - after) // 12))
        for cut in cuts:
            paper.path.write_bytes(whole[:cut])
            assert await account(paper) == expected, cut

    asyncio.run(scene())


def test_a_log_that_is_no_log_or_anothers_is_refused(paper: PaperPlace) -> None:
    async def scene() -> None:
        await traded(paper)
        whole = paper.path.read_bytes()
        paper.path.write_bytes(b"{}\n" + whole)
        with pytest.raises(DataError, match=r"line 1 of .*begin anew"):
            await paper.open()
        paper.path.write_bytes(whole.replace(b'"account":"main"', b'"account":"other"', 1))
        with pytest.raises(ConfigError, match="another account"):
            await paper.open()
        paper.path.write_bytes(whole)
        market = await paper.open()
        with pytest.raises(ConfigError, match="end the process"):
            await paper.open()
        await market.close_down()

    asyncio.run(scene())


def test_orders_of_the_day_end_with_its_session_and_others_rest(paper: PaperPlace) -> None:
    async def scene() -> None:
        market = await paper.open()
        for lasting in (TimeInForce.DAY, TimeInForce.GTC):
            entry = Entry(type=OrderType.LIMIT, limit_price=D(1), time_in_force=lasting)
            answer = await market.submit(ticket(paper.symbol, f"T-{lasting}", entry=entry))
            assert isinstance(answer, PlacedOrder)
        paper.now = CLOSE + 3_600 * 10**9
        ends = {order.order_id: order.state for order in await market.orders()}
        assert ends == {"T-day-entry": OrderState.EXPIRED, "T-gtc-entry": OrderState.OPEN}
        (expired,) = [
            event
            for event in market.log.events  # pyright: ignore[reportAttributeAccessIssue]
            if event.kind is EventKind.EXPIRED
        ]
        assert expired.ts == CLOSE
        late = await market.submit(ticket(paper.symbol, "T3"))
        assert isinstance(late, TicketRefused)
        assert late.reason is TicketRefusal.CLOSED
        await market.close_down()
        assert {order.state for order in (await account(paper))[0]} == set(ends.values())

    asyncio.run(scene())


def test_nothing_is_taken_in_a_symbol_that_is_halted(paper: PaperPlace, market: Catalog) -> None:
    halt = next(status for status in market.statuses(DAY) if status.halted)

    async def scene() -> None:
        paper.now = halt.ts_init + 1
        asked = await paper.open()
        answer = await asked.submit(ticket(halt.symbol, "T1"))
        assert isinstance(answer, TicketRefused)
        assert answer.reason is TicketRefusal.HALTED
        await asked.close_down()

    asyncio.run(scene())
