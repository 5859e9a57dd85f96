"""What the look-alike refuses, and that its error bodies are Alpaca's, byte for byte."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.exchange import MODES, Fault, RateLimit, fill_mode
from simulator.exchange.book import faults
from simulator.exchange.book.orders import Order, OrderType, Side, TimeInForce
from simulator.exchange.intake.wash_trade import may_wash
from tests.simulator.exchange.floor import HOURS, PROMPT, Floor

ABOVE, BELOW = Decimal("290.123"), Decimal("290.123")


def body(fault: object) -> str:
    assert isinstance(fault, Fault), fault
    return json.dumps(fault.body)


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.quote(100.00, 100.10)
    floor.print(100.05)
    return floor


def samples(shared: Path) -> dict[str, dict[str, Any]]:
    text = (shared / "fixtures" / "alpaca" / "errors" / "error_bodies.json").read_text()
    return {json.dumps(each["body"]): each for each in json.loads(text)}


OURS = [
    faults.UNAUTHORIZED,
    faults.insufficient_buying_power(Decimal("1500.10"), Decimal("5121.00")),
    faults.insufficient_qty(
        "AAPL",
        Decimal(70),
        Decimal(70),
        Decimal(70),
        ["ee917e61-0000-4000-8000-000000000000"],
    ),
    faults.wash_trade(None),
    faults.wash_trade("uuid"),
    faults.NOT_ALLOWED_TO_SHORT,
    faults.DAY_TRADING,
    faults.order_not_found("<uuid>"),
    faults.NO_POSITION,
    faults.ID_TAKEN,
    faults.ID_TOO_LONG,
    faults.not_active("MKR/USD"),
    faults.sub_penny("limit_price", ABOVE),
    faults.sub_penny("stop_price", BELOW),
    faults.STOP_NOT_BELOW,
    faults.FRACTIONAL_NOT_DAY,
    faults.FRACTIONAL_NOT_SIMPLE,
    faults.not_shortable("TXN"),
    faults.not_tradable("RGC"),
    faults.NOT_REPLACEABLE,
    faults.STOP_PRICE_OF_LIMIT,
    faults.NOT_CANCELABLE,
    faults.RATE_LIMITED,
]


@pytest.mark.parametrize("fault", OURS, ids=lambda fault: fault.body["message"][:40])
def test_an_error_body_is_the_sample(shared: Path, fault: Fault) -> None:
    sample = samples(shared)[json.dumps(fault.body)]

    assert sample["http"] == fault.http_status


def test_every_sample_of_the_trading_host_is_spoken(shared: Path) -> None:
    spoken = {json.dumps(fault.body) for fault in OURS}
    silent = [each["src"] for text, each in samples(shared).items() if text not in spoken]

    assert len(silent) == 2  # a second 401, and one of the market data host
    assert "market-data-faq (market data host)" in silent[1]


def test_wash_trades_are_those_of_the_table(shared: Path) -> None:
    table = shared / "fixtures" / "alpaca" / "tables" / "wash_trade_rules.csv"
    rules = list(csv.DictReader(table.read_text().splitlines()))
    assert len(rules) == 32
    for rule in rules:
        for buy_limit, crosses in (("10.00", True), ("10.01", True), ("9.99", False)):
            existing, new = (_order(rule[who], buy_limit) for who in ("existing", "new"))
            expected = rule["reject"] == "always" or crosses
            assert may_wash(existing, new) is expected, (rule, buy_limit)


def _order(words: str, buy_limit: str) -> Order:
    kind, side = words.split()
    limited = "limit" in kind
    return Order(
        id=words,
        account_id="",
        client_order_id="",
        symbol="ABC",
        asset_id="",
        side=Side(side),
        type=OrderType(kind),
        time_in_force=TimeInForce.DAY,
        limit_price=Decimal(buy_limit if side == "buy" else "10.00") if limited else None,
    )


def test_an_opposite_order_is_a_wash_trade_and_a_group_is_not(floor: Floor) -> None:
    floor.order()
    resting = floor.order(side="sell", type="limit", limit_price="101")

    assert body(floor.send(type="limit", limit_price="101")) == json.dumps(
        {
            "code": 40310000,
            "existing_order_id": resting.id,
            "message": "potential wash trade detected. opposite side limit order exists. "
            "use complex orders",
            "reject_reason": "opposite side limit order exists",
        }
    )
    assert isinstance(floor.send(type="limit", limit_price="100.99"), Order)
    assert isinstance(floor.refused(), Fault)
    floor.bracket()


def test_exits_hold_their_shares(floor: Floor) -> None:
    _, target, _ = floor.bracket()

    refused = floor.refused(side="sell", qty="4")
    assert refused.http_status == 403
    assert refused.body == {
        "available": "0",
        "code": 40310000,
        "existing_qty": "10",
        "held_for_orders": "10",
        "message": "insufficient qty available for order (requested: 4, available: 0)",
        "related_orders": [target.parent_id],
        "symbol": "ABC",
    }
    assert isinstance(floor.replace(target, qty="11"), Fault)
    floor.cancel(target)
    floor.order(side="sell", qty="4")
    assert "requested: 7, available: 6" in body(floor.refused(side="sell", qty="7"))


def test_an_order_may_cost_four_times_the_equity_and_no_more(floor: Floor) -> None:
    assert "insufficient buying power" in body(floor.refused(qty="3997"))
    order = floor.order(qty="3996", type="limit", limit_price="100")
    assert floor.exchange.accounts.balances(floor.account.id).buying_power == 400
    assert body(floor.refused(qty="5", type="limit", limit_price="100")) == json.dumps(
        {
            "code": 40310000,
            "message": "insufficient buying power",
            "buying_power": "400.00",
            "cost_basis": "500.00",
        }
    )
    assert isinstance(floor.replace(order, limit_price="100.11"), Fault)
    floor.cancel(order)
    assert floor.exchange.accounts.balances(floor.account.id).buying_power == 400_000


def test_a_small_account_has_its_cash_and_does_not_short() -> None:
    floor = Floor(cash="1999")
    floor.quote(100.00, 100.10)
    assert "insufficient buying power" in body(floor.refused(qty="20"))
    assert body(floor.refused(side="sell")) == body(faults.NOT_ALLOWED_TO_SHORT)
    floor.order(qty="19")


def test_a_short_sale_costs_three_percent_above_the_ask(floor: Floor) -> None:
    floor.order(side="sell", type="limit", limit_price="101")

    ordered = 400_000 - floor.exchange.accounts.balances(floor.account.id).buying_power
    assert ordered == 10 * Decimal("100.10") * Decimal("1.03")
    assert "cannot open a long buy" in body(
        floor.refused(order_class="oto", stop_loss={"stop_price": "90"})
    )


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"type": "limit", "limit_price": "290.123"}, "invalid limit_price 290.123. sub-penny"),
        ({"type": "limit", "limit_price": "0.12345"}, "invalid limit_price 0.12345. sub-penny"),
        ({"type": "stop", "stop_price": "290.123"}, "invalid stop_price 290.123. sub-penny"),
        ({"type": "limit"}, "limit orders require limit price"),
        ({"type": "limit", "limit_price": "1", "stop_price": "1"}, "limit orders must not have"),
        ({"limit_price": "1"}, "market orders require no stop or limit price"),
        ({"stop_price": "1"}, "market orders require no stop or limit price"),
        ({"type": "trailing_stop"}, "either trail price or trail percent"),
        ({"type": "stop", "stop_price": "99"}, "stop price must be greater than current price"),
        ({"type": "huh"}, "invalid type: huh"),
        ({"side": None}, "side is required"),
        ({"qty": "-1"}, "qty must be > 0"),
        ({"qty": "NaN"}, "invalid qty: NaN"),
        ({"qty": "ten"}, "invalid qty: ten"),
        ({"qty": True}, "invalid qty: expected a number"),
        ({"qty": ["1"]}, "invalid qty: expected a number"),
        ({"qty": "1", "notional": "5"}, "qty or notional is mutually exclusive"),
        ({"qty": "0.5", "time_in_force": "gtc"}, "fractional orders must be DAY orders"),
        ({"qty": "0.0000000001"}, "limited to 9 decimals"),
        ({"symbol": "NONE"}, 'asset "NONE" not found'),
        ({"extended_hours": True}, "extended hours order must be DAY or GTC limit orders"),
        ({"order_class": "bracket"}, "bracket orders require stop_loss.stop_price"),
        ({"order_class": "mleg"}, "mleg orders are for options"),
        ({"take_profit": {"limit_price": "5"}}, "simple orders must not have take_profit"),
        ({"take_profit": "5"}, "invalid take_profit: expected an object"),
        ({"client_order_id": "x" * 129}, "no more than 128 characters"),
        ({"side": "sell", "qty": "0.5"}, "fractional orders cannot be sold short"),
    ],
)
def test_a_request_that_makes_no_sense_says_why(
    floor: Floor, sent: dict[str, Any], message: str
) -> None:
    refused = floor.refused(**sent)

    assert refused.http_status in {403, 422}
    assert message in refused.body["message"]
    assert not floor.exchange.state.orders


LONG = {"take_profit": {"limit_price": "103"}, "stop_loss": {"stop_price": "98"}}
SHORT = {"take_profit": {"limit_price": "98"}, "stop_loss": {"stop_price": "103"}}
BELOW_BASE, ABOVE_BASE = "must be <= base_price - 0.01", "must be >= base_price + 0.01"


@pytest.mark.parametrize("fills", MODES)
@pytest.mark.parametrize(
    ("sent", "field", "bound", "base"),
    [
        (LONG | {"stop_loss": {"stop_price": "100.05"}}, "stop_loss.stop", BELOW_BASE, "100.05"),
        (LONG | {"take_profit": {"limit_price": "100.05"}}, "take_profit", ABOVE_BASE, "100.05"),
        (
            SHORT | {"side": "sell", "stop_loss": {"stop_price": "99"}},
            "stop_loss.stop",
            ABOVE_BASE,
            "100.05",
        ),
        (
            SHORT | {"side": "sell", "take_profit": {"limit_price": "101"}},
            "take_profit",
            BELOW_BASE,
            "100.05",
        ),
        (
            {"order_class": "oto", "stop_loss": {"stop_price": "101"}},
            "stop_loss.stop",
            BELOW_BASE,
            "100.05",
        ),
        (
            {"order_class": "oto", "take_profit": {"limit_price": "99"}},
            "take_profit",
            ABOVE_BASE,
            "100.05",
        ),
        (
            LONG | {"type": "limit", "limit_price": "97.50"},
            "stop_loss.stop",
            BELOW_BASE,
            "97.5",
        ),
        (  # beyond the entry's limit, but the market would elect it at once
            LONG | {"type": "limit", "limit_price": "102", "stop_loss": {"stop_price": "101"}},
            "stop_loss.stop",
            BELOW_BASE,
            "100.05",
        ),
        (
            LONG
            | {
                "order_class": "oco",
                "side": "sell",
                "type": "limit",
                "stop_loss": {"stop_price": "101"},
            },
            "stop_loss.stop",
            BELOW_BASE,
            "100.05",
        ),
    ],
)
def test_exits_lie_a_cent_beyond_their_base_price_however_orders_fill(
    fills: str, sent: dict[str, Any], field: str, bound: str, base: str
) -> None:
    floor = Floor(fill_mode(fills))
    floor.quote(100.00, 100.10)
    floor.print(100.05)

    refused = floor.refused(**({"order_class": "bracket"} | sent))

    assert refused.http_status == 422
    assert refused.body["base_price"] == base
    assert refused.body["message"].startswith(field)
    assert refused.body["message"].endswith(bound)
    assert not floor.exchange.state.orders


@pytest.mark.parametrize("fills", MODES)
@pytest.mark.parametrize("kind", ["stop", "stop_limit"])
def test_a_stop_that_the_market_has_passed_is_refused_however_orders_fill(
    fills: str, kind: str
) -> None:
    floor = Floor(fill_mode(fills))
    floor.print(100.05)
    limit = {"limit_price": "100"} if kind == "stop_limit" else {}

    above = floor.refused(side="sell", type=kind, stop_price="100.05", **limit)
    below = floor.refused(type=kind, stop_price="100.05", **limit)

    assert (above, below) == (faults.STOP_NOT_BELOW, faults.STOP_NOT_ABOVE)
    floor.order(type=kind, stop_price="100.06", **limit)


def test_an_order_does_what_its_intent_says_or_nothing(floor: Floor) -> None:
    refused = floor.refused(side="sell", position_intent="sell_to_close")
    assert refused == faults.not_processable(
        "position intent mismatch, inferred: sell_to_open, specified: sell_to_close"
    )
    floor.order(position_intent="buy_to_open")
    floor.at(1)
    assert floor.held() == 10
    again = floor.refused(side="sell", position_intent="sell_to_open")
    assert again.body["message"].endswith("inferred: sell_to_close, specified: sell_to_open")
    floor.order(side="sell", position_intent="sell_to_close")
    floor.at(1)
    assert floor.held() == 0
    strange = floor.refused(position_intent="buy_to_hold")
    assert strange == faults.not_understood("invalid position_intent: buy_to_hold")


def test_a_client_order_id_is_used_once(floor: Floor) -> None:
    order = floor.order(client_order_id="one")

    assert body(floor.send(client_order_id="one")) == body(faults.ID_TAKEN)
    assert floor.exchange.order_by_client_id(floor.account.id, "one") is order


def test_what_is_not_there_or_over_cannot_be_changed(floor: Floor) -> None:
    order = floor.order()

    assert body(floor.replace(order, limit_price="1")) == body(faults.NOT_REPLACEABLE)
    assert body(floor.cancel(order)) == body(faults.NOT_CANCELABLE)
    missing = floor.exchange.cancel(floor.account.id, "nope", floor.now)
    assert body(missing) == body(faults.order_not_found("nope"))
    other = floor.exchange.accounts.open(Decimal(5_000), floor.now)
    assert isinstance(floor.exchange.cancel(other.id, order.id, floor.now), Fault)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"client_order_id": "another"},
        {"limit_price": "99.00"},
        {"qty": "10", "limit_price": 99, "time_in_force": "day"},
    ],
)
def test_a_replacement_that_changes_nothing_is_refused(
    floor: Floor, change: dict[str, Any]
) -> None:
    order = floor.order(type="limit", limit_price="99")

    refused = floor.replace(order, **change)

    assert refused == Fault(422, {"code": 42210000, "message": "order parameters are not changed"})
    assert order.status == "new"
    for number, real in enumerate(({"qty": "9"}, {"time_in_force": "gtc"}, {"limit_price": "98"})):
        order = floor.replaced(order, **(change | real | {"client_order_id": f"real-{number}"}))


def test_a_trail_that_stays_is_no_change(floor: Floor) -> None:
    order = floor.order(type="trailing_stop", side="sell", trail_percent="2")

    assert floor.replace(order, trail="2.0") == faults.NOT_CHANGED
    floor.replaced(order, trail="1.5")


def test_a_limit_order_has_no_stop_price(floor: Floor) -> None:
    order = floor.order(type="limit", limit_price="99")

    assert body(floor.replace(order, stop_price="98")) == body(faults.STOP_PRICE_OF_LIMIT)


@pytest.mark.parametrize(
    ("asset", "sent", "fault"),
    [
        ({"tradable": False}, {}, faults.not_tradable("ABC")),
        ({"status": "inactive"}, {}, faults.not_active("ABC")),
        ({"shortable": False}, {"side": "sell"}, faults.not_shortable("ABC")),
    ],
)
def test_an_asset_says_what_may_be_done_with_it(
    asset: dict[str, Any], sent: dict[str, Any], fault: Fault
) -> None:
    floor = Floor(**asset)
    floor.quote(100.00, 100.10)

    assert body(floor.send(**sent)) == body(fault)


def test_an_owner_can_suspend_trading_and_shorting(floor: Floor) -> None:
    floor.exchange.accounts.configure(floor.account.id, {"no_shorting": True, "huh": 1})
    assert body(floor.send(side="sell")) == body(faults.NOT_ALLOWED_TO_SHORT)
    floor.exchange.accounts.configure(floor.account.id, {"suspend_trade": True})
    assert isinstance(floor.send(), Fault)
    assert isinstance(
        floor.exchange.accounts.configure(floor.account.id, {"max_margin_multiplier": "9"}), Fault
    )


def test_auction_orders_come_in_time() -> None:
    floor = Floor(PROMPT, start=HOURS.at("15:49"))
    floor.print(100.00)
    floor.order(time_in_force="cls")
    floor.now = HOURS.at("15:50")
    assert isinstance(floor.send(time_in_force="cls"), Fault)
    floor.now = HOURS.at("19:00")
    floor.order(time_in_force="opg")


def test_two_hundred_requests_a_minute_are_allowed() -> None:
    limit = RateLimit()
    answers = [limit.spend("one", 1_679_411_600.5) for _ in range(201)]

    assert answers[0].headers() == {
        "X-Ratelimit-Limit": "200",
        "X-Ratelimit-Remaining": "199",
        "X-Ratelimit-Reset": "1679411640",
    }
    assert [answer.exceeded for answer in answers[198:]] == [False, False, True]
    assert limit.spend("two", 1_679_411_601).remaining == 199
    assert limit.spend("one", 1_679_411_640).remaining == 199


def test_an_oco_may_write_its_stop_twice_as_lumibot_does() -> None:
    floor = Floor(fill_mode("base"))
    floor.quote(100.00, 100.10)
    floor.print(100.05)
    floor.order(qty="10")
    floor.at(1)
    floor.quote(100.00, 100.10)
    assert floor.held() == 10
    oco = {
        "order_class": "oco", "side": "sell", "type": "limit", "qty": "10",
        "limit_price": "105", "take_profit": {"limit_price": "105"},
        "stop_loss": {"stop_price": "95"},
    }  # fmt: skip
    other = floor.refused(**oco, stop_price="96")
    assert body(other) == body(faults.STOP_PRICE_OF_LIMIT)
    floor.order(**oco, stop_price="95")
