"""Orders leave exact and well-formed; what the venue would refuse does not leave."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.alpaca.orders.price_rules import (
    is_on_grid,
    is_stop_beyond,
    tick,
)
from adapters.alpaca.orders.requests import OrderRequest, ReplaceRequest, StopLoss, TakeProfit
from adapters.alpaca.orders.rules import RefusalReason, refuse, refuse_replace
from adapters.alpaca.plan import ALGO_TRADER_PLUS, BASIC, explain_refusal
from engine.domain.candidate import Side
from engine.domain.markets.tick_grid import RULE_612

D = Decimal
PRICES = st.decimals(min_value="0.0001", max_value=5000, places=6)
ONE = {"client_order_id": "run-1-e", "symbol": "AAPL", "qty": D(10), "time_in_force": "day"}
BRACKET = OrderRequest(
    **ONE,
    side="buy",
    type="limit",
    limit_price=D("100.00"),
    order_class="bracket",
    take_profit=TakeProfit(D("101.50")),
    stop_loss=StopLoss(D("99.25"), D("99.20")),
)
GOOD = {
    "market": OrderRequest(**ONE, side="buy", type="market"),
    "limit": OrderRequest(**ONE, side="sell", type="limit", limit_price=D("0.5001")),
    "stop": OrderRequest(**ONE, side="sell", type="stop", stop_price=D("9.99")),
    "stop_limit": OrderRequest(
        **ONE, side="buy", type="stop_limit", stop_price=D("101.5"), limit_price=D(102)
    ),
    "trailing": OrderRequest(**ONE, side="sell", type="trailing_stop", trail_percent=D("1.5")),
    "bracket": BRACKET,
    "oco": OrderRequest(
        **ONE,
        side="sell",
        type="limit",
        order_class="oco",
        take_profit=TakeProfit(D("101.50")),
        stop_loss=StopLoss(D("99.25")),
    ),
    "oto": OrderRequest(
        **ONE, side="buy", type="market", order_class="oto", stop_loss=StopLoss(D("99.25"))
    ),
    "extended": OrderRequest(
        **ONE, side="buy", type="limit", limit_price=D(7), extended_hours=True
    ),
    "fraction": OrderRequest(**{**ONE, "qty": D("0.123456789")}, side="buy", type="market"),
    "notional": OrderRequest(
        **{**ONE, "qty": None}, notional=D("12.34"), side="buy", type="market"
    ),
}


@pytest.mark.parametrize("name", list(GOOD))
def test_every_kind_of_order_is_let_through_and_is_valid_to_the_official_document(
    name: str, shared: Path
) -> None:
    order = GOOD[name]
    assert refuse(order) is None
    document = json.loads((shared / "fixtures/alpaca/openapi/trading-api.json").read_text())
    body = document["paths"]["/v2/orders"]["post"]["requestBody"]["content"]["application/json"]
    schema = {**body["schema"], "components": document["components"]}
    jsonschema.validate(json.loads(order.body()), schema)


def test_a_bracket_body_is_exactly_what_was_asked() -> None:
    assert json.loads(BRACKET.body()) == {
        "client_order_id": "run-1-e",
        "symbol": "AAPL",
        "side": "buy",
        "type": "limit",
        "time_in_force": "day",
        "qty": "10",
        "limit_price": "100.00",
        "order_class": "bracket",
        "take_profit": {"limit_price": "101.50"},
        "stop_loss": {"stop_price": "99.25", "limit_price": "99.20"},
    }


@given(st.decimals(min_value="0.000000001", max_value=10**9, places=9))
def test_amounts_leave_without_exponent_and_without_loss(amount: Decimal) -> None:
    body = json.loads(OrderRequest("i", "A", "buy", "market", "day", qty=amount).body())
    assert Decimal(body["qty"]) == amount
    assert "E" not in body["qty"]


BAD = {
    RefusalReason.CLIENT_ORDER_ID: {"client_order_id": "x" * 129},
    RefusalReason.UNKNOWN_TERM: {"side": "short"},
    RefusalReason.QUANTITY: {"qty": D("NaN")},
    RefusalReason.FRACTION: {"qty": D("1.5"), "time_in_force": "gtc"},
    RefusalReason.PRICES_OF_TYPE: {"type": "stop"},
    RefusalReason.PRICE_GRID: {"type": "limit", "limit_price": D("290.123")},
    RefusalReason.LEGS: {"order_class": "bracket", "take_profit": TakeProfit(D(9))},
    RefusalReason.STOP_DISTANCE: {"order_class": "oto", "stop_loss": StopLoss(D(50))},
    RefusalReason.TIME_IN_FORCE: {
        "order_class": "oto",
        "stop_loss": StopLoss(D(1)),
        "time_in_force": "ioc",
    },
    RefusalReason.EXTENDED_HOURS: {"extended_hours": True},
}


@pytest.mark.parametrize("reason", list(BAD))
def test_what_the_venue_would_refuse_is_refused_with_its_reason(reason: RefusalReason) -> None:
    terms = {**ONE, "side": "buy", "type": "market", **BAD[reason]}
    refusal = refuse(OrderRequest(**terms), market=D(50))
    assert refusal
    assert refusal.reason == reason, refusal


def test_stops_keep_their_distance_from_entry_target_and_market() -> None:
    def bracket(side: str, stop: str) -> OrderRequest:
        target = "101.50" if side == "buy" else "98.50"
        return OrderRequest(
            **ONE,
            side=side,
            type="limit",
            limit_price=D(100),
            order_class="bracket",
            take_profit=TakeProfit(D(target)),
            stop_loss=StopLoss(D(stop)),
        )

    assert refuse(bracket("buy", "99.99")) is None
    assert refuse(bracket("sell", "100.01")) is None
    for order in (bracket("buy", "100.00"), bracket("sell", "100.00")):
        refusal = refuse(order)
        assert refusal
        assert refusal.reason == RefusalReason.STOP_DISTANCE
    assert refuse(bracket("buy", "99.99"), market=D("99.99"))


def test_a_replacement_names_itself_and_changes_something() -> None:
    change = ReplaceRequest("run-1-t2", limit_price=D("101.10"))
    assert refuse_replace(change) is None
    assert json.loads(change.body()) == {"client_order_id": "run-1-t2", "limit_price": "101.10"}
    reasons = [
        refusal.reason
        for bad in (
            ReplaceRequest("run-1-t2"),
            ReplaceRequest("", qty=D(1)),
            ReplaceRequest("x", qty=D(0)),
            ReplaceRequest("x", stop_price=D("1.001")),
        )
        if (refusal := refuse_replace(bad))
    ]
    assert [str(reason) for reason in reasons] == [
        "no_change",
        "client_order_id",
        "quantity",
        "price_grid",
    ]


@given(PRICES)
def test_the_grid_is_the_one_on_which_brackets_are_planned(price: Decimal) -> None:
    assert tick(price) == RULE_612.tick(price)
    for side in Side:
        planned = RULE_612.round_against(price, side)
        assert is_on_grid(planned)
        assert is_on_grid(price) == (planned == price)


@given(PRICES, PRICES)
def test_a_stop_is_beyond_its_base_on_one_side_at_most(stop: Decimal, base: Decimal) -> None:
    assume(stop != base)
    sides = [side for side in ("buy", "sell") if is_stop_beyond(side, stop, base)]
    assert len(sides) == int(abs(stop - base) >= D("0.01"))


def test_the_free_plan_is_explained() -> None:
    symbols = [f"S{n}" for n in range(31)]
    assert explain_refusal(BASIC, "iex", symbols[:30], symbols[:30]) is None
    assert "drop 1" in (explain_refusal(BASIC, "iex", symbols, []) or "")
    assert "(*)" in (explain_refusal(BASIC, "iex", ["*"], []) or "")
    assert "choose the feed iex" in (explain_refusal(BASIC, "sip", ["AAPL"], []) or "")
    assert explain_refusal(ALGO_TRADER_PLUS, "sip", ["*"], ["*"]) is None
