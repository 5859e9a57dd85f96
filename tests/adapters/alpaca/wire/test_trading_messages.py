"""The trading stream: what is new or strange never hides what became of an order."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.wire import (
    Authorization,
    Listening,
    StreamFault,
    TradeUpdate,
    Unfamiliar,
    read_trading_message,
)
from engine.domain.errors import DataError
from tests.adapters.alpaca.wire.frames import to_msgpack

ORDER: dict[str, Any] = {"id": "417b6eea", "status": "partially_filled", "symbol": "F", "qty": "10"}


def update(**changes: Any) -> dict[str, Any]:
    data = {"event": "partial_fill", "order": ORDER, "price": "7.09", "qty": "3"}
    return {"stream": "trade_updates", "data": data | changes}


def read_update(**changes: Any) -> TradeUpdate:
    read = read_trading_message(json.dumps(update(**changes)))
    assert isinstance(read, TradeUpdate)
    return read


def test_a_fill_is_exact_and_apart_from_the_orders_sums() -> None:
    filled = ORDER | {"filled_qty": "7", "filled_avg_price": "7.0857142857142857"}
    read = read_update(order=filled, position_qty="-7", execution_id="e1")
    assert (read.price, read.qty, read.position_qty) == (Decimal("7.09"), Decimal(3), Decimal(-7))
    assert read.order.filled_avg_price == Decimal("7.0857142857142857")
    assert read.order.filled_qty == 7


@given(event=st.text(min_size=1), status=st.text(min_size=1))
def test_words_nobody_knows_are_kept_as_they_are(event: str, status: str) -> None:
    read = read_update(event=event, order=ORDER | {"status": status, "new": {"x": [1]}}, new=[{}])
    assert (read.event, read.order.status) == (event, status)


def test_times_keep_their_nanoseconds_in_either_encoding() -> None:
    ts = 1_627_572_496_888_530_123
    stamp = msgpack.Timestamp.from_unix_nano(ts)
    binary = read_trading_message(to_msgpack(update(timestamp=stamp)))
    assert isinstance(binary, TradeUpdate)
    assert binary.timestamp == ts
    assert read_update(timestamp="2021-07-29T11:28:16.888530123-04:00").timestamp == ts
    assert read_update(at="2021-07-29T15:28:16.888530123Z").timestamp == ts
    assert read_update().timestamp is None


def test_an_order_over_an_amount_of_usd_has_no_quantity() -> None:
    read = read_update(order=ORDER | {"qty": None, "notional": "500"})
    assert (read.order.qty, read.order.notional) == (None, Decimal(500))


def test_legs_are_orders_too() -> None:
    legs = [ORDER | {"id": "leg", "status": "held", "legs": None}]
    (leg,) = read_update(order=ORDER | {"legs": legs}).order.legs
    assert (leg.id, leg.status, leg.legs) == ("leg", "held", ())


def test_the_sessions_own_messages_are_told_apart() -> None:
    refused = {"stream": "authorization", "data": {"status": "unauthorized", "action": "listen"}}
    said = [
        (refused, Authorization(authorized=False, action="listen")),
        ({"stream": "listening", "data": {"streams": ["a", "b"]}}, Listening(("a", "b"))),
        ({"stream": "listening", "data": {"streams": None}}, Listening(())),
        ({"action": "error", "data": {"error_message": "no"}}, StreamFault("no")),
        ({"stream": "account_updates", "data": {}}, Unfamiliar("account_updates")),
        ({}, Unfamiliar("")),
    ]  # fmt: skip
    assert [read_trading_message(json.dumps(message)) for message, _ in said] == [
        expected for _, expected in said
    ]


@pytest.mark.parametrize(
    ("frame", "finding"),
    [
        (b"", "0 bytes"),
        ("not json", "malformed"),
        ("[]", "array"),
        (json.dumps(update(order=None)), "order is None, expected an object"),
        (json.dumps(update(order={"status": "new"})), "id is absent, expected a text"),
        (json.dumps(update(price="NaN")), "price is 'NaN', expected a finite number"),
        (json.dumps(update(price="1e999999")), "price is '1e999999', expected a finite number"),
        (json.dumps(update(price=True)), "price is True, expected a finite number"),
        (json.dumps(update(timestamp="yesterday")), "timestamp is 'yesterday', expected a time"),
        (json.dumps(update(timestamp="2021-02-30T00:00:00Z")), "expected a time"),
        (b"\x81\xa6stream\xadtrade_updates", "data is None, expected an object"),
        (b"\x81\xa6stream", "truncated"),
        ("[" * 50_000, "recursion|array"),
    ],
    ids=range(13),
)
def test_an_update_that_cannot_be_read_is_refused_with_what_was_found(
    frame: bytes | str, finding: str
) -> None:
    with pytest.raises(DataError, match=finding):
        read_trading_message(frame)


@given(frame=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(frame: bytes) -> None:
    with suppress(DataError):
        read_trading_message(frame)


@given(
    at=st.integers(0, 200),
    change=st.binary(max_size=4),
    encode=st.sampled_from([to_msgpack, lambda said: json.dumps(said).encode()]),
)
def test_a_damaged_update_is_read_or_refused(
    at: int, change: bytes, encode: Callable[[object], bytes]
) -> None:
    whole = encode(update())
    frame = whole[:at] + change + whole[at + 1 :]
    with suppress(DataError):
        read_trading_message(frame)
