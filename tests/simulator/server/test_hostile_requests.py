"""Numbers, messages and bodies that no client of the venue sends, at every door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from catalog import Catalog
from simulator.server.routes.admin import Admin
from simulator.server.routes.broker import broker_routes
from simulator.tape import Mode
from tests.simulator.server.served import (
    ALICE,
    MSGPACK,
    STEERS,
    Client,
    Served,
    keys,
    market_client,
    setting,
)
from tests.simulator.server.test_trading import OPEN, SECOND, busy

__all__ = ["busy"]

MARK = "h0stile" * 200
DIGITS = "9" * 5_000
NO_NUMBERS = [
    "NaN",
    "-Infinity",
    "1e999999999",
    DIGITS,
    f"-{DIGITS}",
    "\uff11\uff12",
    "\u0663",
    "1_0",
    "0x10",
    " 1 ",
    "1e300",
    "\x00",
    MARK,
]
"""In the place of a number, a time or a page: each is refused with a sentence that is short."""

SPAN = ("start", "end")
BETWEEN = ("after", "until")
NUMBERS: dict[str, tuple[str, ...]] = {
    "/v2/orders": ("limit", *BETWEEN),
    "/v2/account/activities": ("page_size", "date", *BETWEEN),
    "/v2/account/activities/FILL": ("page_size", "date", *BETWEEN),
    "/v2/account/portfolio/history": (*SPAN, "date_start", "date_end", "period", "timeframe"),
    "/v2/calendar": SPAN,
    "/v3/clock": ("time",),
    "/v3/calendar/NYSE": SPAN,
    "/v2/stocks/trades?symbols=AAPL": (*SPAN, "limit", "page_token", "asof"),
    "/v2/stocks/quotes?symbols=AAPL": (*SPAN, "limit", "page_token"),
    "/v2/stocks/bars?symbols=AAPL&timeframe=1Min": (*SPAN, "limit", "page_token"),
    "/v2/stocks/bars?symbols=AAPL": ("timeframe",),
    "/v2/stocks/auctions?symbols=AAPL": (*SPAN, "limit"),
    "/v1beta1/news": (*SPAN, "limit", "page_token"),
    "/v1/corporate-actions": (*SPAN, "limit", "page_token"),
    "/v1beta1/options/bars?symbols=AAPL": (*SPAN, "limit"),
    "/v1beta3/crypto/us/trades?symbols=BTC/USD": (*SPAN, "limit"),
    "/v2/corporate_actions/announcements?ca_types=dividend": ("since", "until"),
    "/v1beta1/screener/stocks/most-actives": ("top",),
    "/v1beta1/screener/stocks/movers": ("top",),
}
_NEEDED = {
    "/v2/stocks/bars?symbols=AAPL": {"timeframe": "1Day"},
    "/v2/calendar": {"start": "2026-09-01", "end": "2026-09-30"},
    "/v2/corporate_actions/announcements?ca_types=dividend": {
        "since": "2026-09-01",
        "until": "2026-09-30",
    },
}
WORDS: dict[str, tuple[str, ...]] = {
    "/v2/orders": ("status", "direction", "side", "asset_class", "nested"),
    "/v2/account/activities": ("direction", "category", "activity_types", "page_token"),
    "/v2/assets": ("status", "asset_class"),
    "/v2/calendar": ("date_type",),
    "/v2/corporate_actions/announcements": ("ca_types", "date_type"),
    "/v2/stocks/bars": ("sort", "feed", "adjustment", "currency"),
}
"""Parameters that are one of a few words, or lists of such."""

BODIES = [
    b"",
    b"[]",
    b"1e300",
    b'"x"',
    b'{"qty":',
    b"\xff\xfe",
    b'{"symbol":"\\ud800"}',
    b'{"a":' + b"[" * 50_000,
    b'{"qty":' + b"9" * 4_000 + b"}",
    b'{"qty":NaN}',
    json.dumps({MARK: MARK}).encode(),
]
FAR = "4000000000000000000"
JSONISH = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([FAR, *NO_NUMBERS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
SAID = {
    "/sim/pause": ("at",),
    "/sim/resume": ("speed",),
    "/sim/step": ("span_ns",),
    "/sim/seek": ("ts",),
    "/sim/band": ("symbol", "limit_down", "limit_up"),
    "/sim/chaos": (
        "mute_symbols",
        "refuse_connections_secs",
        "rate_limited_secs",
        "slow_rest_secs",
        "lost_replies",
        "late_corrections",
    ),
    "/sim/chaos/strike": ("what",),
    "/sim/account": ("cash", "daytrade_count", "status", "key"),
    "/sim/asset": ("symbol", "status", "tradable"),
    "/sim/halt": ("symbol", "halted"),
}
ORDER = {"side": "buy", "type": "limit", "time_in_force": "day", "limit_price": "1", "qty": "1"}


@pytest.fixture(scope="module")
def served(market: Catalog) -> Iterator[Served]:
    playing = setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN, requests=1_000_000)
    with Served(market, playing) as running:
        yield running


def refused(answer: httpx.Response) -> str:
    """Return why a request was refused, which must be said shortly and without a crash."""
    assert 400 <= answer.status_code < 500, (answer.url, answer.text)
    message = answer.json()["message"]
    assert 5 < len(message) < 400, message
    assert ALICE.secret not in answer.text
    return message


@pytest.mark.parametrize("route", NUMBERS)
def test_what_is_no_number_is_refused_wherever_one_may_stand(served: Served, route: str) -> None:
    path, _, query = route.partition("?")
    given_ = dict(httpx.QueryParams(query))
    with served.rest() as rest:
        assert rest.get(path, params=_NEEDED.get(route, {}) | given_).status_code == 200
        for name in NUMBERS[route]:
            for text in NO_NUMBERS:
                refused(rest.get(path, params=given_ | {name: text}))


@pytest.mark.parametrize("path", WORDS)
def test_a_word_that_nobody_knows_is_refused_and_not_answered_with_nothing(
    served: Served, path: str
) -> None:
    needed = {
        "start": "2026-09-01",
        "end": "2026-09-30",
        "since": "2026-09-01",
        "until": "2026-09-30",
        "symbols": "AAPL",
        "timeframe": "1Day",
        "ca_types": "dividend",
    }
    with served.rest() as rest:
        assert rest.get(path, params=needed).status_code == 200
        for name in WORDS[path]:
            for word in ("foo", MARK, "\uff11"):
                refused(rest.get(path, params=needed | {name: word}))
        for kind in ("FOO", "fill"):
            refused(rest.get(f"/v2/account/activities/{kind}"))
        refused(rest.delete("/v2/positions", params={"cancel_orders": "foo"}))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/orders"),
        ("PATCH", "/v2/orders/none"),
        ("PATCH", "/v2/account/configurations"),
        ("POST", "/v2/watchlists"),
        ("POST", "/sim/step"),
        ("POST", "/sim/account"),
        ("POST", "/sim/chaos/strike"),
    ],
)
def test_a_body_that_says_nothing_is_never_a_failure(
    served: Served, method: str, path: str
) -> None:
    headers = {"Content-Type": "application/json"}
    with served.rest() as rest:
        for body in BODIES:
            answer = rest.request(method, path, content=body, headers=headers)
            if path.endswith("configurations") and answer.status_code == 200:
                continue  # fields that nobody knows change nothing
            refused(answer)


def test_an_order_has_the_numbers_of_an_order(served: Served, busy: str) -> None:
    fields = ("qty", "notional", "limit_price", "stop_price", "trail_price", "trail_percent")
    with served.rest() as rest:
        for field in fields:
            for text in (*NO_NUMBERS, 10**300, 1e300, -1, 0, True, [], {}):
                body = ORDER | {"symbol": busy, field: text}
                if field == "notional":
                    del body["qty"]
                refused(rest.post("/v2/orders", json=body))
        order = rest.post("/v2/orders", json=ORDER | {"symbol": busy}).json()
        for field in ("qty", "limit_price", "trail"):
            for text in NO_NUMBERS:
                refused(rest.patch(f"/v2/orders/{order['id']}", json={field: text}))
        refused(rest.get(f"/v2/orders/{MARK}"))
        assert rest.get("/v2/orders").json()[0]["qty"] == "1"


def test_a_position_is_closed_by_a_number(served: Served, busy: str) -> None:
    async def scene() -> None:
        async with market_client(served) as data:
            with served.rest() as rest:
                order = {"symbol": busy, "qty": "3", "side": "buy", "type": "market"}
                rest.post("/v2/orders", json=order | {"time_in_force": "day"}).raise_for_status()
                while not rest.get("/v2/positions").json():
                    await data.grant(served.connections.venue.now + 10 * SECOND)
                for name in ("qty", "percentage"):
                    for text in NO_NUMBERS:
                        refused(rest.delete(f"/v2/positions/{busy}", params={name: text}))
                assert rest.get(f"/v2/positions/{busy}").json()["qty"] == "3"

    asyncio.run(scene())


def test_a_simulator_is_steered_by_numbers_within_reason(served: Served, busy: str) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("resume", {"speed": 1e17}),
        ("resume", {"speed": True}),
        ("resume", {"speed": 0}),
        ("resume", {"speed": 1e-300}),
        ("resume", {"speed": "fast"}),
        ("pause", {"at": 1.5}),
        ("pause", {"at": -1}),
        ("band", {"symbol": busy, "limit_down": 1}),
        ("band", {"symbol": busy, "limit_down": 0, "limit_up": 2**62}),
        ("halt", {"symbol": busy, "halted": 1}),
        ("asset", {"symbol": busy, "tradable": "maybe"}),
        ("resume", {"speed": "NaN"}),
        ("step", {"span_ns": 1.5}),
        ("step", {"span_ns": 2**62}),
        ("seek", {"ts": 2**62}),
        ("band", {"symbol": busy, "limit_down": 1e15, "limit_up": 0}),
        ("chaos", {"slow_rest_secs": "nan"}),
        ("chaos", {"slow_rest_secs": 1e17}),
        ("chaos", {"rate_limited_secs": "1e300"}),
        ("chaos", {"lost_replies": -1}),
        ("account", {"key": ALICE.key, "cash": "1e300"}),
        ("account", {"key": ALICE.key, "cash": "1_000"}),
        ("account", {"key": ALICE.key, "cash": "\uff11"}),
        ("account", {"key": ALICE.key, "cash": DIGITS}),
        ("account", {"key": ALICE.key, "daytrade_count": 10**9}),
    ]
    with served.rest() as rest:
        for where, said in wrong:
            message = refused(rest.post(f"/sim/{where}", json=said))
            assert ALICE.key not in message
            assert any(name in message for name in said)
        unknown = refused(rest.post("/sim/account", json={"cash": "1"}))
        assert "2 accounts" in unknown
        status = rest.get("/sim/status")
        assert status.json()["chaos"] == {}
        assert ALICE.key not in status.text
        assert served.connections.venue.clock.speed is None


def test_a_field_that_nobody_knows_is_named_with_the_nearest_wherever_it_stands(
    served: Served,
) -> None:
    with served.rest() as rest:
        routes = [*Admin(served.connections).routes(), *broker_routes(served.connections)]
        paths = {route.path for route in routes if "POST" in (route.methods or ())}
        silent = {"/sim/chaos/calm"}
        assert paths == SAID.keys() | silent
        for path, names in SAID.items():
            for name in names:
                message = refused(rest.post(path, json={f"{name}x": 1}))
                assert f"there is no '{name}x', the nearest is {name}; there are " in message
        for path in silent:
            assert "nothing is to be said here, found 'x'" in refused(
                rest.post(path, json={"x": 1})
            )


def test_nothing_that_can_be_said_brings_the_simulator_down(served: Served) -> None:
    said = st.sampled_from(sorted(SAID)).flatmap(
        lambda path: st.tuples(
            st.just(path),
            st.dictionaries(st.sampled_from(SAID[path]) | st.text(max_size=4), JSONISH, max_size=4),
        )
    )

    @given(said)
    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    def say(asked: tuple[str, dict[str, Any]]) -> None:
        path, body = asked
        text = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        answer = rest.post(path, content=text, headers=headers)
        assert answer.status_code in {200, 422}, (path, body, answer.text)

    with served.rest() as rest:
        say()
        rest.post("/sim/chaos/calm").raise_for_status()
        assert rest.post("/sim/resume", json={"speed": "max"}).json()["paused"] is False


FRAMES: list[str | bytes] = [
    "",
    "{",
    "null",
    "[1]",
    "\x00",
    "[" * 50_000,
    '{"action":"auth","key":["ALICE"],"secret":{}}',
    '{"action":"auth","key":"ALICE","secret":"\\ud800"}',
    '{"action":"authenticate","data":{"key_id":1e300,"secret_key":null}}',
    '{"action":{"a":1}}',
    '{"action":"subscribe","trades":[NaN]}',
    '{"action":"subscribe","trades":[["AAPL"]],"__class__":["x"]}',
    '{"action":"subscribe","trades":{"AAPL":1}}',
    '{"action":"listen","data":{"streams":[{}, ["trade_updates"]]}}',
    '{"action":"advance","until":1e300}',
    f'{{"action":"advance","until":{"9" * 300}}}',
    '{"action":"advance","until":9223372036854775807}',
    '{"action":"advance","until":-9223372036854775809}',
    b"\x00\xff",
    b"\xc1",
    b"\xdd\xff\xff\xff\xff",
    b"\x91" * 50_000,
    msgpack.packb({1: 2, "action": 3}) or b"",
    msgpack.packb({"action": msgpack.ExtType(5, b"\xff")}) or b"",
    b"\x81\x90\x01",
    b"\x81\xa1\xff\x01",
]


@pytest.mark.parametrize("path", ["/v2/sip", "/v1beta1/news", "/stream", "/stream/"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_message_is_answered_and_no_socket_falls(
    served: Served, path: str, *, packed: bool
) -> None:
    async def scene() -> None:
        headers = keys(ALICE) | (MSGPACK if packed else {})
        url = f"ws://{served.address}{path}"
        async with connect(url, additional_headers=headers, compression=None) as socket:
            client = Client(socket, packed=packed)
            greetings = [await client.hear() for _ in range(1 if path.startswith("/stream") else 2)]
            assert "authenticated" in str(greetings) or "'authorized'" in str(greetings)
            for frame in FRAMES:
                await socket.send(frame)
                assert ALICE.secret not in str(await client.hear())
        assert served.connections.venue.now < served.connections.venue.farthest

    asyncio.run(scene())


def test_who_does_not_read_is_not_listened_to_and_loses_nothing(served: Served) -> None:
    """A short message with a long answer, over and over: it fills no memory but the asker's."""
    names = [f"S{n:05}" for n in range(5_000)]
    times = 300

    async def scene() -> None:
        async with market_client(served) as client:
            told = await client.ask(action="subscribe", trades=names)
            (socket,) = served.connections.market
            size = len(msgpack.packb(told) or b"")
            for _ in range(times):
                await client.say(action="subscribe", trades=names[:1])
            async with httpx.AsyncClient(
                base_url=f"http://{served.address}", headers=keys(ALICE)
            ) as rest:
                for _ in range(100):
                    (await rest.get("/v2/account")).raise_for_status()
                    assert socket.outbox.waiting < 5_000_000 < size * times
            for _ in range(times):
                assert await client.hear() == told

    asyncio.run(scene())


def test_a_listener_that_lets_too_much_wait_is_cut_off(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.server.streams.outbox._MOST_BYTES", 1_000_000)

    async def scene() -> None:
        url = f"ws://{served.address}/stream"
        async with connect(url, additional_headers=keys(ALICE), max_size=None) as socket:
            assert "authorized" in str(await socket.recv())
            with served.rest() as rest:
                rest.post("/sim/chaos/strike", json={"what": "huge"}).raise_for_status()
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 60)

    asyncio.run(scene())


def test_steering_needs_the_token_and_trading_does_not(served: Served) -> None:
    with httpx.Client(base_url=f"http://{served.address}", headers=keys(ALICE)) as rest:
        assert rest.get("/v2/account").status_code == 200
        for path in SAID:
            assert rest.post(path, json={}).status_code == 401
        assert rest.get("/sim/status").status_code == 401
        assert rest.get("/sim/status", headers=STEERS).json()["simulator"] == "tradectl"
