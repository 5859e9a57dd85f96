"""What the data API refuses, and how it words it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog import Catalog
from simulator.instants import rfc3339
from simulator.market_data import Door, Plan, routes
from tests.simulator.market_data.conftest import Hands
from tests.simulator.market_data.loopback import HEADERS, SECRET, Loopback
from tests.simulator.market_data.recorded_day import CLOSE, DAY, MINUTE


@pytest.mark.parametrize(
    ("path", "parameters", "told"),
    [
        ("trades", {}, "symbols is required"),
        ("trades", {"symbols": "aapl"}, "invalid symbol: aapl"),
        ("trades", {"symbols": "AAPL", "limit": "0"}, "invalid limit"),
        ("trades", {"symbols": "AAPL", "limit": "10001"}, "invalid limit"),
        ("trades", {"symbols": "AAPL", "limit": "9" * 400}, "invalid limit"),
        ("trades", {"symbols": "AAPL", "start": "yesterday"}, "invalid start"),
        ("trades", {"symbols": "AAPL", "start": "2018-02-30"}, "invalid start"),
        ("trades", {"symbols": "AAPL", "sort": "up"}, "invalid sort"),
        ("trades", {"symbols": "AAPL", "feed": "cnn"}, "invalid feed"),
        ("trades", {"symbols": "AAPL", "page_token": "AAAA"}, "invalid page_token"),
        ("trades", {"symbols": "AAPL", "asof": "soon"}, "invalid asof"),
        ("trades", {"symbols": "AAPL", "currency": "EUR"}, "invalid currency"),
        ("bars", {"symbols": "AAPL"}, "timeframe is required"),
        ("bars", {"symbols": "AAPL", "timeframe": "60Min"}, "invalid timeframe"),
        ("bars", {"symbols": "AAPL", "timeframe": "5Month"}, "invalid timeframe"),
        ("bars", {"symbols": "AAPL", "timeframe": "1Day", "adjustment": "x"}, "invalid adjustment"),
        (
            "trades",
            {"symbols": "AAPL", "start": "2018-09-19", "end": "2018-09-18"},
            "end should not be before start",
        ),
        ("meta/conditions/trade", {}, "tape is required"),
        ("meta/conditions/odd", {"tape": "A"}, "invalid ticktype"),
    ],
)
def test_a_wrong_parameter_is_answered_with_its_name(
    served: Loopback, path: str, parameters: dict[str, Any], told: str
) -> None:
    answer = served.get(f"/v2/stocks/{path}", **parameters)
    assert answer.status_code == 400
    assert told in answer.json()["message"]


def test_keys_are_asked_for_and_looked_at(served: Loopback) -> None:
    url = f"{served.url}/v2/stocks/trades?symbols=AAPL"
    missing = httpx.get(url)
    assert (missing.status_code, missing.json()) == (401, {"message": "unauthorized."})
    wrong = httpx.get(url, headers=HEADERS | {"APCA-API-SECRET-KEY": "wrong"})
    assert (wrong.status_code, wrong.json()) == (403, {"message": "forbidden."})


def test_the_free_plan_has_no_recent_sip(served: Loopback, now: Hands, shared: Path) -> None:
    samples = json.loads(
        (shared / "fixtures" / "alpaca" / "errors" / "error_bodies.json").read_text()
    )
    (expected,) = [one["body"] for one in samples if "recent SIP" in one["body"].get("message", "")]
    now.now = CLOSE

    def get(path: str, **parameters: str) -> httpx.Response:
        headers = HEADERS | {"APCA-API-KEY-ID": "PKBASIC"}
        return httpx.get(f"{served.url}/v2/stocks/{path}", params=parameters, headers=headers)

    recent = get("AAPL/trades", end=rfc3339(CLOSE), feed="sip")
    assert (recent.status_code, recent.json()) == (403, expected)
    latest = get("AAPL/trades/latest", feed="sip")
    assert (latest.status_code, latest.json()) == (403, expected)
    old = get("AAPL/trades", end=rfc3339(CLOSE - 15 * MINUTE), feed="sip", sort="desc")
    assert old.status_code == 200
    assert old.json()["trades"][0]["t"] <= rfc3339(CLOSE - 15 * MINUTE)
    assert get("AAPL/trades", end=rfc3339(CLOSE), feed="iex").json()["trades"]
    assert get("AAPL/trades/latest").status_code == 200
    delayed = get("AAPL/trades/latest", feed="delayed_sip").json()["trade"]["t"]
    assert delayed <= rfc3339(CLOSE - 15 * MINUTE)


def test_too_many_requests_are_told_when_to_come_back(market: Catalog) -> None:
    wall = [1_000_000.0]
    door = Door(limits=dict.fromkeys(Plan, 2), wall=lambda: wall[0])
    with Loopback(routes(market, DAY, lambda: CLOSE, door=door)) as server:
        answers = [server.get("/v2/clock") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
        wall[0] = float(answers[2].headers["X-RateLimit-Reset"])
        assert server.get("/v2/clock").status_code == 200


def test_what_nobody_knows_is_not_found(served: Loopback) -> None:
    for path in ("NONESUCH/trades/latest", "NONESUCH/snapshot"):
        assert served.get(f"/v2/stocks/{path}").status_code == 404
    asset = served.get("/v2/assets/NONESUCH")
    assert asset.status_code == 404
    assert asset.json() == {"code": 40410000, "message": "asset not found for NONESUCH"}
    empty = served.get("/v2/stocks/NONESUCH/trades")
    assert empty.json() == {"trades": [], "symbol": "NONESUCH", "next_page_token": None}
    assert SECRET not in asset.text
