"""What fills a gap comes whole, and one decoder reads it as it reads the stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.alpaca.http.history import AlpacaHistory
from adapters.alpaca.wire.market import Frame, FrameDecoder
from engine.domain.errors import VenueRejected, VenueUnavailable
from tests.adapters.alpaca.scripted_rest import CREDENTIALS, QUICK, RestVenue

START, END = 1_789_738_200_000_000_000, 1_789_738_260_000_000_000


def fetch(venue: RestVenue, ask: Callable[[AlpacaHistory], AsyncIterator[bytes]]) -> list[Frame]:
    async def scenario() -> list[Frame]:
        decoder = FrameDecoder()
        history = AlpacaHistory(venue.endpoints, CREDENTIALS, "iex", patience=QUICK)
        async with asyncio.timeout(300), history:
            return [decoder.decode(frame, END) async for frame in ask(history)]

    return asyncio.run(scenario())


def trade(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "t": f"2026-09-18T13:30:{number:02}.5Z",
        "x": "V",
        "p": 100 + number / 100,
        "s": 10,
        "c": ["@"],
        "i": number,
        "z": "C",
        **fields,
    }


def test_pages_follow_each_other_to_the_end(venue: RestVenue) -> None:
    pages = {
        "": ({"AAPL": [trade(1), trade(2)]}, "b"),
        "b": ({}, "c"),
        "c": ({"AAPL": [trade(3)], "BRK.B": [trade(4)]}, None),
    }

    async def page(request: Request) -> Response:
        rows, token = pages[request.query_params.get("page_token", "")]
        return JSONResponse({"trades": rows or None, "next_page_token": token})

    venue.on("GET", "/v2/stocks/trades", page)
    frames = fetch(venue, lambda history: history.trades(["BRK.B", "AAPL"], START, END))
    batches = [frame.trades for frame in frames if frame.trades]
    assert [len(batch) for batch in batches] == [2, 2]
    assert batches[1].symbols == ("AAPL", "BRK.B")
    assert np.concatenate([batch.price for batch in batches]).tolist() == [
        100_010_000,
        100_020_000,
        100_030_000,
        100_040_000,
    ]
    asked = venue.asked[0].query
    assert asked == {
        "symbols": "AAPL,BRK.B",
        "start": "2026-09-18T13:30:00.000000000Z",
        "end": "2026-09-18T13:31:00.000000000Z",
        "feed": "iex",
        "limit": "10000",
    }


def test_prints_that_were_taken_back_are_left_out(venue: RestVenue) -> None:
    rows = [trade(1, u="canceled"), trade(2, u="corrected"), trade(3, u="incorrect"), trade(4), {}]
    venue.on("GET", "/v2/stocks/trades", JSONResponse({"trades": {"AAPL": rows}}))
    (frame,) = fetch(venue, lambda history: history.trades(["AAPL"], START, END))
    assert frame.trades
    assert frame.trades.price.tolist() == [100_020_000, 100_040_000]


def test_the_whole_market_is_asked_for_in_parts(venue: RestVenue) -> None:
    venue.on("GET", "/v2/stocks/bars", JSONResponse({"bars": {}, "next_page_token": None}))
    symbols = [f"S{n:04}" for n in range(1_250)]
    assert fetch(venue, lambda history: history.bars(symbols, START, END)) == []
    asked = [symbol for each in venue.asked for symbol in each.query["symbols"].split(",")]
    assert asked == symbols
    assert len(venue.asked) == 3
    assert venue.asked[0].query["timeframe"] == "1Min"


def test_the_stored_samples_are_read(venue: RestVenue, shared: Path) -> None:
    path = shared / "fixtures/alpaca/rest_samples/test_historical_stock_data.json"
    read = 0
    for text in _texts(json.loads(path.read_text())):
        page = json.loads(text) if text.startswith("{") else {}
        for kind in ("trades", "quotes", "bars"):
            if isinstance(page.get(kind), dict) and all(
                isinstance(rows, list) for rows in page[kind].values()
            ):
                body = json.dumps({**page, "next_page_token": None})
                venue.on("GET", f"/v2/stocks/{kind}", Response(body))
                frames = fetch(
                    venue, lambda history, kind=kind: getattr(history, kind)(["AAPL"], START, END)
                )
                found = [frame.trades or frame.quotes or frame.others for frame in frames]
                expected = sum(map(len, page[kind].values()))
                assert sum(map(len, found)) <= expected
                read += sum(map(len, found))
    assert read > 5


def _texts(value: Any) -> list[str]:
    """Return every text within a value; objects that look like bodies as their JSON."""
    if isinstance(value, str):
        return [value.strip()]
    if isinstance(value, dict):
        own = [json.dumps(value)] if {"trades", "quotes", "bars"} & set(value) else []
        return own + [text for inner in value.values() for text in _texts(inner)]
    return [text for inner in value for text in _texts(inner)] if isinstance(value, list) else []


def test_a_plan_that_does_not_carry_it_is_told(venue: RestVenue) -> None:
    body = {
        "code": 42210000,
        "message": "subscription does not permit querying recent SIP data",
    }
    venue.on("GET", "/v2/stocks/trades", JSONResponse(body, 403))
    with pytest.raises(VenueRejected, match="recent SIP data") as told:
        fetch(venue, lambda history: history.trades(["AAPL"], START, END))
    assert told.value.status == 403


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<html>", "no page of quotes"),
        (b'{"trades": {}}', "expected quotes"),
        (b'{"quotes": [1]}', "no page of quotes"),
        (b'{"quotes": {}, "next_page_token": "a"}', "do not go on"),
    ],
)
def test_what_is_no_page_is_no_silence(venue: RestVenue, body: bytes, text: str) -> None:
    venue.on("GET", "/v2/stocks/quotes", Response(body))
    with pytest.raises(VenueUnavailable, match=text):
        fetch(venue, lambda history: history.quotes(["AAPL"], START, END))
