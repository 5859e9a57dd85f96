"""The official JavaScript SDK trades against the look-alike, unchanged."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from catalog import Catalog
from engine.domain.fixed_point import PRICE_SCALE, json_shares
from engine.domain.market_data.conditions import REVERSAL_MARK
from simulator.instants import rfc3339
from simulator.tape import Mode
from tests.simulator.javascript.sdk import HERE, run
from tests.simulator.server.conftest import DAY
from tests.simulator.server.served import Served, setting
from tests.simulator.server.test_trading import OPEN, SECOND, busy, market_symbols

__all__ = ["busy"]

CASH = Decimal(100_000)


@pytest.fixture(scope="module")
def saw(market: Catalog) -> dict[str, Any]:
    """Return what the SDK's own objects said in one session, by subject, and the symbol traded."""
    batch = market.trades(DAY, market_symbols(market), OPEN, OPEN + 600 * SECOND)
    symbol = batch.symbols[int(np.bincount(batch.symbol_id).argmax())]
    playing = setting(mode=Mode.PACED, speed=30.0, start_ns=OPEN, requests=10_000)
    with Served(market, playing) as running:
        done = run(HERE / "session.cjs", running.address, symbol)
    assert done.returncode == 0, done.stderr
    said = (json.loads(line) for line in done.stdout.splitlines())
    return {each["subject"]: each["saw"] for each in said} | {"symbol": symbol}


def nanos(raw: str) -> int:
    """Return the UTC nanosecond of a timestamp that lost nothing."""
    return int(np.datetime64(raw.removesuffix("Z"), "ns").astype(np.int64))


def stored(market: Catalog, symbol: str) -> dict[tuple[int, float, float], list[str]]:
    """Return the conditions of a symbol's recorded prints by time, price and size."""
    batch = market.trades(DAY, [symbol], OPEN - 60 * SECOND, OPEN + 3_600 * SECOND)
    rows = zip(batch.ts_event, batch.price, batch.size, batch.condition_id, strict=True)
    return {
        (int(ts), int(price) / PRICE_SCALE, json_shares(size)): list(batch.conditions[code])
        for ts, price, size, code in rows
        if not batch.conditions[code].startswith(REVERSAL_MARK)
    }


def test_clock_assets_and_account_are_read(saw: dict[str, Any], market: Catalog) -> None:
    clock, assets = saw["clock"], saw["assets"]
    assert (clock["isOpen"], clock["phase"]) == (True, "core")
    assert clock["timestamp"].startswith("2026-09-18T14:")
    assert (clock["nextClose"], clock["nextOpen"]) == (
        "2026-09-18T20:00:00.000Z",
        "2026-09-21T13:30:00.000Z",
    )
    assert clock["session"]["date"] == "2026-09-18T00:00:00.000Z"
    assert (clock["session"]["open"], clock["session"]["close"]) == ("09:30", "16:00")
    assert sorted(assets["symbols"]) == market_symbols(market)
    assert assets["asset"] == assets["same"]
    assert (assets["asset"]["symbol"], assets["asset"]["tradable"]) == (saw["symbol"], True)
    account = saw["account"]
    assert (account["status"], account["multiplier"]) == ("ACTIVE", "4")
    assert {account[name] for name in ("cash", "equity", "portfolioValue")} == {"100000"}
    assert saw["configuration"]["noShorting"]
    assert saw["configuration"]["fractionalTrading"]


def test_streams_carry_the_recorded_day(saw: dict[str, Any], market: Catalog) -> None:
    stream, symbol = saw["stream"], saw["symbol"]
    assert stream["errors"] == []
    ack = {name: set(names) for name, names in stream["ack"].items() if names}
    assert ack == {
        "trades": {symbol},
        "quotes": {symbol},
        "bars": {"*"},
        "statuses": {"*"},
        "lulds": {"*"},
        "imbalances": {symbol},
    }
    prints = stored(market, symbol)
    assert len(stream["trades"]) > 20
    for row in stream["trades"]:
        known = prints[nanos(row["timestampRaw"]), row["price"], row["size"]]
        assert (row["symbol"], row["conditions"]) == (symbol, known)
        assert int(row["idRaw"]) == row["id"] > 0
    quotes = market.quotes(DAY, [symbol], OPEN - 60 * SECOND, OPEN + 3_600 * SECOND)
    sides = zip(quotes.ts_event.tolist(), quotes.bid.tolist(), quotes.ask.tolist(), strict=True)
    recorded = {(ts, bid / PRICE_SCALE, ask / PRICE_SCALE) for ts, bid, ask in sides}
    assert stream["quotes"]
    for row in stream["quotes"]:
        assert (nanos(row["timestampRaw"]), row["bidPrice"], row["askPrice"]) in recorded


def test_history_is_what_the_stream_told(saw: dict[str, Any], market: Catalog) -> None:
    history, stream = saw["history"], saw["stream"]
    start, end = (nanos(history[name]) for name in ("from", "to"))
    asked = {row for row in stored(market, saw["symbol"]) if start <= row[0] <= end}
    told = [(nanos(row["timestampRaw"]), row["price"], row["size"]) for row in history["trades"]]
    assert told == sorted(told, key=lambda row: row[0])
    assert set(told) == asked
    streamed = {row["idRaw"]: row for row in stream["trades"]}
    pairs = [(row, streamed.get(row["idRaw"])) for row in history["trades"]]
    both = [(past, live) for past, live in pairs if live is not None]
    assert len(both) > 10
    for past, live in both:
        for name in ("price", "size", "conditions", "tape", "exchange"):
            assert past[name] == live[name], name
        assert nanos(past["timestampRaw"]) == nanos(live["timestampRaw"])
    quoted = market.quotes(DAY, [saw["symbol"]], OPEN - 60 * SECOND, OPEN + 3_600 * SECOND).ts_event
    quoted = np.sort(quoted[(start <= quoted) & (quoted <= end)])
    assert [nanos(row["timestampRaw"]) for row in history["quotes"]] == quoted.tolist()
    first = stream["bars"][0]
    (bar,) = history["bar"]
    # a streamed bar knows its prints in the order of their arrival, and none that came later
    assert bar["timestamp"] == first["timestamp"]
    for name in ("open", "high", "low", "close", "vwap"):
        assert bar[name] == pytest.approx(first[name], rel=0.005), name
    for each in (bar, first):
        assert each["low"] <= each["vwap"] <= each["high"]
        assert each["volume"] >= each["tradeCount"] > 0
    last = {row[1] for row in stored(market, saw["symbol"])}
    assert history["price"] in last


def test_news_are_read_and_streamed(saw: dict[str, Any]) -> None:
    news = saw["news"]
    past = {article["id"]: article for article in news["past"]}
    assert len(past) == len(news["past"]) > 3
    assert len(news["streamed"]) > 3
    for article in news["streamed"]:
        known = past[article["id"]]
        for name in ("headline", "summary", "author", "createdAt", "updatedAt", "url", "symbols"):
            assert article[name] == known[name], name


def test_watchlists_are_kept(saw: dict[str, Any]) -> None:
    told, symbol = saw["watchlists"], saw["symbol"]
    assert told["names"] == [[symbol], [symbol, "SPY"], [symbol, "SPY"], ["SPY"]]
    assert (told["made"]["name"], told["made"]["accountId"]) == ("Mine", saw["account"]["id"])
    assert [(head["id"], head["name"]) for head in told["heads"]] == [(told["made"]["id"], "Mine")]
    assert (told["gone"]["status"], told["gone"]["code"]) == (404, 40410000)


def test_a_replacement_is_a_new_order(saw: dict[str, Any]) -> None:
    told = saw["replacement"]
    placed, before, after = told["placed"], told["before"], told["after"]
    assert (placed["status"], placed["clientOrderId"]) == ("pending_new", "resting-1")
    assert (before["status"], before["replacedBy"]) == ("replaced", after["id"])
    assert (after["status"], after["replaces"]) == ("canceled", placed["id"])
    assert after["id"] != placed["id"] == before["id"]
    assert (placed["qty"], after["qty"]) == ("3", "2")
    assert Decimal(after["limitPrice"]) < Decimal(placed["limitPrice"])
    assert told["lives"] == [
        ["pending_new", "new", "pending_replace", "replaced"],
        ["new", "pending_cancel", "canceled"],
    ]


def test_brackets_and_exits_live_as_a_group(saw: dict[str, Any]) -> None:
    placed, nested = saw["bracket"]["placed"], saw["bracket"]["nested"]
    assert [leg["status"] for leg in placed["legs"]] == ["held", "held"]
    assert (nested["status"], nested["filledQty"]) == ("filled", "10")
    assert {leg["type"]: leg["status"] for leg in nested["legs"]} == {
        "limit": "new",
        "stop": "held",
    }
    position = saw["bracket"]["position"]
    assert (position["qty"], position["side"], position["qtyAvailable"]) == ("10", "long", "0")
    fill = saw["books"]["flow"][0]
    assert position["avgEntryPrice"] == fill["price"]
    assert Decimal(position["costBasis"]) == 10 * Decimal(fill["price"])
    assert saw["bracket"]["refused"] == {
        "kind": "PermissionError",
        "status": 403,
        "code": 40310000,
        "message": "insufficient qty available for order (requested: 1, available: 0)",
    }
    oco, (first, second) = saw["exits"]["oco"], saw["exits"]["open"]
    assert (first["id"], first["type"], first["orderClass"]) == (oco["id"], "limit", "oco")
    assert [leg["type"] for leg in first["legs"]] == ["stop_limit"]
    assert (second["type"], second["trailPercent"]) == ("trailing_stop", "50")
    half = Decimal(second["hwm"]) / 2
    assert abs(Decimal(second["stopPrice"]) - half) <= Decimal("0.01")
    gone = saw["canceled"]["gone"]
    assert {each["status"] for each in gone} == {200}
    assert {each["id"] for each in gone} <= set(saw["canceled"]["all"])
    assert saw["closed"]["statuses"] == [200]
    awaited = saw["closed"]["awaited"]
    assert (awaited["status"], awaited["filledQty"]) == ("filled", "0.5")
    assert awaited["clientOrderId"] == "awaited"


def test_the_books_are_the_fills_to_the_cent(saw: dict[str, Any]) -> None:
    books = saw["books"]
    fills, flow = books["fills"], books["flow"]
    assert [(row["side"], row["qty"]) for row in flow] == [
        ("buy", "10"),
        ("sell", "4"),
        ("sell", "6"),
        ("buy", "0.5"),
    ]
    assert [row["positionQty"] for row in flow] == ["10", "6", "0", "0.5"]
    assert [row["id"].partition("::")[2] for row in fills[::-1]] == [
        row["executionId"] for row in flow
    ]
    # the SDK reads every activity as one that is no trade, so a fill's price is lost on the way
    assert [(row["activityType"], row["symbol"], row["qty"]) for row in fills[::-1]] == [
        ("FILL", saw["symbol"], row["qty"]) for row in flow
    ]
    signs = {"buy": -1, "sell": 1}
    paid = sum(signs[row["side"]] * Decimal(row["price"]) * Decimal(row["qty"]) for row in flow)
    account, history = books["account"], books["history"]
    assert Decimal(account["cash"]) == CASH + paid
    (position,) = books["positions"]
    worth = CASH + paid + Decimal(position["marketValue"])
    assert abs(Decimal(account["equity"]) - worth) < 1
    assert (history["baseValue"], history["timeframe"]) == (float(CASH), "1Min")
    assert len(history["equity"]) == len(history["timestamp"]) > 1
    assert history["timestamp"] == sorted(history["timestamp"])
    for equity, gain in zip(history["equity"], history["profitLoss"], strict=True):
        assert equity - float(CASH) == pytest.approx(gain)
    assert rfc3339(history["timestamp"][0] * SECOND) >= "2026-09-18T14:00:00Z"


def test_refusals_are_the_sdk_s_own_errors(saw: dict[str, Any]) -> None:
    told = saw["refusals"]
    kinds = {name: (each.get("kind"), each["status"]) for name, each in told.items()}
    assert kinds == {
        "unknown": ("NotFoundError", 404),
        "flat": ("NotFoundError", 404),
        "twice": ("ValidationError", 422),
        "penny": ("ValidationError", 422),
        "stranger": (None, 401),
    }
    assert {name: told[name].get("code") for name in told} == {
        "unknown": 40410000,
        "flat": 40410000,
        "twice": 40010001,
        "penny": 42210000,
        "stranger": None,
    }
    assert told["twice"]["message"] == "client_order_id must be unique"
    assert "sub-penny" in told["penny"]["message"]
