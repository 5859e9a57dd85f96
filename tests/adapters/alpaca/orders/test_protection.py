"""What covers a share and what does not, told by positions and open orders alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.alpaca.orders.protection import attested
from adapters.alpaca.wire.rest import VenueOrder, VenuePosition
from engine.domain.markets.attested import LegRole, Protection
from tests.adapters.alpaca.orders.venue_orders import BRACKET, STOP_LEG, TARGET_LEG

LIVE_STOP = replace(STOP_LEG, status="held")
LIVE_TARGET = replace(TARGET_LEG, status="new")


def position(qty: int = 100, symbol: str = "AAPL") -> VenuePosition:
    side = "long" if qty > 0 else "short"
    return VenuePosition(symbol=symbol, qty=Decimal(qty), side=side, avg_entry_price=Decimal(100))


def stop(qty: int = 100, name: str = "s", **fields: Any) -> VenueOrder:
    known = {"id": name, "client_order_id": f"minted-{name}", "qty": Decimal(qty)}
    return replace(STOP_LEG, **{**known, "status": "new", "order_class": "", **fields})


def of(held: VenuePosition, *orders: VenueOrder) -> Protection:
    (found,) = attested([held], orders).positions
    return found


def test_a_position_without_orders_is_unprotected() -> None:
    assert of(position()).unprotected == 100
    assert of(position(-70)).unprotected == 70


def test_legs_of_an_entry_that_is_not_wholly_filled_protect_nothing() -> None:
    entry = replace(BRACKET, status="partially_filled", filled_qty=Decimal(60))
    found = of(position(60), entry)
    assert (found.unprotected, [leg.covers for leg in found.legs]) == (60, [0, 0, 0])
    filled = replace(entry, status="filled", filled_qty=Decimal(100))
    assert of(position(), filled).unprotected == 0


def test_the_held_stop_of_a_filled_entry_protects_and_its_target_does_not() -> None:
    found = of(position(), LIVE_TARGET, LIVE_STOP)
    assert (found.protected, found.unprotected) == (100, 0)
    assert {leg.role: leg.covers for leg in found.legs} == {LegRole.STOP: 100, LegRole.TARGET: 0}
    assert of(position(), LIVE_TARGET).unprotected == 100


def test_both_sides_of_a_pair_share_its_shares() -> None:
    target = stop(40, "t", type="limit", order_class="oco")
    pair = replace(target, legs=(stop(40, "ts", status="held", order_class="oco"),))
    found = of(position(), pair)
    assert (found.protected, found.unprotected) == (40, 60)


@pytest.mark.parametrize("kind", ["stop", "stop_limit", "trailing_stop", "market"])
def test_what_takes_the_shares_out_covers_them(kind: str) -> None:
    assert of(position(), stop(type=kind)).unprotected == 0
    assert of(position(-100), stop(type=kind, side="buy")).unprotected == 0


def test_a_limit_or_an_order_of_the_other_direction_covers_nothing() -> None:
    assert of(position(), stop(type="limit")).unprotected == 100
    assert of(position(), stop(side="buy")).unprotected == 100
    assert of(position(), stop(symbol="MSFT")).unprotected == 100


@pytest.mark.parametrize(
    "status",
    ["held", "pending_new", "pending_cancel", "suspended", "canceled", "rejected", "renamed"],
)
def test_a_simple_stop_that_the_venue_does_not_say_works_covers_nothing(status: str) -> None:
    assert of(position(), stop(status=status)).unprotected == 100


def test_a_stop_that_is_being_replaced_counts_once() -> None:
    old = stop(60, "old", status="pending_replace")
    new = stop(60, "new", status="accepted", replaces="old")
    assert of(position(), old, new).protected == 60
    assert of(position(), new).protected == 60


def test_a_leg_that_is_listed_again_beside_its_parent_sleeps_all_the_same() -> None:
    entry = replace(BRACKET, status="new")
    found = of(position(), entry, STOP_LEG, TARGET_LEG)
    assert (found.unprotected, len(found.legs)) == (100, 3)


def test_foreign_orders_are_told_from_ours_and_from_legs_that_the_venue_named() -> None:
    foreign = stop(name="f", client_order_id="by-hand", symbol="MSFT")
    ours = stop(name="o", client_order_id="run-1.0.20260918-AAPL-093005-exit~2")
    found = attested([position()], [ours, foreign, LIVE_STOP])
    (held,) = found.positions
    assert [leg.is_foreign for leg in held.legs] == [False, None]
    assert [(leg.symbol, leg.is_foreign) for leg in found.others] == [("MSFT", True)]
    entry = of(position(), replace(BRACKET, client_order_id="theirs"))
    assert [leg.is_foreign for leg in entry.legs] == [True, True, True]


ORDERS = st.lists(
    st.builds(
        stop,
        st.integers(1, 200),
        st.uuids().map(str),
        type=st.sampled_from(["stop", "stop_limit", "trailing_stop", "limit", "market"]),
        side=st.sampled_from(["buy", "sell"]),
        status=st.sampled_from(["new", "accepted", "held", "pending_new", "pending_cancel"]),
        order_class=st.sampled_from(["", "bracket", "oco"]),
        symbol=st.sampled_from(["AAPL", "MSFT"]),
    ),
    max_size=6,
)
SIZES = st.integers(-200, 200).filter(bool)


@given(SIZES, ORDERS)
def test_covered_and_other_shares_are_the_position(qty: int, orders: list[VenueOrder]) -> None:
    found = of(position(qty), *orders)
    assert found.protected + found.unprotected == found.shares == abs(qty)
    assert 0 <= found.unprotected <= abs(qty)


@given(SIZES, ORDERS, st.randoms(use_true_random=False))
def test_the_order_of_orders_does_not_matter(
    qty: int, orders: list[VenueOrder], chance: Any
) -> None:
    mixed = orders.copy()
    chance.shuffle(mixed)
    assert of(position(qty), *mixed).unprotected == of(position(qty), *orders).unprotected


@given(SIZES, ORDERS, ORDERS)
def test_a_further_order_never_uncovers_a_share(
    qty: int, orders: list[VenueOrder], more: list[VenueOrder]
) -> None:
    assert of(position(qty), *orders, *more).unprotected <= of(position(qty), *orders).unprotected


@given(SIZES, ORDERS)
def test_limits_never_cover_and_nothing_pending_does(qty: int, orders: list[VenueOrder]) -> None:
    stated = [each for each in orders if each.type == "limit" or "pending" in each.status]
    assert of(position(qty), *stated).unprotected == abs(qty)


@given(SIZES, ORDERS)
def test_putting_orders_to_sleep_behind_an_entry_uncovers_all(
    qty: int, orders: list[VenueOrder]
) -> None:
    side = "buy" if qty > 0 else "sell"
    entry = replace(BRACKET, status="new", side=side, legs=tuple(orders))
    assert of(position(qty), entry).unprotected == abs(qty)


@given(ORDERS)
def test_every_open_order_is_shown_once(orders: list[VenueOrder]) -> None:
    found = attested([position()], orders)
    shown = [leg.order_id for each in found.positions for leg in each.legs]
    shown += [leg.order_id for leg in found.others]
    assert sorted(shown) == sorted(each.id for each in orders)
