"""Orders over REST, what happens to them over the stream, on granted time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog import Catalog
from engine.domain.session import NANOS_PER_SECOND, session
from simulator.tape import Mode
from tests.simulator.server.conftest import DAY
from tests.simulator.server.served import (
    ALICE,
    BOB,
    Served,
    market_client,
    setting,
    trading_client,
)

OPEN = session(date(2026, 9, 18)).open_ns + 1_800 * NANOS_PER_SECOND
SECOND = NANOS_PER_SECOND


@pytest.fixture
def served(market: Catalog) -> Iterator[Served]:
    with Served(market, setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN)) as running:
        yield running


@pytest.fixture
def busy(market: Catalog) -> str:
    """Return the symbol with most prints around the time of these tests."""
    batch = market.trades(DAY, market_symbols(market), OPEN, OPEN + 600 * SECOND)
    counts = [(int((batch.symbol_id == n).sum()), name) for n, name in enumerate(batch.symbols)]
    return max(counts)[1]


def market_symbols(market: Catalog) -> list[str]:
    return [row["symbol"] for row in market.instruments.table().to_pylist()]


def placed(rest: httpx.Client, **terms: Any) -> dict[str, Any]:
    base = {"qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}
    answer = rest.post("/v2/orders", json=base | terms)
    assert answer.status_code == 200, answer.text
    return answer.json()


def bracketed(rest: httpx.Client, symbol: str) -> tuple[dict[str, Any], float]:
    """Place a bracket whose exits are far off; return it and the last price."""
    last = rest.get(f"/v2/stocks/{symbol}/trades/latest").json()["trade"]["p"]
    target, stop = {"limit_price": f"{last * 1.5:.2f}"}, {"stop_price": f"{last * 0.5:.2f}"}
    exits = {"take_profit": target, "stop_loss": stop}
    return placed(rest, symbol=symbol, order_class="bracket", **exits), last


async def told(client: Any, count: int) -> list[dict[str, Any]]:
    return [(await client.hear())["data"] for _ in range(count)]


def test_an_order_fills_when_time_is_granted_and_the_clock_counts_what_was_told(
    served: Served, busy: str
) -> None:
    async def scene() -> None:
        async with market_client(served) as data, trading_client(served) as updates:
            with served.rest() as rest:
                order = placed(rest, symbol=busy, client_order_id="mine-1")
                assert order["status"] == "pending_new"
                assert order["client_order_id"] == "mine-1"
                rows, first = await data.grant(OPEN + 60 * SECOND)
                assert rows == []
                rows, second = await data.grant(OPEN + 60 * SECOND)
                stamp = first["t"].seconds * SECOND + first["t"].nanoseconds
                assert stamp == OPEN - 1 + 50_000_000
                assert second["u"] == first["u"] == 3
                events = await told(updates, 3)
                assert [event["event"] for event in events] == ["pending_new", "new", "fill"]
                assert events[2]["order"]["id"] == order["id"]
                assert events[2]["position_qty"] == "10"
                position = rest.get(f"/v2/positions/{busy}").json()
                assert (position["qty"], position["side"]) == ("10", "long")
                account = rest.get("/v2/account").json()
                paid = Decimal(events[2]["price"]) * 10
                assert Decimal(account["cash"]) == Decimal(100_000) - paid
                (fill,) = rest.get("/v2/account/activities/FILL").json()
                assert (fill["order_id"], fill["price"]) == (order["id"], events[2]["price"])
                assert rest.get(f"/v2/orders/{order['id']}").json()["status"] == "filled"
                by_id = rest.get(
                    "/v2/orders:by_client_order_id", params={"client_order_id": "mine-1"}
                )
                assert by_id.json()["id"] == order["id"]

    asyncio.run(scene())


def test_a_bracket_is_listed_nested_replaced_and_canceled(served: Served, busy: str) -> None:
    async def scene() -> None:
        async with market_client(served) as data, trading_client(served) as updates:
            with served.rest() as rest:
                entry, last = bracketed(rest, busy)
                assert [leg["status"] for leg in entry["legs"]] == ["held", "held"]
                _, clock = await data.grant(OPEN + 60 * SECOND)
                while clock["u"] < 4:
                    _, clock = await data.grant(OPEN + 60 * SECOND)
                events = await told(updates, clock["u"])
                assert "fill" in [event["event"] for event in events]
                (flat, *more) = rest.get("/v2/orders", params={"status": "open"}).json()
                assert {flat["status"], *(each["status"] for each in more)} == {"new", "held"}
                nested = rest.get("/v2/orders", params={"status": "all", "nested": "true"}).json()
                assert [len(each["legs"] or ()) for each in nested] == [2]
                target = next(leg for leg in entry["legs"] if leg["type"] == "limit")
                moved = rest.patch(
                    f"/v2/orders/{target['id']}", json={"limit_price": f"{last * 1.6:.2f}"}
                )
                assert moved.status_code == 200
                assert moved.json()["replaces"] == target["id"]
                sell = rest.post(
                    "/v2/orders",
                    json={
                        "symbol": busy,
                        "qty": "10",
                        "side": "sell",
                        "type": "market",
                        "time_in_force": "day",
                    },
                )
                assert sell.status_code == 403
                assert sell.json()["held_for_orders"] == "10"
                _, clock = await data.grant(OPEN + 120 * SECOND)
                assert rest.delete(f"/v2/orders/{moved.json()['id']}").status_code == 204
                _, clock = await data.grant(OPEN + 120 * SECOND)
                assert rest.get("/v2/orders").json() == []
                closed = rest.delete(f"/v2/positions/{busy}")
                assert closed.json()["side"] == "sell"
                await data.grant(OPEN + 180 * SECOND)
                assert rest.get("/v2/positions").json() == []

    asyncio.run(scene())


def test_every_answer_says_it_is_a_simulator_and_what_is_left_of_the_budget(
    served: Served,
) -> None:
    with served.rest() as rest:
        answer = rest.get("/v2/account")
        assert answer.headers["x-simulator"] == "tradectl"
        assert answer.headers["server"] == "tradectl-simulator"
        assert answer.headers["x-ratelimit-limit"] == "200"
        assert answer.headers["x-ratelimit-remaining"] == "199"
        reference = ("/v2/assets", "/v2/clock", "/v2/calendar", "/v3/clock")
        left = [rest.get(path).headers["x-ratelimit-remaining"] for path in reference]
        assert left == ["198", "197", "196", "195"]
        history = rest.get("/v2/stocks/trades/latest", params={"symbols": "AAPL"})
        assert history.headers["x-ratelimit-limit"] == "10000"
        for _ in range(195):
            assert rest.get("/v2/account").status_code == 200
        for path in ("/v2/account", "/v2/clock"):
            refused = rest.get(path)
            assert refused.status_code == 429
            assert refused.json() == {"code": 42910000, "message": "rate limit exceeded"}
            assert refused.headers["x-ratelimit-limit"] == "200"
            assert int(refused.headers["x-ratelimit-reset"]) > 0
    with served.rest(BOB) as other:
        assert other.get("/v2/account").status_code == 200


def test_refusals_are_worded_as_recorded(served: Served, shared: Path) -> None:
    bodies = json.loads((shared / "fixtures/alpaca/errors/error_bodies.json").read_text())
    worded = {json.dumps(each["body"]) for each in bodies}
    with httpx.Client(base_url=f"http://{served.address}") as nobody:
        for path in ("/v2/account", "/v2/clock"):
            answer = nobody.get(path)
            assert (answer.status_code, json.dumps(answer.json()) in worded) == (401, True)
    with served.rest() as rest:
        assert rest.get("/v2/positions/NONE").status_code == 404
        assert json.dumps(rest.get("/v2/positions/NONE").json()) in worded
        assert rest.get("/v2/orders/61e69015-8549-4bfd-b9c3-01e75843f47d").status_code == 404
        assert rest.post("/v2/orders", content=b"{").status_code == 400
        assert rest.post("/v2/orders", content=b"[]").status_code == 400
        assert rest.get("/v2/orders", params={"limit": "many"}).status_code == 422
        assert rest.get("/v2/orders", params={"after": "yesterday"}).status_code == 422
        assert rest.get("/v2/nothing").status_code == 404
        assert rest.put("/v2/account").status_code == 405


def test_a_killed_simulator_goes_on_where_it_was(
    market: Catalog, busy: str, tmp_path: Path
) -> None:
    kept = setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN, state=tmp_path / "state.json")

    async def buy(running: Served) -> None:
        async with market_client(running) as data:
            with running.rest() as rest:
                placed(rest, symbol=busy)
                _, clock = await data.grant(OPEN + 60 * SECOND)
                while clock["t"].seconds * SECOND < OPEN + 59 * SECOND:
                    _, clock = await data.grant(OPEN + 60 * SECOND)
                placed(rest, symbol=busy, type="limit", limit_price="1", client_order_id="rests")

    paths = ("/v2/positions", "/v2/account", "/v2/account/configurations", "/v2/watchlists")
    with Served(market, kept) as running:
        asyncio.run(buy(running))
        with running.rest() as rest:
            rest.patch("/v2/account/configurations", json={"no_shorting": True})
            rest.post("/v2/watchlists", json={"name": "Mine", "symbols": [busy]})
            before = [rest.get(path).json() for path in paths]
            orders = rest.get("/v2/orders", params={"status": "all"}).json()
        now = running.connections.venue.now
    with Served(market, kept) as again:
        assert again.connections.venue.now == now
        with again.rest() as rest:
            after = [rest.get(path).json() for path in paths]
            assert rest.get("/v2/orders", params={"status": "all"}).json() == orders
            assert len(orders) == 2
        assert after == before
        assert before[0][0]["qty"] == "10"
        assert before[2]["no_shorting"]
        assert [watchlist["name"] for watchlist in before[3]] == ["Mine"]


def test_a_price_band_is_told_and_an_order_beyond_it_waits(served: Served, busy: str) -> None:
    async def scene() -> None:
        async with market_client(served) as data:
            await data.ask(action="subscribe", lulds=[busy], imbalances=["*"])
            with served.rest() as rest:
                last = rest.get(f"/v2/stocks/{busy}/trades/latest").json()["trade"]["p"]
                up = round(last * 0.9, 2)
                band = {"symbol": busy, "limit_down": 0, "limit_up": round(up * 1_000_000)}
                rest.post("/sim/band", json=band).raise_for_status()
                for wrong in ({"symbol": "NONE"}, {"limit_up": -1}, {"limit_down": 10**12}):
                    assert rest.post("/sim/band", json=band | wrong).status_code == 422
                (told_band,) = await data.hear()
                assert {name: told_band[name] for name in "TSudi"} == {
                    "T": "l",
                    "S": busy,
                    "u": up,
                    "d": 0.0,
                    "i": "B",
                }
                order = placed(rest, symbol=busy)
                await data.grant(OPEN + SECOND)
                assert rest.get(f"/v2/orders/{order['id']}").json()["status"] == "new"
                rest.post("/sim/band", json=band | {"limit_up": 0}).raise_for_status()
                await data.grant(OPEN + 60 * SECOND)
                filled = rest.get(f"/v2/orders/{order['id']}").json()
                assert filled["status"] == "filled"
                assert float(filled["filled_avg_price"]) > up

    asyncio.run(scene())


def test_the_stream_refuses_who_is_not_known(served: Served) -> None:
    async def scene() -> None:
        stranger = type(ALICE)("ALICE", "wrong")
        async with trading_client(served, ALICE) as client:
            said = await client.ask(action="listen", data={"streams": []})
            assert said == {"stream": "listening", "data": {"streams": []}}
            assert "error_message" in (await client.ask(action="dance"))["data"]
        async with trading_client(served, stranger) as client:
            said = await client.ask(action="listen", data={"streams": ["trade_updates"]})
            assert said["data"] == {"status": "unauthorized", "action": "listen"}

    asyncio.run(scene())
