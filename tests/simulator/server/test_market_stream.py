"""The market-data websocket: handshake, subscriptions, granted time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from websockets.asyncio.client import connect

from catalog import Catalog
from engine.domain.session import NANOS_PER_SECOND, session
from simulator.tape import DayReader, Mode
from tests.simulator.server.conftest import DAY
from tests.simulator.server.served import ALICE, BOB, Client, Served, closed, market_client, setting

OPEN = session(date(2026, 9, 18)).open_ns
SECOND = NANOS_PER_SECOND


@pytest.fixture
def served(market: Catalog) -> Iterator[Served]:
    with Served(market, setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN)) as running:
        yield running


def nanos(row: dict[str, Any], name: str) -> int:
    return row[name].seconds * SECOND + row[name].nanoseconds


def test_granted_time_brings_every_row_of_it_and_no_other(
    served: Served, market: Catalog, reader: DayReader
) -> None:
    async def scene() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        rows: list[dict[str, Any]] = []
        clocks: list[dict[str, Any]] = []
        async with market_client(served) as client:
            ack = await client.ask(action="subscribe", trades=["*"], quotes=["*"], statuses=["*"])
            assert ack[0]["corrections"] == ["*"]
            for minute in range(1, 11):
                more, clock = await client.grant(OPEN + minute * 60 * SECOND)
                rows += more
                clocks.append(clock)
        return rows, clocks

    rows, clocks = asyncio.run(scene())
    assert [nanos(clock, "t") for clock in clocks] == [
        OPEN + minute * 60 * SECOND for minute in range(1, 11)
    ]
    assert {clock["u"] for clock in clocks} == {0}
    end = OPEN + 600 * SECOND + 1
    trades = market.trades(DAY, reader.symbols, OPEN, end)
    quotes = market.quotes(DAY, reader.symbols, OPEN, end)
    told = [row for row in rows if row["T"] in "tcx"]
    corrections = sum(row["T"] == "c" for row in rows)
    assert len(told) + corrections == len(trades) > 1_000
    assert sum(row["T"] == "q" for row in rows) == len(quotes) > 1_000
    arrivals = [nanos(row, "r") for row in rows]
    assert arrivals == sorted(arrivals)
    assert [nanos(row, "r") for row in told if row["T"] == "t"][:50] == trades.ts_init[:50].tolist()


@pytest.mark.parametrize("packed", [True, False])
def test_handshake_and_subscriptions_say_what_the_venue_says(
    served: Served, *, packed: bool
) -> None:
    async def scene() -> None:
        async with market_client(served, packed=packed, holder=None) as client:
            assert code(await client.ask(action="subscribe", trades=["A"])) == 401
            assert code(await client.ask(action="advance", until=1)) == 401
            assert code(await client.ask(action="auth", key="ALICE", secret="no")) == 402
            assert code(await client.ask(action="dance")) == 400
            await client.socket.send("not json")
            assert code(await client.hear()) == 400
            said = await client.ask(action="auth", key=ALICE.key, secret=ALICE.secret)
            assert said == [{"T": "success", "msg": "authenticated"}]
            assert code(await client.ask(action="auth", key="ALICE", secret="x")) == 403
            ack = await client.ask(action="subscribe", trades=["AAPL"], quotes=None, bars=["*"])
            assert ack == [
                {
                    "T": "subscription",
                    "trades": ["AAPL"],
                    "quotes": [],
                    "bars": ["*"],
                    "updatedBars": [],
                    "dailyBars": [],
                    "statuses": [],
                    "lulds": [],
                    "corrections": ["AAPL"],
                    "cancelErrors": ["AAPL"],
                }
            ]
            again = await client.ask(action="subscribe", trades=["AAPL", "MSFT"])
            assert again[0]["trades"] == ["AAPL", "MSFT"]
            left = await client.ask(action="unsubscribe", trades=["AAPL"], bars=["*"])
            assert (left[0]["trades"], left[0]["bars"]) == (["MSFT"], [])
            assert code(await client.ask(action="subscribe", trades=["<b>"])) == 400
            assert code(await client.ask(action="subscribe", trades="AAPL")) == 400
            assert code(await client.ask(action="subscribe", orderbooks=["AAPL"])) == 410
            assert code(await client.ask(action="advance", until="soon")) == 400

    asyncio.run(scene())


def code(told: list[dict[str, Any]]) -> int:
    (message,) = told
    assert message["T"] == "error"
    return message["code"]


def test_a_second_socket_waits_until_the_first_has_gone(served: Served) -> None:
    async def scene() -> None:
        async with market_client(served) as first, market_client(served, holder=None) as second:
            auth = {"action": "auth", "key": ALICE.key, "secret": ALICE.secret}
            assert code(await second.ask(**auth)) == 406
            async with market_client(served, path="/v2/iex"):
                pass
            await first.socket.close()
            told = await second.ask(**auth)
            assert told == [{"T": "success", "msg": "authenticated"}]

    asyncio.run(scene())


def test_the_free_plan_has_iex_and_thirty_symbols(served: Served) -> None:
    async def scene() -> None:
        async with market_client(served, holder=None) as client:
            assert code(await client.ask(action="auth", key=BOB.key, secret=BOB.secret)) == 409
        async with market_client(served, path="/v2/iex", holder=BOB) as client:
            names = [f"S{n}" for n in range(31)]
            assert code(await client.ask(action="subscribe", trades=names)) == 405
            assert code(await client.ask(action="subscribe", trades=["*"])) == 405
            ack = await client.ask(action="subscribe", trades=names[:30], bars=["*"])
            assert len(ack[0]["trades"]) == 30

    asyncio.run(scene())


def test_keys_may_come_in_headers_and_messages_in_pieces_and_compressed(served: Served) -> None:
    async def scene() -> None:
        headers = {"APCA-API-KEY-ID": ALICE.key, "APCA-API-SECRET-KEY": ALICE.secret}
        url = f"ws://{served.address}/v2/sip"
        async with connect(url, additional_headers=headers) as socket:
            assert socket.protocol.extensions
            client = Client(socket, packed=False)
            assert (await client.hear())[0]["msg"] == "connected"
            assert (await client.hear())[0]["msg"] == "authenticated"
            names = ",".join(f'"S{n}"' for n in range(9_000))
            text = f'{{"action":"subscribe","trades":[{names}]}}'
            parts = [text[n : n + 32_768] for n in range(0, len(text), 32_768)]
            await socket.send([*parts, ""])
            assert len((await client.hear())[0]["trades"]) == 9_000

    asyncio.run(scene())


def test_the_test_stream_trades_at_any_hour(served: Served) -> None:
    async def scene() -> None:
        async with market_client(served, path="/v2/test") as client:
            await client.ask(action="subscribe", trades=["FAKEPACA"], quotes=["FAKEPACA"])
            seen = {row["T"] for _ in range(4) for row in await client.hear()}
            assert seen == {"t", "q"}

    asyncio.run(scene())


def test_a_client_that_reads_too_slowly_is_cut_off_where_time_runs(market: Catalog) -> None:
    fast = setting(speed=7_200.0, start_ns=OPEN, slow_bytes=50_000, paused=True)

    async def scene(running: Served) -> None:
        async with market_client(running) as client:
            await client.ask(action="subscribe", trades=["*"], quotes=["*"])
            client.socket.transport.pause_reading()
            with running.rest() as rest:
                rest.post("/sim/resume").raise_for_status()
            while running.connections.market:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            client.socket.transport.resume_reading()
            assert await closed(client) in {None, 1008}

    with Served(market, fast) as running:
        asyncio.run(scene(running))


def test_time_that_runs_by_itself_is_not_granted_and_waits_for_nobody(market: Catalog) -> None:
    paced = setting(speed=3_600.0, start_ns=OPEN, paused=True)

    async def scene(running: Served) -> None:
        async with market_client(running, packed=False) as client:
            await client.ask(action="subscribe", trades=["*"])
            assert code(await client.ask(action="advance", until=OPEN + SECOND)) == 400
            with running.rest() as rest:
                rest.post("/sim/resume").raise_for_status()
            rows = await client.hear()
            assert {row["T"] for row in rows} == {"t"}
            assert all("r" not in row for row in rows)

    with Served(market, paced) as running:
        asyncio.run(scene(running))
