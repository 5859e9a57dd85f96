"""How orders and groups live and die at the look-alike."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.exchange import (
    SIZE_LIMITED,
    Fault,
    Order,
    backtest_fills,
    cancel_all,
    close_all,
    close_position,
)
from tests.simulator.exchange.floor import HOURS, NBBO, PROMPT, TEN, Floor


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.quote(100.00, 100.10)
    floor.print(100.05)
    return floor


def test_a_market_order_is_told_pending_new_new_and_filled(floor: Floor) -> None:
    order = floor.order()

    assert floor.told(order) == ["pending_new", "new", "fill"]
    assert order.filled_avg_price == Decimal("100.10")
    assert (floor.held(), floor.account.cash) == (10, Decimal(98_999))


def test_a_bracket_sleeps_until_its_entry_is_filled_and_then_its_stop_is_held(floor: Floor) -> None:
    entry, target, stop = floor.bracket(type="limit", limit_price="99.50")
    assert [leg.status for leg in (target, stop)] == ["held", "held"]
    assert not target.is_working

    floor.quote(99.30, 99.40)

    assert [each.status for each in (entry, target, stop)] == ["filled", "new", "held"]
    assert floor.told(stop) == []


def test_a_filled_target_cancels_its_stop_without_a_word(floor: Floor) -> None:
    _, target, stop = floor.bracket()
    floor.quote(103.10, 103.20)

    assert (target.status, stop.status) == ("filled", "canceled")
    assert floor.told(stop) == []


def test_siblings_are_told_of_where_that_is_wanted(floor: Floor) -> None:
    floor.exchange.life.tells_siblings = True
    _, _, stop = floor.bracket()
    floor.quote(103.10, 103.20)

    assert floor.told(stop) == ["canceled"]


def test_a_filled_stop_shows_its_target_as_replaced(floor: Floor) -> None:
    _, target, stop = floor.bracket()
    floor.quote(97.50, 97.60)
    assert stop.status == "held"
    floor.print(97.55)

    assert (target.status, stop.status) == ("replaced", "filled")
    assert target.replaced_by == stop.id
    assert stop.filled_avg_price == Decimal("97.50")


def test_a_canceled_entry_takes_its_legs_along_and_a_canceled_leg_its_sibling(floor: Floor) -> None:
    entry, target, stop = floor.bracket(type="limit", limit_price="99")
    floor.cancel(entry)
    assert {each.status for each in (entry, target, stop)} == {"canceled"}

    _, target, stop = floor.bracket()
    floor.cancel(target)
    assert {target.status, stop.status} == {"canceled"}
    assert floor.held() == 10


def test_a_partly_filled_leg_shrinks_its_sibling() -> None:
    floor = Floor(SIZE_LIMITED)
    floor.quote(100.00, 100.10)
    _, target, stop = floor.bracket()
    floor.quote(103.00, 103.10, size=4)

    assert target.status == "partially_filled"
    assert (target.leaves_qty, stop.leaves_qty) == (6, 6)
    floor.quote(97.00, 97.10)
    floor.print(97.05)
    assert stop.filled_qty == 6
    assert floor.held() == 0


def test_an_oco_is_its_target_and_the_stop_below_it(floor: Floor) -> None:
    floor.order()
    target = floor.order(
        side="sell",
        type="limit",
        order_class="oco",
        take_profit={"limit_price": "103"},
        stop_loss={"stop_price": "98", "limit_price": "97.90"},
    )
    (stop,) = floor.legs(target)
    assert (target.type, target.limit_price, target.status) == ("limit", 103, "new")
    assert (stop.type, stop.status) == ("stop_limit", "held")
    assert floor.exchange.accounts.held_for_orders(floor.account.id, "ABC") == 10

    floor.quote(103.00, 103.10)
    assert (target.status, stop.status, floor.held()) == ("filled", "canceled", 0)


def test_an_oto_has_one_exit_and_cannot_be_replaced(floor: Floor) -> None:
    entry = floor.order(
        type="limit", limit_price="99", order_class="oto", stop_loss={"stop_price": "98"}
    )
    assert isinstance(floor.replace(entry, limit_price="99.5"), Fault)

    floor.quote(98.90, 98.95)
    (stop,) = floor.legs(entry)
    assert (entry.status, stop.status, stop.is_working) == ("filled", "held", True)


def test_a_replacement_is_a_new_order_and_the_old_one_names_it(floor: Floor) -> None:
    old = floor.order(type="limit", limit_price="99")
    new = floor.replaced(old, limit_price="99.50", client_order_id="mine")

    assert (old.status, old.replaced_by, new.replaces) == ("replaced", new.id, old.id)
    assert (new.status, new.limit_price, new.client_order_id) == ("new", Decimal("99.50"), "mine")
    assert floor.told(old) == ["pending_new", "new", "pending_replace", "replaced"]
    assert floor.told(new) == ["new"]
    assert floor.exchange.order_by_client_id(floor.account.id, "mine") is new


def test_a_replaced_leg_takes_its_place_in_the_group(floor: Floor) -> None:
    entry, target, stop = floor.bracket()
    moved = floor.replaced(stop, stop_price="99")

    assert floor.legs(entry) == [target, moved]
    assert moved.status == "held"
    floor.print(98.99)
    assert (moved.status, target.status) == ("filled", "replaced")


def test_a_fill_on_the_way_refuses_the_replacement() -> None:
    floor = Floor(backtest_fills("base"))
    floor.quote(100.00, 100.10)
    old = floor.order(type="limit", limit_price="99")
    floor.at(1)
    new = floor.replaced(old, limit_price="98")
    assert (old.status, new.status) == ("pending_replace", "pending_new")
    floor.quote(98.80, 98.90)
    floor.at(2)

    assert (old.status, new.status) == ("filled", "rejected")
    assert floor.told(old)[-1] == "order_replace_rejected"
    assert floor.told(new) == ["rejected"]


def test_a_cancel_that_comes_too_late_is_refused() -> None:
    floor = Floor(backtest_fills("base"))
    floor.quote(100.00, 100.10)
    order = floor.order(type="limit", limit_price="99")
    floor.at(1)
    floor.cancel(order)
    assert order.status == "pending_cancel"
    assert isinstance(floor.cancel(order), Fault)
    floor.quote(98.80, 98.90)
    floor.at(2)

    assert floor.told(order)[-2:] == ["fill", "order_cancel_rejected"]


def test_day_orders_expire_at_the_close_and_gtc_orders_stay(floor: Floor) -> None:
    day = floor.order(type="limit", limit_price="90")
    gtc = floor.order(type="limit", limit_price="91", time_in_force="gtc")
    floor.now = HOURS.close_ns
    floor.exchange.advance(floor.now)

    assert (day.status, day.expired_at, gtc.status) == ("expired", HOURS.close_ns, "new")


def test_an_order_sent_at_night_waits_for_the_open() -> None:
    floor = Floor(start=HOURS.at("08:00"))
    floor.quote(100.00, 100.10)
    order = floor.order()
    early = floor.order(type="limit", limit_price="100.10", extended_hours=True)
    assert (order.status, early.status) == ("accepted", "filled")
    floor.now = HOURS.open_ns
    floor.quote(100.20, 100.30)

    assert order.status == "filled"
    assert floor.told(order) == ["accepted", "new", "fill"]
    assert order.filled_at == HOURS.open_ns


def test_an_opening_order_meets_the_first_print_of_the_day() -> None:
    floor = Floor(PROMPT, start=HOURS.at("09:00"))
    floor.quote(100.00, 100.10)
    near = floor.order(time_in_force="opg", type="limit", limit_price="101")
    far = floor.order(time_in_force="opg", type="limit", limit_price="99")
    floor.now = HOURS.open_ns + 5
    floor.print(100.07)

    assert (near.status, far.status) == ("filled", "canceled")
    floor.now = HOURS.at("11:00")
    assert isinstance(floor.send(time_in_force="opg"), Fault)


def test_a_closing_order_fills_at_the_close(floor: Floor) -> None:
    order = floor.order(time_in_force="cls")
    assert order.status == "new"
    floor.now = HOURS.close_ns - 1
    floor.print(101.00)
    floor.now = HOURS.close_ns
    floor.exchange.advance(floor.now)

    assert (order.status, order.filled_at) == ("filled", HOURS.close_ns)


def test_ioc_and_fok_do_not_wait() -> None:
    floor = Floor(SIZE_LIMITED)
    floor.quote(100.00, 100.10, size=4)
    killed = floor.order(type="limit", limit_price="100.10", time_in_force="fok")
    some = floor.order(type="limit", limit_price="100.10", time_in_force="ioc")

    assert (killed.status, killed.filled_qty) == ("canceled", 0)
    assert (some.status, some.filled_qty) == ("canceled", 4)


def test_a_trailing_stop_follows_the_best_print(floor: Floor) -> None:
    floor.order()
    stop = floor.order(side="sell", type="trailing_stop", trail_percent="1", time_in_force="gtc")
    floor.print(102.00)
    assert (stop.hwm, stop.stop_price) == (102, Decimal("100.98"))
    floor.print(101.50)
    assert stop.stop_price == Decimal("100.98")
    floor.print(100.90)

    assert stop.status == "filled"


def test_a_stop_limit_waits_at_its_limit_once_elected(floor: Floor) -> None:
    floor.order()
    order = floor.order(side="sell", type="stop_limit", stop_price="99", limit_price="98.90")
    floor.quote(98.00, 98.10)
    floor.print(98.05)
    assert order.status == "new"
    floor.quote(98.95, 99.05)

    assert order.filled_avg_price == Decimal("98.95")


def test_an_order_by_notional_buys_fractions(floor: Floor) -> None:
    order = floor.order(notional="1000")

    assert order.qty is None
    assert order.status == "filled"
    assert floor.held() == Decimal("9.990009990")
    assert floor.account.cash == 100_000 - Decimal("9.990009990") * Decimal("100.10")


def test_on_paper_one_order_in_ten_is_filled_in_parts() -> None:
    floor = Floor(NBBO, cash="10000000")
    floor.quote(100.00, 100.10)
    for _ in range(200):
        floor.order(qty="7")
    partly = {event.order.id for event in floor.events if event.event == "partial_fill"}
    assert 8 <= len(partly) <= 35
    for _ in range(20):
        floor.quote(100.00, 100.10)

    assert floor.held() == 1_400


def test_a_halted_stock_waits_at_the_quote_and_refuses_as_in_a_backtest(floor: Floor) -> None:
    floor.halt()
    order = floor.order()
    floor.quote(100.00, 100.20)
    assert order.status == "new"
    floor.halt(halted=False)
    floor.quote(100.00, 100.30)
    assert order.filled_avg_price == Decimal("100.30")

    backtest_floor = Floor(PROMPT)
    backtest_floor.quote(100.00, 100.10)
    backtest_floor.halt()
    entry, target, stop = backtest_floor.bracket()
    assert {each.status for each in (entry, target, stop)} == {"rejected"}


def test_everything_can_be_canceled_and_closed_at_once(floor: Floor) -> None:
    floor.bracket()
    floor.order(type="limit", limit_price="90")
    canceled = cancel_all(floor.exchange, floor.account.id, floor.now)
    floor.at(1)
    assert len(canceled) == 3
    assert all(isinstance(each.answer, Order) for each in canceled)
    assert not floor.exchange.state.open_ids

    (all_of_it,) = close_all(floor.exchange, floor.account.id, floor.now)
    assert isinstance(all_of_it.answer, Order)
    floor.at(2)
    assert floor.held() == 0

    floor.bracket()
    (held,) = close_all(floor.exchange, floor.account.id, floor.now)
    assert isinstance(held.answer, Fault)
    close_all(floor.exchange, floor.account.id, floor.now, cancel_orders=True)
    floor.at(3)
    assert (floor.held(), floor.exchange.watched.symbols()) == (0, set())


def test_a_part_of_a_position_can_be_closed(floor: Floor) -> None:
    floor.order()
    close_position(floor.exchange, floor.account.id, "ABC", floor.now, percentage="50")
    floor.at(1)
    assert floor.held() == 5
    close_position(floor.exchange, floor.account.id, "ABC", floor.now, qty="2")
    floor.at(2)
    assert floor.held() == 3
    assert isinstance(
        close_position(floor.exchange, floor.account.id, "ABC", floor.now, qty="nan"), Fault
    )


def test_a_close_makes_todays_equity_yesterdays(floor: Floor) -> None:
    floor.order()
    floor.print(101.00)
    floor.now = HOURS.close_ns + 1
    floor.exchange.advance(floor.now)

    assert floor.account.last_equity == Decimal(100_009)
    assert floor.account.balance_asof == "2026-09-18"
    assert floor.now > TEN
