"""One history comes out, however the venue tells of it: late, twice, in pieces, or not at all."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.alpaca.orders.events import Adopted, Filled, Foreign, Stray, Updated
from adapters.alpaca.orders.ids import OrderIds
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.wire.trading import TradeUpdate
from tests.adapters.alpaca.orders.venue_orders import (
    BRACKET,
    ENTRY,
    ENTRY_ID,
    IDS,
    STOP,
    STOP_LEG,
    T0,
    TARGET,
    TARGET_ID,
    TARGET_LEG,
    activity,
    after,
    fill,
    kinds,
    live_bracket,
    sent_bracket,
    update,
    venue_order,
)

NEW = update("new", after(BRACKET, 1, status="new"))
FILLS = (
    fill(BRACKET, 30, 30, "100.00"),
    fill(BRACKET, 50, 80, "99.99"),
    fill(BRACKET, 20, 100, "99.98"),
)


def test_the_answer_accepts_a_bracket_with_both_legs_by_their_types() -> None:
    own = sent_bracket()
    news = list(own.answered(ENTRY, BRACKET))
    assert kinds(news) == [("Accepted", ENTRY), ("Accepted", TARGET), ("Accepted", STOP)]
    assert own.known.find(TARGET_ID) is own.orders[TARGET]


@given(st.lists(st.sampled_from((NEW, *FILLS)), max_size=12), st.integers(0, 12))
def test_updates_in_any_order_and_number_tell_each_execution_once(
    told: list[TradeUpdate], answer_at: int
) -> None:
    own, news = sent_bracket(), []
    for n, one in enumerate([*told, *FILLS]):
        if n == answer_at:
            news += own.answered(ENTRY, BRACKET)
        news += own.take(one)
    news += own.answered(ENTRY, BRACKET)
    filled = [one for one in news if isinstance(one, Filled)]
    assert sorted(one.quantity for one in filled) == [20, 30, 50]
    assert len({one.trade_id for one in filled}) == 3
    assert all(len(one.trade_id) <= 36 for one in filled)
    assert kinds(news).count(("Accepted", ENTRY)) == 1
    assert own.orders[ENTRY].is_closed
    assert own.orders[ENTRY].value == Decimal(3000) + Decimal("4999.5") + Decimal("1999.6")


@given(st.permutations(range(3)), st.integers(0, 3))
def test_stream_and_activities_tell_the_same_executions_by_the_same_ids(
    order: list[int], by_stream: int
) -> None:
    activities = (
        activity(BRACKET, 30, 30, "100.00"),
        activity(BRACKET, 50, 80, "99.99"),
        activity(BRACKET, 20, 100, "99.98"),
    )
    streamed, mixed = sent_bracket(), sent_bracket()
    for own in (streamed, mixed):
        list(own.answered(ENTRY, BRACKET))
    heard = [one for each in FILLS for one in streamed.take(each)]
    expected = {one.trade_id for one in heard if isinstance(one, Filled)}
    told = [one for n in order[:by_stream] for one in mixed.take(FILLS[n])]
    told += [one for each in activities for one in mixed.book(each)]
    assert [one.trade_id for one in told if isinstance(one, Filled)] != []
    assert {one.trade_id for one in told if isinstance(one, Filled)} == expected


def test_an_update_before_the_answer_finds_its_order_and_a_leg_waits_for_it() -> None:
    own = sent_bracket()
    early = fill(TARGET_LEG, 100, 100, "103.00")
    assert kinds(list(own.take(FILLS[0]))) == [("Accepted", ENTRY), ("Filled", ENTRY)]
    assert list(own.take(early)) == []
    news = kinds(list(own.answered(ENTRY, BRACKET)))
    assert news == [("Accepted", TARGET), ("Accepted", STOP), ("Filled", TARGET)]


def test_executions_nobody_told_of_are_made_up_from_the_sum() -> None:
    own = sent_bracket()
    list(own.answered(ENTRY, BRACKET))
    list(own.take(FILLS[1]))
    average = Decimal("99.9910")
    done = after(BRACKET, 200, status="filled", filled_qty=Decimal(100), filled_avg_price=average)
    assert list(own.see(done)) == []
    assert own.known.misses_fills() == [own.orders[ENTRY]]
    (made,) = own.make_up(own.orders[ENTRY])
    assert isinstance(made, Filled)
    assert (made.quantity, made.price) == (50, Decimal("99.992"))
    assert not own.known.misses_fills()
    assert [list(own.take(each)) for each in FILLS] == [[], [], []]


def test_an_end_waits_for_the_executions_before_it() -> None:
    own = sent_bracket()
    list(own.answered(ENTRY, BRACKET))
    canceled = after(BRACKET, 9, status="canceled", filled_qty=Decimal(30), canceled_at=T0 + 9)
    assert list(own.take(update("canceled", canceled))) == []
    assert kinds(list(own.take(FILLS[0]))) == [("Filled", ENTRY), ("Canceled", ENTRY)]


def test_the_leg_that_lost_is_looked_up_and_found_canceled() -> None:
    own = live_bracket()
    assert own.looks == set()
    assert kinds(list(own.take(fill(TARGET_LEG, 100, 100, "103.00")))) == [("Filled", TARGET)]
    assert own.looks == {ENTRY_ID}
    legs = (after(TARGET_LEG, 5, status="filled", filled_qty=Decimal(100)),
            after(STOP_LEG, 5, status="canceled", canceled_at=T0 + 5))  # fmt: skip
    seen = after(BRACKET, 5, status="filled", filled_qty=Decimal(100), legs=legs)
    assert kinds(list(own.see(seen))) == [("Canceled", STOP)]


def test_a_target_replaced_by_its_stop_is_canceled() -> None:
    own = live_bracket()
    list(own.take(fill(STOP_LEG, 100, 100, "97.90")))
    legs = (after(TARGET_LEG, 5, status="replaced", replaced_by=STOP_LEG.id), STOP_LEG)
    seen = after(BRACKET, 5, status="filled", filled_qty=Decimal(100), legs=legs)
    assert kinds(list(own.see(seen))) == [("Canceled", TARGET)]


def test_a_partly_filled_leg_shrinks_the_other() -> None:
    own = live_bracket()
    list(own.take(fill(TARGET_LEG, 40, 40, "103.00")))
    legs = (after(TARGET_LEG, 40, status="partially_filled", filled_qty=Decimal(40)),
            after(STOP_LEG, 5, qty=Decimal(60)))  # fmt: skip
    (shrunk,) = own.see(after(BRACKET, 5, status="filled", filled_qty=Decimal(100), legs=legs))
    assert isinstance(shrunk, Updated)
    assert (shrunk.client_order_id, shrunk.quantity) == (STOP, 60)


MOVED_ID = str(UUID(int=9))
MOVED = venue_order(
    MOVED_ID,
    client_order_id=IDS.venue_id(STOP, 1),
    type="stop",
    stop_price=Decimal(99),
    replaces=STOP_LEG.id,
    status="pending_new",
)


def test_a_replaced_stop_takes_fills_on_both_its_ids_and_ignores_the_end_of_the_old() -> None:
    own = live_bracket()
    replacement = own.replacing(STOP)
    assert replacement.venue_client_id == f"r1.0.{STOP}~1"
    (updated,) = own.replaced(STOP, replacement, MOVED)
    assert isinstance(updated, Updated)
    assert (updated.venue_order_id, updated.trigger_price) == (MOVED_ID, 99)
    old = after(STOP_LEG, 3, status="replaced", replaced_by=MOVED_ID)
    assert list(own.take(update("replaced", old))) == []
    assert list(own.take(update("new", after(MOVED, 3, status="held")))) == []
    late = fill(replace(STOP_LEG, status="replaced"), 40, 40, "98.00")
    assert kinds(list(own.take(late))) == [("Filled", STOP)]
    rest = fill(replace(MOVED, qty=Decimal(60)), 60, 60, "98.90")
    assert kinds(list(own.take(rest))) == [("Filled", STOP)]
    assert own.orders[STOP].is_closed


def test_a_replacement_seen_before_its_answer_is_told_once() -> None:
    own = live_bracket()
    replacement = own.replacing(STOP)
    old = after(STOP_LEG, 3, status="replaced", replaced_by=MOVED_ID)
    assert list(own.take(update("replaced", old))) == []
    assert kinds(list(own.take(update("new", MOVED)))) == [("Updated", STOP)]
    assert list(own.replaced(STOP, replacement, MOVED)) == []


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_stop_that_fills_while_it_is_replaced_stays_what_it_was(*, is_answered: bool) -> None:
    own, news = live_bracket(), []
    replacement = own.replacing(STOP)
    if is_answered:
        news += own.replaced(STOP, replacement, MOVED)
    news += own.take(fill(STOP_LEG, 100, 100, "97.90"))
    filled = after(STOP_LEG, 100, status="filled", filled_qty=Decimal(100))
    news += own.take(update("order_replace_rejected", filled))
    news += own.take(update("rejected", after(MOVED, 100, status="rejected")))
    if not is_answered:
        news += own.replaced(STOP, replacement, MOVED)
    told = [("Updated", STOP)] if is_answered else []
    assert kinds(news) == [*told, ("Filled", STOP)]
    assert own.orders[STOP].is_closed


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_refused_replacement_leaves_the_stop_where_it_was(*, is_answered: bool) -> None:
    own, news = live_bracket(), []
    replacement = own.replacing(STOP)
    if is_answered:
        list(own.replaced(STOP, replacement, MOVED))
    news += own.take(update("order_replace_rejected", after(STOP_LEG, 5)))
    news += own.take(update("rejected", after(MOVED, 5, status="rejected")))
    if is_answered:
        (back,) = news
        assert isinstance(back, Updated)
        assert (back.venue_order_id, back.trigger_price) == (STOP_LEG.id, 98)
    else:
        assert kinds(news) == [("ModifyRejected", STOP)]
        assert list(own.replaced(STOP, replacement, MOVED)) == []
    assert own.orders[STOP].is_open


def test_a_restart_knows_its_orders_by_run_whatever_the_epoch() -> None:
    own = OwnOrders(OrderIds("r1"))
    legs = (TARGET_LEG, replace(MOVED, status="held"))
    seen = after(BRACKET, 5, status="filled", filled_qty=Decimal(100), legs=legs)
    news = list(own.see(seen))
    news += own.book(activity(BRACKET, 100, 100, "100.00"))
    assert kinds(news)[-1] == ("Filled", ENTRY)
    stop = own.orders[STOP]
    assert (stop.parent, own.known.venue_id(stop), stop.trigger_price) == (ENTRY, MOVED_ID, 99)
    assert own.replacing(STOP).venue_client_id == f"r1.0.{STOP}~2"
    assert own.known.held("AAPL") == 100


def test_an_order_of_an_earlier_epoch_that_comes_to_light_later_is_told_of() -> None:
    own = OwnOrders(OrderIds("r1"))
    own.tells_adopted = True
    assert any(isinstance(one, Adopted) for one in own.take(NEW))


def test_an_order_given_up_that_lives_after_all_must_be_canceled() -> None:
    own = sent_bracket()
    refused = kinds(list(own.given_up(ENTRY, "never arrived", T0)))
    assert refused == [("Rejected", ENTRY), ("Rejected", STOP), ("Rejected", TARGET)]
    assert [type(one) for one in own.take(NEW)] == [Stray]


def test_an_order_of_somebody_else_is_told_once_and_never_taken() -> None:
    own = live_bracket()
    theirs = venue_order(str(UUID(int=77)), symbol="MSFT", side="buy", type="market", status="new")
    (told,) = own.take(update("new", theirs))
    assert isinstance(told, Foreign)
    assert told.symbol == "MSFT"
    assert list(own.take(fill(theirs, 100, 100, "400"))) == []
    assert own.foreign == {}


def test_what_is_unknown_is_skipped_and_counted() -> None:
    own = live_bracket()
    assert list(own.take(update("levitated", STOP_LEG))) == []
    assert list(own.take(update("new", replace(STOP_LEG, status="levitating")))) == []
    assert own.skipped == 2


@pytest.mark.parametrize(
    ("event", "status"), [("canceled", "canceled_under_review"), ("set_aside", "canceled")]
)
def test_an_update_that_is_not_understood_is_looked_up(event: str, status: str) -> None:
    own = live_bracket()
    list(own.take(update(event, after(BRACKET, 1, status=status))))
    assert own.looks == {ENTRY_ID}
    assert own.skipped == 1
