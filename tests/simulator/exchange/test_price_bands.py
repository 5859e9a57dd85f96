"""Limit up, limit down: nothing trades outside the band, and what is beyond it waits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.markets.fill_assumptions import FILL_ASSUMPTIONS
from simulator.exchange import FillMode, Order, backtest_fills
from tests.simulator.exchange.floor import STEADY, Floor

MODES = [
    STEADY,
    *(msgspec.structs.replace(backtest_fills(name), latency_ns=0) for name in FILL_ASSUMPTIONS),
]
"""Alpaca's paper model and the three fill assumptions, all without latency."""

DOWN, UP = Decimal("14.40"), Decimal("17.60")
SIDES: list[dict[str, Any]] = [
    {"side": "buy", "beyond": (20.51, 20.61), "inside": (17.40, 17.50), "limit": "21"},
    {"side": "sell", "beyond": (11.40, 11.50), "inside": (14.50, 14.60), "limit": "11"},
]


def banded(mode: FillMode) -> Floor:
    """Return a floor with 100 shares of ABC and a band of 14.40 to 17.60."""
    floor = Floor(mode)
    floor.quote(15.99, 16.01)
    floor.print(16.00)
    floor.order(qty="100")
    assert floor.held() == 100
    floor.band(float(DOWN), float(UP))
    return floor


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("kind", ["market", "limit"])
@pytest.mark.parametrize("scene", SIDES, ids=lambda scene: scene["side"])
def test_an_order_beyond_the_band_waits_for_the_market(
    mode: FillMode, kind: str, scene: dict[str, Any]
) -> None:
    floor = banded(mode)
    price = {"limit_price": scene["limit"]} if kind == "limit" else {}
    floor.at(1)
    floor.quote(*scene["beyond"])
    order = floor.order(side=scene["side"], type=kind, **price)
    at_once = floor.order(side=scene["side"], type=kind, time_in_force="ioc", **price)
    floor.at(2)
    floor.quote(*scene["beyond"])
    assert (order.status, at_once.status) == ("new", "canceled")

    floor.at(3)
    floor.quote(*scene["inside"])
    assert order.status == "filled"
    assert order.filled_avg_price is not None
    assert DOWN <= order.filled_avg_price <= UP


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("scene", SIDES, ids=lambda scene: scene["side"])
def test_an_order_beyond_the_band_waits_for_the_band(mode: FillMode, scene: dict[str, Any]) -> None:
    floor = banded(mode)
    floor.at(1)
    floor.quote(*scene["beyond"])
    order = floor.order(side=scene["side"])
    floor.at(2)
    floor.band(10.50, 22.50)
    assert order.status == "new"
    floor.at(3)
    floor.quote(*scene["beyond"])
    assert order.status == "filled"
    assert order.filled_avg_price is not None
    sign, touch = (1, "20.61") if scene["side"] == "buy" else (-1, "11.40")
    assert sign * order.filled_avg_price >= sign * Decimal(touch)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("scene", SIDES, ids=lambda scene: scene["side"])
def test_a_stop_that_was_elected_waits_beyond_the_band(
    mode: FillMode, scene: dict[str, Any]
) -> None:
    floor = banded(mode)
    floor.at(1)
    near = "17.50" if scene["side"] == "buy" else "14.50"
    stop = floor.order(side=scene["side"], type="stop", stop_price=near)
    floor.at(2)
    floor.quote(*scene["beyond"])
    floor.print(float(near))
    assert (stop.status, stop.is_elected) == ("new", True)
    floor.at(3)
    floor.quote(*scene["beyond"])
    assert stop.status == "new"
    floor.at(4)
    floor.quote(*scene["inside"])
    assert stop.status == "filled"
    assert stop.filled_avg_price is not None
    assert DOWN <= stop.filled_avg_price <= UP


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("kind", ["market", "stop"])
@pytest.mark.parametrize("quoted_before", [False, True], ids=["never quoted", "quoted long ago"])
@pytest.mark.parametrize("scene", SIDES, ids=lambda scene: scene["side"])
def test_where_prints_alone_tell_the_market_an_order_waits_while_they_are_outside(
    mode: FillMode, kind: str, scene: dict[str, Any], *, quoted_before: bool
) -> None:
    floor = Floor(mode)
    if quoted_before:
        floor.quote(15.99, 16.01)
    floor.at(0 if not quoted_before else 3_600)
    floor.print(16.00)
    floor.order(qty="100")
    assert floor.held() == 100
    floor.band(float(DOWN), float(UP))
    near = "17.50" if scene["side"] == "buy" else "14.50"
    price = {"stop_price": near} if kind == "stop" else {}
    floor.at(3_601)
    orders = []
    if kind == "stop":
        orders.append(floor.order(side=scene["side"], type=kind, **price))
    floor.print(scene["beyond"][0])
    if kind == "market":
        orders.append(floor.order(side=scene["side"], type=kind))
    floor.at(3_602)
    floor.print(scene["beyond"][1])
    (order,) = orders
    assert order.status == "new"
    floor.at(3_603)
    floor.print(float(near))
    assert order.status == "filled"
    assert order.filled_avg_price is not None
    assert DOWN <= order.filled_avg_price <= UP


@pytest.mark.parametrize("mode", MODES[1:], ids=lambda mode: mode.name)
def test_a_print_outside_the_band_elects_no_stop_fills_no_target_and_marks_nothing(
    mode: FillMode,
) -> None:
    floor = banded(mode)
    floor.at(1)
    stop = floor.order(side="sell", type="stop", stop_price="14.50")
    entry, target, bracket_stop = floor.bracket(
        take_profit={"limit_price": "17.70"}, stop_loss={"stop_price": "14.30"}
    )
    assert entry.status == "filled"
    before = floor.exchange.accounts.balances(floor.account.id).equity
    for second, price in ((2, 12.00), (3, 20.61)):
        floor.at(second)
        floor.print(price)
    assert {each.status for each in (stop, target, bracket_stop)} <= {"new", "held"}
    assert floor.exchange.accounts.balances(floor.account.id).equity == before

    floor.at(4)
    floor.print(14.50)
    assert (stop.status, target.status) == ("filled", "new")


cents = st.integers(1_000, 2_200).map(lambda each: each / 100)
events = st.one_of(
    st.tuples(st.just("quote"), st.sampled_from(["ABC", "XYZ"]), cents),
    st.tuples(st.just("print"), st.sampled_from(["ABC", "XYZ"]), cents),
    st.tuples(st.just("band"), st.just("ABC"), cents),
    st.tuples(
        st.sampled_from(["market", "limit", "stop"]), st.sampled_from(["buy", "sell"]), cents
    ),
    st.tuples(st.just("bracket"), st.just("buy"), cents),
)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@settings(max_examples=60)
@given(story=st.lists(events, min_size=5, max_size=40))
def test_any_fill_is_inside_the_band_and_at_an_instant_of_its_own(
    mode: FillMode, story: list[tuple[str, str, float]]
) -> None:
    floor = Floor(mode)
    for symbol in ("ABC", "XYZ"):
        floor.quote(15.99, 16.01, symbol=symbol)
        floor.print(16.00, symbol=symbol)
    floor.order(qty="500")
    band, markets = (0.0, 0.0), []
    for second, (kind, what, price) in enumerate(story, 1):
        floor.at(second)
        told = len(floor.events)
        match kind:
            case "quote":
                floor.quote(price, price + 0.05, symbol=what)
            case "print":
                floor.print(price, what)
            case "band":
                band = (round(price * 0.9, 2), round(price * 1.1, 2))
                floor.band(*band)
            case _:
                markets += sent(floor, kind, what, price)
        fills = [event for event in floor.events[told:] if event.price is not None]
        assert not (fills and (kind == "band" or what == "XYZ"))
        for fill in fills:
            assert fill.price is not None
            assert band[0] <= float(fill.price) <= (band[1] or float(fill.price))
    floor.at(100)
    floor.band(0, 0)
    floor.quote(15.99, 16.01)
    assert {order.status for order in markets} <= {"filled"}


def sent(floor: Floor, kind: str, side: str, price: float) -> list[Order]:
    """Send an order; return it where nothing but the band may hold it up."""
    prices = {
        "market": {},
        "limit": {"limit_price": f"{price:.2f}"},
        "stop": {"stop_price": f"{price:.2f}"},
        "bracket": {
            "order_class": "bracket",
            "take_profit": {"limit_price": f"{price + 1:.2f}"},
            "stop_loss": {"stop_price": f"{price - 1:.2f}"},
        },
    }[kind]
    answer = floor.send(side=side, type="market" if kind == "bracket" else kind, **prices)
    return [answer] if isinstance(answer, Order) and kind in {"market", "bracket"} else []
