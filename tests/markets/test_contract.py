"""What every market does, whoever stands behind it: one account, tickets, time that passes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from decimal import Decimal

import pytest

from engine.decision.tickets.size import SizingRules
from engine.domain.candidate import Side
from engine.domain.fixed_point import decimal_price
from engine.domain.markets.instrument import TimeInForce
from engine.domain.markets.market import EventKind, MarketEvent, OrderState, PlacedOrder
from engine.domain.ticket import (
    Amount,
    Entry,
    OrderType,
    Protections,
    Ticket,
    TicketRefusal,
    Unit,
)
from tests.markets.places import CASH, QUOTES, Place, cent
from tests.markets.questions import (
    around,
    by_id,
    filled,
    heard,
    kinds,
    opened,
    placed,
    quoted,
    refused,
    resting,
    state,
    ticket,
    until,
)

D = Decimal


def test_it_says_what_it_is_and_what_can_be_traded(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            listed = {each.symbol: each for each in await market.instruments()}
            stock = listed[place.symbol]
            assert stock.key == f"{place.symbol}.{market.venue}"
            assert list(listed) == sorted(listed)
            can = await market.capabilities()
            assert {OrderType.MARKET, OrderType.LIMIT, OrderType.STOP} <= set(can.order_types)
            quote = await quoted(place, market)
            assert stock.prices.versions
            assert 0 < quote.bid < quote.ask
            assert await market.quote("NOSUCH") is None
            (balance,) = await market.balances()
            assert (balance.cash, balance.free) == (CASH, CASH)
            assert not await market.orders()
            assert not await market.positions()

    asyncio.run(scene())


def test_each_order_type_is_taken_as_it_is_said_or_refused_as_unsupported(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            quote = await quoted(place, market)
            can = await market.capabilities()
            bid, ask = cent(decimal_price(quote.bid)), cent(decimal_price(quote.ask))
            low, high = cent(bid * D("0.8")), cent(ask * D("1.2"))
            entries = {
                OrderType.MARKET: Entry(),
                OrderType.LIMIT: Entry(type=OrderType.LIMIT, limit_price=low),
                OrderType.STOP: Entry(type=OrderType.STOP, stop_price=high),
                OrderType.STOP_LIMIT: Entry(
                    type=OrderType.STOP_LIMIT, stop_price=high, limit_price=high
                ),
                OrderType.TRAILING_STOP: Entry(type=OrderType.TRAILING_STOP, trail_percent=D(5)),
            }
            assert set(entries) == set(OrderType)
            for n, (kind, entry) in enumerate(entries.items()):
                answer = await market.submit(ticket(place, market, f"T{n}", entry=entry))
                if kind not in can.order_types:
                    assert refused(answer) is TicketRefusal.UNSUPPORTED
                    continue
                order = placed(answer)
                assert (order.order_id, order.type) == (f"T{n}-entry", kind)
                assert order.state in {OrderState.OPEN, OrderState.FILLED}
                assert order.limit_price == entry.limit_price
            for lasting in TimeInForce:
                entry = Entry(type=OrderType.LIMIT, limit_price=low, time_in_force=lasting)
                answer = await market.submit(ticket(place, market, f"L-{lasting}", entry=entry))
                is_known = lasting in can.time_in_force
                assert isinstance(answer, PlacedOrder) is is_known, answer

    asyncio.run(scene())


def test_a_bracket_sleeps_behind_its_entry_and_one_leg_ends_the_other(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            quote = await quoted(place, market)
            asked = ticket(place, market, "T1", protections=around(quote, "0.001"))
            placed(await market.submit(asked))
            await filled(place, market, "T1-entry")
            found = await by_id(market)
            assert found["T1-stop_loss"].stop_price == asked.protections.stop_loss
            assert found["T1-take_profit"].limit_price == asked.protections.take_profit
            (held,) = await market.positions()
            assert (held.symbol, held.quantity) == (place.symbol, 10)

            async def is_flat() -> bool:
                return not await market.positions()

            await until(place, market, is_flat, secs=30)
            await market.settle()
            ends = {each.state for each in (await by_id(market)).values()}
            assert ends == {OrderState.FILLED, OrderState.CANCELED}
            (balance,) = await market.balances()
            events = await heard(market)
            fills = [each for each in events if each.kind is EventKind.FILLED]
            spent = sum(
                (each.quantity or D(0))
                * (each.price or D(0))
                * (1 if each.order_id == "T1-entry" else -1)
                for each in fills
            )
            assert balance.cash == CASH - spent
            assert [each.seq for each in events] == list(range(1, len(events) + 1))

    asyncio.run(scene())


def test_an_order_is_amended_and_canceled_and_nothing_else_is(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            _, low = await resting(place, market)
            off = await market.amend("T1-entry", limit_price=low + D("0.001"))
            assert refused(off) is TicketRefusal.OFF_GRID
            lower = low - 1
            assert placed(await market.amend("T1-entry", limit_price=lower)).limit_price == lower
            await place.pass_time(1)
            await market.settle()
            placed(await market.cancel("T1-entry"))

            async def is_over() -> bool:
                return await state(market, "T1-entry") is OrderState.CANCELED

            await until(place, market, is_over)
            for answer in (
                await market.cancel("T1-entry"),
                await market.amend("T1-entry", limit_price=low),
                await market.cancel("T9-entry"),
            ):
                assert refused(answer) is TicketRefusal.NOT_OPEN
            told = kinds(await heard(market), "T1-entry")
            assert told[0] is EventKind.ACCEPTED
            assert EventKind.UPDATED in told
            assert told[-1] is EventKind.CANCELED

    asyncio.run(scene())


def test_closing_ends_the_position_and_what_protects_it_once(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            quote = await quoted(place, market)
            asked = ticket(place, market, "T1", protections=around(quote, "0.2"))
            placed(await market.submit(asked))
            await filled(place, market, "T1-entry")
            for _ in range(2):
                placed(await market.close("T1", place.symbol))
            await filled(place, market, "T1-exit")
            await market.settle()
            assert not await market.positions()
            found = await by_id(market)
            legs = {found[f"T1-{leg}"].state for leg in ("stop_loss", "take_profit")}
            assert legs == {OrderState.CANCELED}
            assert len(found) == 4
            again = await market.close("T2", place.symbol)
            assert refused(again) is TicketRefusal.NOT_HELD

    asyncio.run(scene())


def test_a_limit_is_filled_in_parts_that_add_up(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            quote = await quoted(place, market)
            ask = cent(decimal_price(quote.ask))
            most = D(5_000)
            assert most > quote.ask_size
            entry = Entry(type=OrderType.LIMIT, limit_price=ask)
            amount = Amount(most, Unit.BASE)
            placed(await market.submit(ticket(place, market, "T1", entry=entry, amount=amount)))

            async def is_partly() -> bool:
                order = (await by_id(market))["T1-entry"]
                return 0 < order.filled < order.quantity

            await until(place, market, is_partly, secs=1)
            order = (await by_id(market))["T1-entry"]
            assert order.state is OrderState.OPEN
            (held,) = await market.positions()
            assert held.quantity == order.filled
            fills = [
                each.quantity or D(0)
                for each in await heard(market)
                if each.kind is EventKind.FILLED
            ]
            assert sum(fills) == order.filled

    asyncio.run(scene())


def test_what_it_cannot_do_it_refuses_with_a_reason(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            quote = await quoted(place, market)
            ask = cent(decimal_price(quote.ask))
            huge = Amount(D(100_000_000), Unit.BASE)
            upside_down = Protections(take_profit=ask - 1, stop_loss=ask + 1)
            one_sided = Protections(stop_loss=ask - 1)
            odd = Entry(type=OrderType.LIMIT, limit_price=ask + D("0.001"))
            usual = ticket(place, market, "T1")
            cases = {
                TicketRefusal.FUNDS: {"amount": huge},
                TicketRefusal.PROTECTION: {"protections": upside_down},
                TicketRefusal.UNSUPPORTED: {"protections": one_sided},
                TicketRefusal.OFF_GRID: {"entry": odd},
                TicketRefusal.UNKNOWN_SYMBOL: {"symbol": "NOSUCH"},
                TicketRefusal.WRONG_MARKET: {"venue": "ELSEWHERE"},
                TicketRefusal.TOO_SMALL: {"amount": Amount(D("0.5"), Unit.BASE)},
                TicketRefusal.NOT_HELD: {"reduce_only": True, "side": Side.SHORT},
            }
            for reason, changes in cases.items():
                asked = Ticket(
                    **({n: getattr(usual, n) for n in usual.__struct_fields__} | changes)
                )
                answer = await market.submit(asked)
                assert refused(answer) is reason, answer
            assert not await market.positions()
            open_ones = [each for each in await market.orders() if not each.state.is_over]
            assert open_ones == []
            placed(await market.submit(usual))  # a refused ticket may be given again, mended

    asyncio.run(scene())


def test_a_ticket_is_one_order_however_often_and_by_whom_it_is_given(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            await quoted(place, market)
            asked = ticket(place, market, "T1")
            answers = await asyncio.gather(*(market.submit(asked) for _ in range(3)))
            assert {placed(each).order_id for each in answers} == {"T1-entry"}
            await filled(place, market, "T1-entry")
        async with opened(place) as market:
            again = placed(await market.submit(asked))
            assert again.state is OrderState.FILLED
            assert len(await market.orders()) == 1
            (held,) = await market.positions()
            assert held.quantity == 10

    asyncio.run(scene())


def test_a_fill_while_nobody_listens_is_known_afterwards(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            quote, _ = await resting(place, market)
            await market.settle()
            seen = len(await heard(market))
            high = cent(decimal_price(quote.ask) * D("1.1"))
            placed(await market.amend("T1-entry", limit_price=high))
            await place.cut()
            await place.pass_time(120)
            await filled(place, market, "T1-entry")
            told = kinds(await heard(market, seen), "T1-entry")
            assert told[-1] is EventKind.FILLED

    asyncio.run(scene())


def test_whoever_begins_anew_finds_orders_and_positions_under_our_ids(place: Place) -> None:
    async def scene() -> None:
        events: list[MarketEvent] = []

        async def restarted() -> dict[str, PlacedOrder]:
            """Compare what a process that ends has with what the next one finds."""
            nonlocal events
            async with opened(place) as market:
                before, held = await by_id(market), await market.positions()
                replays = (await market.capabilities()).fills_replayed
                told = await heard(market)
            async with opened(place) as market:
                assert await by_id(market) == before
                assert await market.positions() == held
                again = await heard(market)
            assert again == told if replays else not again
            events = told
            return before

        assert await restarted() == {}
        async with opened(place) as market:
            quote = await quoted(place, market)
            low = cent(decimal_price(quote.bid) * D("0.8"))
            entry = Entry(type=OrderType.LIMIT, limit_price=low)
            guarded = Protections(take_profit=cent(low * 2), stop_loss=cent(low / 2))
            placed(
                await market.submit(ticket(place, market, "T1", entry=entry, protections=guarded))
            )
        waiting = await restarted()
        assert set(waiting) == {"T1-entry", "T1-stop_loss", "T1-take_profit"}
        async with opened(place) as market:
            await place.pass_time(1)
            placed(await market.amend("T1-entry", limit_price=cent(low * D("1.5"))))
            await filled(place, market, "T1-entry")
        assert (await restarted())["T1-stop_loss"].state is OrderState.OPEN
        async with opened(place) as market:
            stop = cent(low / 3)
            placed(await market.amend("T1-stop_loss", stop_price=stop))
            await place.pass_time(1)
            await market.settle()
        assert (await restarted())["T1-stop_loss"].stop_price == stop
        async with opened(place) as market:
            placed(await market.close("T1", place.symbol))
            await filled(place, market, "T1-exit")
        assert all(order.state.is_over for order in (await restarted()).values())

    asyncio.run(scene())


def send_and_be_killed(*arguments: str) -> None:
    """Have another process send a protected ticket, and kill it as soon as it has."""
    command = [sys.executable, "-m", "tests.markets.killed_holder", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "sent\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def test_protection_rests_without_us_after_our_process_was_killed(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            quote = await quoted(place, market)
        guarded = around(quote, "0.001")
        legs = [place.symbol, str(guarded.take_profit), str(guarded.stop_loss)]
        await asyncio.to_thread(send_and_be_killed, place.described(), *legs)
        await place.pass_time(3_600)  # nobody is there while the market comes to one of the legs
        async with opened(place) as market:
            await market.settle()
            found = await by_id(market)
            assert found["T1-entry"].state is OrderState.FILLED
            legs_end = {found[f"T1-{leg}"].state for leg in ("stop_loss", "take_profit")}
            assert legs_end == {OrderState.FILLED, OrderState.CANCELED}
            assert not await market.positions()

    asyncio.run(scene())


def test_money_is_made_shares_by_a_fresh_quote_and_never_costs_more(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            quote = await quoted(place, market)
            ask = decimal_price(quote.ask)
            money = Amount(D(5_000), Unit.QUOTE, "USD")
            order = placed(await market.submit(ticket(place, market, "T1", amount=money)))
            assert order.quantity == 5_000 // (ask * (1 + QUOTES.slippage))
            part = Amount(D(10), Unit.PERCENT)
            (balance,) = await market.balances()
            quote = await quoted(place, market)
            order = placed(await market.submit(ticket(place, market, "T2", amount=part)))
            worth = order.quantity * decimal_price(quote.ask)
            assert D("0.05") * balance.cash < worth <= D("0.1") * balance.free
            small = Amount(D(1), Unit.QUOTE)
            answer = await market.submit(ticket(place, market, "T3", amount=small))
            assert refused(answer) is TicketRefusal.TOO_SMALL
            euros = Amount(D(5_000), Unit.QUOTE, "EUR")
            answer = await market.submit(ticket(place, market, "T4", amount=euros))
            assert refused(answer) is TicketRefusal.UNSUPPORTED
        async with opened(place, SizingRules(stale_quote_secs=-1e9)) as market:
            answer = await market.submit(ticket(place, market, "T5", amount=money))
            assert refused(answer) is TicketRefusal.NO_QUOTE

    asyncio.run(scene())


def test_too_many_requests_are_refused_or_wait_and_never_made_two(place: Place) -> None:
    async def scene() -> None:
        async with opened(place) as market:
            await quoted(place, market)
            asked = ticket(place, market, "T1")
            await place.exhaust(market)
            answer = await market.submit(asked)
            if place.refuses_when_exhausted:
                assert refused(answer) is TicketRefusal.RATE
                await place.pass_time(61)
                await quoted(place, market)
                answer = await market.submit(asked)
            placed(answer)
            await place.calm()
            assert [order.order_id for order in await market.orders()] == ["T1-entry"]

    asyncio.run(scene())


@pytest.mark.parametrize("hours", [-1, 1])
def test_nothing_is_sent_by_a_clock_that_is_off_the_markets(place: Place, hours: int) -> None:
    async def scene() -> None:
        place.skew_ns = hours * 3_600 * 10**9
        async with opened(place) as market:
            answer = await market.submit(ticket(place, market, "T1"))
            assert refused(answer) is TicketRefusal.CLOCK
            assert "NTP" in str(answer)
            place.skew_ns = 0
            placed(await market.submit(ticket(place, market, "T1")))

    asyncio.run(scene())
