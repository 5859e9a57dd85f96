"""Each thing that goes wrong on purpose goes wrong as announced."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator, MutableMapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from catalog import Catalog
from simulator.exchange.book import faults
from simulator.server import app, connections
from simulator.tape import Mode
from tests.simulator.server.served import ALICE, Served, closed, keys, market_client, setting
from tests.simulator.server.served import trading_client as updates_of
from tests.simulator.server.test_trading import OPEN, SECOND, bracketed, busy, placed, told

__all__ = ["busy"]


@pytest.fixture
def served(market: Catalog) -> Iterator[Served]:
    playing = setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN, requests=10_000)
    with Served(market, playing) as running:
        yield running


def turn(rest: httpx.Client, **switches: Any) -> None:
    rest.post("/sim/chaos", json=switches).raise_for_status()


def strike(rest: httpx.Client, what: str) -> None:
    rest.post("/sim/chaos/strike", json={"what": what}).raise_for_status()


def test_a_mute_socket_answers_but_sends_no_rows(served: Served, busy: str) -> None:
    async def scene() -> None:
        async with market_client(served) as client:
            await client.ask(action="subscribe", trades=["*"], quotes=["*"])
            with served.rest() as rest:
                turn(rest, mute=True)
                rows, _ = await client.grant(OPEN + 10 * SECOND)
                assert rows == []
                await (await client.socket.ping())
                turn(rest, mute=False, mute_symbols=[busy])
                rows, _ = await client.grant(OPEN + 60 * SECOND)
                assert rows
                assert busy not in {row["S"] for row in rows}
                rest.post("/sim/chaos/calm").raise_for_status()
                rows, _ = await client.grant(OPEN + 120 * SECOND)
                assert busy in {row["S"] for row in rows}

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("what", "code"), [("drop", None), ("close_1011", 1011), ("slow_client", 1008)]
)
def test_open_sockets_are_struck(served: Served, what: str, code: int | None) -> None:
    async def scene() -> None:
        async with market_client(served) as data, updates_of(served) as updates:
            with served.rest() as rest:
                strike(rest, what)
            assert await closed(data) == code
            if what != "slow_client":
                assert await closed(updates) == code

    asyncio.run(scene())


def test_flawed_frames_are_sent_as_announced(served: Served) -> None:
    async def scene() -> None:
        async with market_client(served) as data, updates_of(served) as updates:
            with served.rest() as rest:
                strike(rest, "nan")
                trade, quote = await data.hear()
                assert all(map(math.isnan, (trade["p"], quote["bp"], quote["ap"])))
                assert b'"price":NaN' in await updates.socket.recv(decode=False)
                strike(rest, "malformed")
                with pytest.raises(ValueError, match="incomplete"):
                    await data.hear()
                with pytest.raises(json.JSONDecodeError):
                    await updates.hear()
                strike(rest, "huge")
            for client in (data, updates):
                with pytest.raises(ConnectionClosed) as gone:
                    await client.socket.recv()
                assert gone.value.sent is not None
                assert gone.value.sent.code == 1009

    asyncio.run(scene())


def test_broker_and_exchange_are_played_by_hand(served: Served, busy: str) -> None:
    async def scene() -> None:
        async with market_client(served) as data:
            await data.ask(action="subscribe", statuses=["*"])
            with served.rest() as rest:
                blocked = {"key": ALICE.key, "trading_blocked": True}
                assert rest.post("/sim/account", json=blocked).json()["trading_blocked"] is True
                assert rest.get("/v2/account").json()["trading_blocked"] is True
                order = {"symbol": busy, "qty": "1", "side": "buy", "type": "market"}
                answer = rest.post("/v2/orders", json=order | {"time_in_force": "day"})
                assert (answer.status_code, answer.json()) == (403, faults.NOT_AUTHORIZED.body)
                assert rest.post("/sim/account", json={}).status_code == 422
                closed_to_trade = {"symbol": busy, "tradable": False, "status": "inactive"}
                rest.post("/sim/asset", json=closed_to_trade).raise_for_status()
                assert not rest.get(f"/v2/assets/{busy}").json()["tradable"]
                active = {each["symbol"] for each in rest.get("/v2/assets").json()}
                assert active
                assert busy not in active
                assert rest.post("/sim/asset", json={"symbol": "NONE"}).status_code == 422
                for halted, code in ((True, {"H", "2"}), (False, {"T", "3"})):
                    asked = {"symbol": busy, "halted": halted}
                    rest.post("/sim/halt", json=asked).raise_for_status()
                    (status,) = await data.hear()
                    assert (status["T"], status["S"]) == ("s", busy)
                    assert status["sc"] in code

    asyncio.run(scene())


def test_a_slow_client_is_told_so(served: Served) -> None:
    async def scene() -> None:
        async with market_client(served) as data:
            with served.rest() as rest:
                strike(rest, "slow_client")
            (told_last,) = await data.hear()
            assert told_last["code"] == 407

    asyncio.run(scene())


def test_a_half_open_connection_says_nothing_and_does_not_hold_up_time(served: Served) -> None:
    async def scene() -> None:
        async with market_client(served) as data:
            await data.ask(action="subscribe", trades=["*"])
            with served.rest() as rest:
                strike(rest, "half_open")
                rest.post("/sim/step", json={"span_ns": 60 * SECOND}).raise_for_status()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(data.socket.recv(), 0.5)

    asyncio.run(scene())


def test_connections_are_refused_for_a_while_and_on_the_same_socket_accepted(
    served: Served,
) -> None:
    async def scene() -> None:
        with served.rest() as rest:
            turn(rest, refuse_connections_secs=1.5)
        auth = {"action": "auth", "key": ALICE.key, "secret": ALICE.secret}
        async with market_client(served, holder=None) as client:
            refused = 0
            while (await client.ask(**auth))[0].get("code") == 406:
                refused += 1
            assert refused

    asyncio.run(scene())


def test_orders_are_accepted_though_nobody_says_so(served: Served, busy: str) -> None:
    with served.rest() as rest:
        turn(rest, lost_replies=1, failing_requests=0)
        terms = {
            "symbol": busy,
            "qty": "1",
            "side": "buy",
            "type": "market",
            "time_in_force": "day",
            "client_order_id": "lost",
        }
        assert rest.post("/v2/orders", json=terms).status_code == 504
        found = rest.get("/v2/orders:by_client_order_id", params={"client_order_id": "lost"})
        assert found.json()["status"] == "pending_new"
        assert rest.post("/v2/orders", json=terms).status_code == 422
        turn(rest, failing_requests=1)
        other = terms | {"client_order_id": "failed"}
        assert rest.post("/v2/orders", json=other).status_code == 500
        assert rest.post("/v2/orders", json=other).status_code == 200
        turn(rest, rate_limited_secs=1.0)
        refused = rest.get("/v2/account")
        assert refused.status_code == 429
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert int(refused.headers["x-ratelimit-reset"]) > 0


def test_updates_come_twice_and_out_of_order_and_with_words_nobody_knows(
    served: Served, busy: str
) -> None:
    async def scene() -> None:
        async with market_client(served) as data, updates_of(served) as updates:
            with served.rest() as rest:
                turn(rest, duplicate_updates=True, reorder_updates=True, unknown_words=True)
                placed(rest, symbol=busy)
                first, second = await told(updates, 2)
                assert first == second
                assert first["order"]["status"] == "pending_new_under_review"
                await data.grant(OPEN + SECOND)
                later = [each["event"] for each in await told(updates, 4)]
                assert later == ["fill", "fill", "new", "new"]

    asyncio.run(scene())


def test_every_answer_may_come_late(served: Served) -> None:
    with served.rest() as rest:
        rest.get("/v2/account").raise_for_status()
        turn(rest, slow_rest_secs=0.4)
        for path in ("/v2/account", "/v2/clock"):
            assert rest.get(path).elapsed >= timedelta(seconds=0.4)


@pytest.mark.parametrize("early", [False, True])
def test_an_update_may_come_before_the_answer_to_its_order(
    market: Catalog, busy: str, *, early: bool
) -> None:
    playing = setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN)
    around = connections(market, playing)
    around.chaos.turn({"early_updates": early})
    seen: list[str] = []
    account_id = around.account_ids[ALICE.key]
    around.venue.order_updates.join(account_id, lambda told: seen.append(told["data"]["event"]))
    terms = {"symbol": busy, "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v2/orders",
        "query_string": b"",
        "headers": [(name.lower().encode(), key.encode()) for name, key in keys(ALICE).items()],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(terms).encode()}

    async def send(message: MutableMapping[str, Any]) -> None:
        seen.append(message["type"])

    asyncio.run(app(around, market, playing)(scope, receive, send))
    answer = ["http.response.start", "http.response.body"]
    assert seen == (["pending_new", *answer] if early else [*answer, "pending_new"])


@pytest.mark.parametrize("tells", [False, True])
def test_the_cancel_of_the_leg_that_lost_is_found_out_or_told(
    served: Served, busy: str, *, tells: bool
) -> None:
    async def scene() -> None:
        async with market_client(served) as data, updates_of(served) as updates:
            with served.rest() as rest:
                turn(rest, tell_sibling_cancels=tells)
                entry, last = bracketed(rest, busy)
                account_id = served.connections.account_ids[ALICE.key]
                counts = served.connections.venue.order_updates.told
                while counts[account_id] < 4:
                    await data.grant(OPEN + 60 * SECOND)
                target, stop = entry["legs"]
                turn(rest, fill_during_replace=1)
                better = {"limit_price": f"{last * 1.6:.2f}"}
                rest.patch(f"/v2/orders/{target['id']}", json=better).raise_for_status()
                await data.grant(OPEN + 120 * SECOND)
                await data.grant(OPEN + 120 * SECOND)
                events = await told(updates, counts[account_id])
                of_stop = [each["event"] for each in events if each["order"]["id"] == stop["id"]]
                assert ("canceled" in of_stop) is tells
                assert rest.get(f"/v2/orders/{target['id']}").json()["status"] == "filled"
                assert rest.get(f"/v2/orders/{stop['id']}").json()["status"] == "canceled"

    asyncio.run(scene())


def test_an_order_may_fill_while_it_is_replaced(served: Served, busy: str) -> None:
    async def scene() -> None:
        async with market_client(served) as data, updates_of(served) as updates:
            with served.rest() as rest:
                order = placed(rest, symbol=busy, type="limit", limit_price="1")
                await data.grant(OPEN + SECOND)
                turn(rest, fill_during_replace=1)
                moved = rest.patch(f"/v2/orders/{order['id']}", json={"limit_price": "1.01"})
                assert moved.status_code == 200
                await data.grant(OPEN + 2 * SECOND)
                await data.grant(OPEN + 2 * SECOND)
                count = served.connections.venue.order_updates.told[
                    served.connections.account_ids[ALICE.key]
                ]
                events = [each["event"] for each in await told(updates, count)]
                assert events[2:] == [
                    "pending_replace",
                    "fill",
                    "order_replace_rejected",
                    "rejected",
                ]
                assert rest.get(f"/v2/orders/{order['id']}").json()["status"] == "filled"

    asyncio.run(scene())


def test_prints_are_corrected_after_their_bucket_has_closed(served: Served) -> None:
    async def scene() -> None:
        async with market_client(served) as data:
            await data.ask(action="subscribe", trades=["*"])
            with served.rest() as rest:
                turn(rest, late_corrections=2)
            rows, _ = await data.grant(OPEN + 180 * SECOND)
            made_up = [row for row in rows if row["T"] == "c" and row["cs"] == 2 * row["os"]]
            assert len(made_up) == 2
            for row in made_up:
                assert row["r"].seconds - row["t"].seconds >= 29

    asyncio.run(scene())


def test_a_switch_that_does_not_exist_is_refused_by_name(served: Served) -> None:
    with served.rest() as rest:
        answer = rest.post("/sim/chaos", json={"mutee": True})
        assert answer.status_code == 422
        assert "mute_symbols" in answer.json()["message"]
        assert rest.post("/sim/chaos/strike", json={"what": "dance"}).status_code == 422
        assert rest.post("/sim/seek", json={"ts": 1}).status_code == 422
