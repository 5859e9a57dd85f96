"""Messages that others wrote down: documentation, SDK tests and the OpenAPI document's samples."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgpack
import msgspec
import pytest
from alpaca.data.models import Bar as TheirBar
from alpaca.data.models import Quote as TheirQuote
from alpaca.data.models import Trade as TheirTrade
from alpaca.trading.models import Asset, Clock, Order, Position, TradeAccount

from adapters.alpaca.wire import (
    Authenticated,
    Bar,
    Connected,
    Frame,
    FrameDecoder,
    Imbalance,
    PriceBand,
    StreamError,
    Subscription,
    VenueAccount,
    VenueAsset,
    VenueClock,
    VenueOrder,
    VenuePosition,
    read_fault,
    read_many,
    read_one,
    read_trading_message,
)
from engine.domain.fixed_point import decimal_price
from engine.domain.market_data.status import TradingStatus
from tests.adapters.alpaca.wire.frames import ARRIVED, prints_of, quotes_of, to_msgpack


@pytest.fixture
def fixtures(shared: Path) -> Path:
    """Return the folder of Alpaca's samples."""
    return shared / "fixtures" / "alpaca"


def server_frames(fixtures: Path, name: str) -> list[Any]:
    lines = (fixtures / "stream" / name).read_text().splitlines()
    return [line["msg"] for line in map(json.loads, lines) if line["dir"] == "<"]


def told(frame: Frame) -> list[Any]:
    """Return everything a frame says."""
    return [*prints_of(frame), *quotes_of(frame), *frame.statuses, *frame.others, *frame.control]


def test_every_recorded_frame_says_the_same_in_both_encodings(fixtures: Path) -> None:
    binary = [file.read_bytes() for file in sorted((fixtures / "stream/msgpack").iterdir())]
    text = [json.dumps(message) for message in server_frames(fixtures, "md_examples.jsonl")]
    decoders = FrameDecoder(), FrameDecoder()
    read = [[told(decoders[0].decode(frame, ARRIVED)) for frame in binary]]
    read += [[told(decoders[1].decode(frame, ARRIVED)) for frame in text]]
    assert read[0] == read[1]
    kinds = [type(message) for frame in read[0] for message in frame]
    assert kinds == [
        Connected, Authenticated, Subscription, tuple, tuple, Bar, tuple, tuple, tuple, PriceBand,
        TradingStatus, Imbalance, StreamError,
    ]  # fmt: skip
    assert decoders[0].counters["unknown_fields"] == 0


def test_alpacas_own_models_read_the_same_figures(fixtures: Path) -> None:
    decoder = FrameDecoder()
    compared = 0
    for file in sorted((fixtures / "stream/msgpack").iterdir()):
        frame = file.read_bytes()
        (message,) = msgpack.unpackb(frame)
        if "t" in message:
            message["t"] = message["t"].to_datetime()
        read = decoder.decode(frame, ARRIVED)
        if message["T"] == "t":
            trade = TheirTrade(message["S"], message)
            ((symbol, ts, _, price, size, codes),) = prints_of(read)
            assert (symbol, float(decimal_price(price)), size) == (
                trade.symbol, trade.price, trade.size
            )  # fmt: skip
            assert codes == "".join(trade.conditions or ())
            assert ts // 1000 == round(trade.timestamp.timestamp() * 1_000_000)
            compared += 1
        elif message["T"] == "q":
            quote = TheirQuote(message["S"], message)
            ((symbol, _, _, bid, ask, bid_size, ask_size),) = quotes_of(read)
            theirs = quote.symbol, quote.bid_price, quote.ask_price, quote.bid_size, quote.ask_size
            usd = [float(decimal_price(price)) for price in (bid, ask)]
            assert (symbol, *usd, bid_size, ask_size) == theirs
            compared += 1
        elif message["T"] == "b":
            bar = TheirBar(message["S"], message)
            (ours,) = read.others
            assert isinstance(ours, Bar)
            prices = ours.open, ours.high, ours.low, ours.close, ours.vwap
            assert [float(decimal_price(price)) for price in prices] == [
                bar.open, bar.high, bar.low, bar.close, bar.vwap
            ]  # fmt: skip
            assert (ours.volume, ours.trade_count) == (bar.volume, bar.trade_count)
            compared += 1
    assert compared == 3


def test_every_trading_message_says_the_same_in_all_encodings(fixtures: Path) -> None:
    messages = server_frames(fixtures, "trade_updates_examples.jsonl")
    assert len(messages) == 6
    for message in messages:
        text = json.dumps(message)
        read = read_trading_message(text)
        assert read == read_trading_message(text.encode())
        assert read == read_trading_message(to_msgpack(message))


def test_every_recorded_refusal_keeps_its_code_message_and_figures(fixtures: Path) -> None:
    bodies = json.loads((fixtures / "errors/error_bodies.json").read_text())
    assert len(bodies) == 25
    for sample in bodies:
        fault = read_fault(sample["http"], json.dumps(sample["body"]).encode())
        said = {"code": fault.code, "message": fault.message, **fault.extra}
        assert said == {"code": None, **sample["body"]}


MODELS = {
    "/v2/orders": (VenueOrder, Order),
    "/v2/positions": (VenuePosition, Position),
    "/v2/assets": (VenueAsset, Asset),
    "/v2/clock": (VenueClock, Clock),
    "/v2/account": (VenueAccount, TradeAccount),
}


def test_the_sdks_test_bodies_say_what_its_models_say(fixtures: Path) -> None:
    samples = json.loads((fixtures / "rest_samples/sdk_test_bodies.json").read_text())
    compared = 0
    for sample in samples:
        method, url = sample["request"] or ("", "")
        path = next((path for path in MODELS if f"TRADING_PAPER.value}}{path}" in url), None)
        if path is None or "configurations" in url or method == "delete":
            continue
        struct, model = MODELS[path]
        body = sample["body"]
        text = body if isinstance(body, str) else json.dumps(body)
        for row in json.loads(text) if text.lstrip().startswith("[") else [json.loads(text)]:
            if "string" in row.values():
                continue
            ours = read_one(json.dumps(row), struct)
            compared += agrees(ours, model(**row))
    assert compared > 100


def agrees(ours: msgspec.Struct, theirs: Any) -> int:
    """Compare the fields that both have; return how many there are."""
    compared = 0
    for field in msgspec.structs.fields(ours):
        mine, other = getattr(ours, field.name), getattr(theirs, field.name, None)
        if mine is None or other is None or isinstance(mine, tuple) or field.name == "order_class":
            continue
        if hasattr(other, "timestamp"):
            assert mine // 1000 == round(other.timestamp() * 1_000_000), field.name
        elif isinstance(mine, Decimal):
            assert mine == Decimal(str(other)), field.name
        elif isinstance(mine, str):
            assert mine == str(getattr(other, "value", other)), field.name
        else:
            assert mine == other, field.name
        compared += 1
    return compared


def test_the_official_samples_of_orders_and_accounts_are_read(fixtures: Path) -> None:
    samples = json.loads((fixtures / "rest_samples/openapi_examples.json").read_text())
    structs = {"Order": VenueOrder, "Position": VenuePosition, "Account": VenueAccount}
    read = 0
    for sample in samples:
        struct = structs.get(sample.get("schema", ""))
        for example in sample["value"].values() if struct else ():
            assert struct is not None
            rows, skipped = read_many(json.dumps([example]), struct)
            assert not skipped, skipped
            read += len(rows)
    assert read > 0
