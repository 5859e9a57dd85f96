"""What the look-alike says validates against Alpaca's own OpenAPI document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from simulator.exchange import wire
from tests.simulator.exchange.floor import Floor


@pytest.fixture
def spec(shared: Path) -> dict[str, Any]:
    folder = shared / "fixtures" / "alpaca" / "openapi"
    document: dict[str, Any] = json.loads((folder / "trading-api.json").read_text())
    return document


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.quote(100.00, 100.10)
    floor.print(100.05)
    floor.bracket()
    floor.order(type="limit", limit_price="99.5", time_in_force="gtc")
    floor.quote(9.99, 10.00, symbol="XYZ")
    floor.order(symbol="XYZ", qty="5")
    floor.order(symbol="XYZ", notional="10")
    floor.quote(101.00, 101.10)
    floor.print(101.05)
    floor.order(side="sell", qty="3", symbol="XYZ", type="limit", limit_price="12")
    return floor


def valid(body: Any, spec: dict[str, Any], name: str) -> bool:
    """Check a body against a schema of the document, nullable fields as OpenAPI 3.0 has them."""
    resolved = {"$ref": f"#/components/schemas/{name}", "components": _nullable(spec["components"])}
    jsonschema.Draft7Validator(resolved).validate(body)
    return True


def _nullable(node: Any) -> Any:
    if isinstance(node, list):
        return [_nullable(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _nullable(value) for key, value in node.items()}
    return {"anyOf": [plain, {"type": "null"}]} if plain.get("nullable") is True else plain


def test_orders_accounts_positions_and_fills_are_valid(spec: dict[str, Any], floor: Floor) -> None:
    exchange, account = floor.exchange, floor.account
    orders = exchange.orders_of(account.id)
    assert len(orders) >= 6
    for order in orders:
        legs = exchange.state.legs_of(order)
        assert valid(wire.order_body(order, legs), spec, "Order")
    assert valid(
        wire.account_body(account, exchange.accounts.balances(account.id)), spec, "Account"
    )
    assert valid(wire.configuration_body(account), spec, "AccountConfigurations")
    assert account.positions
    for symbol, position in account.positions.items():
        body = wire.position_body(
            position,
            exchange.assets[symbol],
            exchange.accounts.price(position),
            exchange.accounts.held_for_orders(account.id, symbol),
        )
        assert valid(body, spec, "Position")
        assert valid(wire.asset_body(exchange.assets[symbol]), spec, "Assets")
    for fill in account.fills:
        assert valid(wire.fill_body(fill), spec, "TradingActivities")


def test_fields_stand_in_the_order_of_the_samples(spec: dict[str, Any], floor: Floor) -> None:
    schemas, exchange, account = spec["components"]["schemas"], floor.exchange, floor.account
    position = account.positions["ABC"]
    bodies = {
        "Account": wire.account_body(account, exchange.accounts.balances(account.id)),
        "AccountConfigurations": wire.configuration_body(account),
        "Position": wire.position_body(
            position, exchange.assets["ABC"], exchange.accounts.price(position), account.cash * 0
        ),
        "TradingActivities": wire.fill_body(account.fills[0]),
    }
    for name, body in bodies.items():
        sample = schemas[name]["x-examples"]["example-1"]
        assert [field for field in body if field in sample] == list(sample)
    sample = spec["components"]["examples"]["EquityOrderResponse"]["value"]
    order = wire.order_body(exchange.orders_of(account.id)[0])
    assert [field for field in order if field in sample] == list(sample)


def test_a_fill_is_told_as_in_the_sample(shared: Path, floor: Floor) -> None:
    lines = shared / "fixtures" / "alpaca" / "stream" / "trade_updates_examples.jsonl"
    messages = [json.loads(line)["msg"] for line in lines.read_text().splitlines()]
    (sample,) = [each["data"] for each in messages if each.get("stream") == "trade_updates"]
    told = next(wire.event_body(event) for event in floor.events if event.event == "fill")

    assert set(told) == set(sample)
    assert set(sample["order"]) <= set(told["order"])
    assert (told["qty"], told["price"], told["position_qty"]) == ("10", "100.1", "10")


def test_a_position_is_worth_what_it_trades_at(floor: Floor) -> None:
    position = floor.account.positions["ABC"]
    body = wire.position_body(
        position,
        floor.exchange.assets["ABC"],
        floor.exchange.accounts.price(position),
        floor.exchange.accounts.held_for_orders(floor.account.id, "ABC"),
    )

    assert body["qty"] == "10"
    assert body["qty_available"] == "0"
    assert body["avg_entry_price"] == "100.1"
    assert body["unrealized_pl"] == "9.5"
    assert body["unrealized_plpc"] == "0.0094905094905095"
