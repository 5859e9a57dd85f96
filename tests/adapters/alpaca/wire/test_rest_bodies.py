"""REST bodies: exact, tolerant of what is new, and one bad row costs no other."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.wire import (
    VenueActivity,
    VenueAsset,
    VenueClock,
    VenueOrder,
    VenueOutcome,
    VenuePosition,
    read_fault,
    read_many,
    read_one,
)
from engine.domain.errors import DataError
from tests.adapters.alpaca.wire.frames import rfc3339

ORDER: dict[str, Any] = {"id": "904837e3", "status": "new", "symbol": "AAPL", "qty": "15"}


def body(*rows: Any) -> str:
    return json.dumps(rows)


amounts = st.decimals(
    allow_nan=False, allow_infinity=False, places=9, min_value=-(10**9), max_value=10**9
)
instants = st.integers(0, 4_000_000_000_000_000_000)


@given(price=amounts, ts=instants, status=st.text(min_size=1))
def test_an_order_comes_back_exactly(price: Decimal, ts: int, status: str) -> None:
    written = rfc3339(ts)
    row = ORDER | {"limit_price": str(price), "updated_at": written, "status": status}
    order = read_one(json.dumps(row), VenueOrder)
    assert (order.limit_price, order.updated_at, order.status) == (price, ts, status)


def test_one_bad_row_costs_no_other_and_is_named() -> None:
    rows, skipped = read_many(
        body(ORDER, ORDER | {"qty": "many"}, 7, None, {"symbol": "F"}, [], ORDER), VenueOrder
    )
    assert [row.id for row in rows] == ["904837e3"] * 2
    assert skipped[0] == "VenueOrder 1 904837e3 AAPL: qty is 'many', expected a finite number"
    assert len(skipped) == 5
    assert "VenueOrder 4 F: id is absent" in skipped[3]


def test_numbers_are_read_whether_they_are_texts_or_not() -> None:
    row = ORDER | {"qty": 15, "limit_price": 12.35, "filled_qty": "0.123456789", "hwm": ""}
    order = read_one(json.dumps(row), VenueOrder)
    assert (order.qty, order.limit_price, order.hwm) == (Decimal(15), Decimal("12.35"), None)
    assert order.filled_qty == Decimal("0.123456789")


def test_legs_come_nested_and_a_bad_one_spoils_its_parent() -> None:
    leg = ORDER | {"id": "leg", "status": "held"}
    rows, skipped = read_many(
        body(ORDER | {"legs": [leg, leg]}, ORDER | {"legs": [leg, 5]}), VenueOrder
    )
    assert [len(row.legs) for row in rows] == [2]
    assert len(skipped) == 1


@pytest.mark.parametrize("text", ["", "<html>", "{}", "null", "[NaN]", "[1", '"x"', "[" * 9999])
def test_a_body_that_is_no_array_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="body is no array of VenueOrder"):
        read_many(text, VenueOrder)


@pytest.mark.parametrize("text", ["", "<html>", "[]", "null", '{"id":"x"}'])
def test_a_body_that_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="body is no VenueOrder"):
        read_one(text, VenueOrder)


def test_other_bodies_are_read() -> None:
    clock = read_one(
        '{"timestamp":"2026-09-18T11:00:00.5-04:00","is_open":true,'
        '"next_open":"2026-09-21T09:30:00-04:00","next_close":"2026-09-18T16:00:00-04:00"}',
        VenueClock,
    )
    assert clock.timestamp == 1_789_743_600_500_000_000
    assert clock.next_close - clock.timestamp == (5 * 3600 - 0.5) * 1e9
    asset = read_one(
        '{"id":"a","class":"us_equity","exchange":"MARS","symbol":"BRK.B","status":"active",'
        '"tradable":true,"attributes":["ipo"],"maintenance_margin_requirement":30}',
        VenueAsset,
    )
    assert (asset.asset_class, asset.attributes, asset.tradable) == ("us_equity", ("ipo",), True)
    assert asset.maintenance_margin_requirement == 30
    position = read_one(
        '{"symbol":"F","qty":"-5","side":"short","avg_entry_price":"10.1"}', VenuePosition
    )
    assert (position.qty, position.side, position.qty_available) == (Decimal(-5), "short", None)
    fills, _ = read_many(
        '[{"id":"20220202135509981::2d7be4ff","activity_type":"FILL","type":"partial_fill",'
        '"transaction_time":"2022-02-02T18:55:09.981482Z","price":"1.5","qty":"2","cum_qty":"2",'
        '"leaves_qty":"1","side":"sell_short","symbol":"F","order_id":"o1"}]',
        VenueActivity,
    )
    assert fills[0].transaction_time == 1_643_828_109_981_482_000
    outcomes, _ = read_many('[{"id":"o1","status":200,"body":null}]', VenueOutcome)
    assert outcomes == (VenueOutcome(status=200, id="o1"),)


@given(status=st.integers(400, 599), content=st.binary(max_size=300))
def test_a_refusal_is_read_whatever_its_body_is(status: int, content: bytes) -> None:
    fault = read_fault(status, content)
    assert fault.http_status == status
    assert fault.message


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b'{"message":"unauthorized."}', None, "unauthorized."),
        (b'{"code":"40310000","message":"no"}', 40_310_000, "no"),
        (b'{"code":true}', None, "no message"),
        (b"<html>\n <h1>Bad Gateway</h1>", None, "<html> <h1>Bad Gateway</h1>"),
        (b"", None, "an empty body"),
        (b"[" * 100_000, None, "[" * 120),
    ],
    ids=["no code", "text code", "odd", "page", "empty", "deep"],
)
def test_a_refusal_has_its_code_and_message(content: bytes, code: int | None, message: str) -> None:
    fault = read_fault(502, content)
    assert (fault.code, fault.message) == (code, message)
