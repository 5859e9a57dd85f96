"""The news websocket, fed from recorded news."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from catalog import Catalog
from simulator.tape import Mode
from tests.simulator.server.served import ALICE, BOB, Served, market_client, setting
from tests.simulator.server.test_trading import OPEN, SECOND

NEWS = "/v1beta1/news"


@pytest.fixture
def served(market: Catalog) -> Iterator[Served]:
    with Served(market, setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN)) as running:
        yield running


@pytest.mark.parametrize("packed", [True, False])
def test_news_come_at_their_time_as_they_are_asked_for_over_rest(
    served: Served, *, packed: bool
) -> None:
    async def scene() -> None:
        async with market_client(served, path=NEWS, packed=packed) as client:
            ack = await client.ask(action="subscribe", news=["*"], trades=[], quotes=None)
            assert ack == [{"T": "subscription", "news": ["*"]}]
            rows, _ = await client.grant(OPEN + SECOND)
            assert rows == []
            rows, _ = await client.grant(OPEN + 91 * SECOND + 200_000_000)
            with served.rest() as rest:
                asked = {"sort": "asc", "include_content": "true"}
                articles = rest.get(NEWS, params=asked).json()["news"]
        assert [row["id"] for row in rows] == [1, 2, 3, 4]
        assert [next(iter(row)) for row in rows] == ["T"] * 4
        for row, article in zip(rows, articles, strict=True):
            for name in ("id", "headline", "summary", "author", "url", "content", "source"):
                assert row[name] == article[name], name
            assert (row["T"], row["symbols"]) == ("n", article["symbols"])
            for name in ("created_at", "updated_at"):
                assert spelled(row[name]) == article[name]

    asyncio.run(scene())


def spelled(told: Any) -> str:
    if isinstance(told, str):
        return told
    whole = told.to_datetime().strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{told.nanoseconds:09d}Z"


def test_news_are_told_by_symbol_and_left_out_by_a_seek_or_a_mute(served: Served) -> None:
    async def scene() -> None:
        async with (
            market_client(served, path=NEWS) as some,
            market_client(served, path=NEWS, holder=BOB) as every,
        ):
            await some.ask(action="subscribe", news=["SPY"])
            await every.ask(action="subscribe", news=["*"])
            (refused,) = await some.ask(action="subscribe", trades=["SPY"])
            assert refused["code"] == 410
            rows, _ = await some.grant(OPEN + 180 * SECOND)
            assert [row["symbols"] for row in rows] == [["MSFT", "SPY"]] * 2
            with served.rest() as rest:
                rest.post("/sim/seek", json={"ts": OPEN + 600 * SECOND}).raise_for_status()
                muted = {"mute_symbols": ["AAPL", "SPY"]}
                rest.post("/sim/chaos", json=muted).raise_for_status()
            rows, _ = await every.grant(OPEN + 700 * SECOND)
            assert [row["id"] for row in rows] == [*range(1, 7), 21, 22, 24]

    asyncio.run(scene())


def test_one_session_may_read_the_news_beside_the_tape(served: Served) -> None:
    async def scene() -> None:
        async with market_client(served), market_client(served, path=NEWS, holder=None) as client:
            auth = {"action": "auth", "key": ALICE.key, "secret": ALICE.secret}
            (told,) = await client.ask(**auth)
            assert told["msg"] == "authenticated"

    asyncio.run(scene())
