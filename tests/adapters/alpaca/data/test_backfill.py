"""What a gap lost comes back whole and in one order, however its answers overtake each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from random import Random
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.data.backfill import Backfill, Lost
from adapters.alpaca.data.last_ticks import LastTicks
from adapters.alpaca.http.history import AlpacaHistory
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.wire.market import FrameDecoder
from catalog import Catalog
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND, session
from simulator.tape import Mode
from tests.adapters.alpaca.scripted_rest import CREDENTIALS, QUICK, RestVenue, hang
from tests.simulator.server.conftest import DAY, market
from tests.simulator.server.served import ALICE, Served, setting

__all__ = ["market"]

NOW = session(DAY).at("10:00")
HEARD = NOW - 40 * NANOS_PER_SECOND
TRADES, QUOTES = "/v2/stocks/trades", "/v2/stocks/quotes/latest"

type Bend = Callable[[Request, Response], Awaitable[Response]]


class Gap:
    """A simulator, and between it and whoever asks for history one that bends its answers."""

    def __init__(
        self, served: Served, door: RestVenue, market: Catalog, inside: httpx.Client
    ) -> None:
        self.symbols = [row["symbol"] for row in market.instruments.table().to_pylist()]
        self.ticks = LastTicks(market.tapes(DAY))
        heard = market.trades(DAY, self.symbols, session(DAY).open_ns, HEARD)
        self.ticks.prints(heard)
        since = market.trades(DAY, self.symbols, HEARD - 60 * NANOS_PER_SECOND, NOW + 1)
        self.lost = {row for row in rows(since) if row[1] > self.ticks.heard_event}
        self.door = door
        self._served = served
        self._inside = inside

    def bend(self, path: str, *bends: Bend) -> None:
        """Let answers be bent, in order, the last way for good."""

        async def answer(request: Request, bend: Bend) -> Response:
            query = request.query_params
            found = await asyncio.to_thread(self._inside.get, path, params=query)
            return await bend(request, Response(found.content, found.status_code))

        self.door.on(
            "GET", path, *(lambda request, bend=bend: answer(request, bend) for bend in bends)
        )

    def fetch(self, *, traded: tuple[str, ...] = (), **changes: Any) -> Lost:
        """Fetch what was lost through the door."""

        async def scenario() -> Lost:
            address = f"http://{self._served.address}"
            account = msgspec.structs.replace(self.door.endpoints, trading=address)
            alice = Credentials(ALICE.key, ALICE.secret)
            rest = AlpacaRest(account, alice, patience=QUICK)
            history = AlpacaHistory(self.door.endpoints, CREDENTIALS, "sip", patience=QUICK)
            fixed = {"recent_mins": 30, "within_secs": 60.0, "symbols_of_request": 4}
            async with rest, history:
                return await Backfill(rest, history, **(fixed | changes)).fetch(self.ticks, traded)

        return asyncio.run(scenario())

    def asked(self, path: str) -> list[set[str]]:
        """Return the symbols of each request, in order."""
        each = [asked.query["symbols"] for asked in self.door.asked if asked.path == path]
        return [set(symbols.split(",")) for symbols in each]


async def straight(_: Request, response: Response) -> Response:
    return response


@pytest.fixture(scope="module")
def served(market: Catalog) -> Iterator[Served]:
    with Served(market, setting(mode=Mode.STEPPED, speed=None, start_ns=NOW)) as running:
        yield running


@pytest.fixture
def gap(served: Served, venue: RestVenue, market: Catalog) -> Iterator[Gap]:
    with served.rest() as inside:
        found = Gap(served, venue, market, inside)
        for path in (TRADES, QUOTES):
            found.bend(path, straight)
        yield found


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(at_once=st.integers(2, 8), size=st.integers(2, 9), seed=st.integers(0, 2**32))
def test_answers_that_overtake_each_other_change_nothing(
    gap: Gap, at_once: int, size: int, seed: int
) -> None:
    random = Random(seed)

    async def late(_: Request, response: Response) -> Response:
        await asyncio.sleep(random.uniform(0, 0.01))
        return response

    one_by_one = gap.fetch(at_once=1, symbols_of_request=size)
    for path in (TRADES, QUOTES):
        gap.bend(path, late)
    assert gap.fetch(at_once=at_once, symbols_of_request=size) == one_by_one
    assert one_by_one.missing == ""
    fetched = {row for row in prints(one_by_one) if row[1] > gap.ticks.heard_event}
    assert fetched == gap.lost
    assert len(fetched) > 30
    assert len(one_by_one.quotes) == -(-len(gap.symbols) // size)


def prints(lost: Lost) -> list[tuple[str, int, int, int]]:
    """Return symbol, time, price and size of what was fetched, in the order it came."""
    decoder = FrameDecoder()
    batches = [decoder.decode(frame, NOW).trades for frame in lost.frames]
    return [row for batch in batches if batch for row in rows(batch)]


def rows(batch: TradeBatch) -> list[tuple[str, int, int, int]]:
    columns = (batch.symbol_id, batch.ts_event, batch.price, batch.size)
    listed = zip(*(column.tolist() for column in columns), strict=True)
    return [(batch.symbols[number], *more) for number, *more in listed]


def test_a_page_that_is_put_off_is_asked_for_again(gap: Gap) -> None:
    whole = gap.fetch()

    async def put_off(_request: Request, _response: Response) -> Response:
        return JSONResponse({"message": "too many requests."}, 429, {"Retry-After": "0"})

    gap.bend(TRADES, straight, put_off, straight)
    before = len(gap.asked(TRADES))
    assert gap.fetch() == whole
    assert len(gap.asked(TRADES)) == before + len(gap.symbols) // 4 + 1


def test_a_part_that_is_refused_is_missing_and_no_other(gap: Gap) -> None:
    refused = gap.symbols[5]

    async def refuse(request: Request, response: Response) -> Response:
        if refused in request.query_params["symbols"].split(","):
            return JSONResponse({"message": f"invalid symbol: {refused}"}, 400)
        return response

    gap.bend(TRADES, refuse)
    lost = gap.fetch()
    (part,) = (symbols for symbols in gap.asked(TRADES) if refused in symbols)
    assert all(symbol in lost.missing for symbol in part)
    assert "invalid symbol" in lost.missing
    fetched = {symbol for symbol, *_ in prints(lost)}
    assert fetched
    assert not fetched & part
    assert not any(symbol in lost.missing for symbol in fetched)


def test_what_is_late_is_missing_and_what_is_traded_was_asked_for_first(gap: Gap) -> None:
    quiet = gap.symbols[-1]

    async def only_traded(request: Request, response: Response) -> Response:
        symbols = request.query_params["symbols"]
        return response if symbols == quiet else await hang(request)

    gap.bend(TRADES, only_traded)
    lost = gap.fetch(traded=(quiet,), within_secs=2.0, at_once=2)
    assert gap.asked(TRADES)[0] == {quiet}
    assert {symbol for symbol, *_ in prints(lost)} == {quiet}
    assert "not within 2 s" in lost.missing
    assert f"{len(gap.symbols) - 1 - 10} more" in lost.missing
