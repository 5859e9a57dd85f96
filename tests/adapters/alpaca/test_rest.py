"""The account's REST against a server that answers, late, wrongly, or not at all."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.http.account_budget import AccountBudget, Turn
from adapters.alpaca.http.client import HttpPatience
from adapters.alpaca.http.outcomes import Accepted, CancelRequested, Outcome, Rejected, Unknown
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.requests import OrderRequest, ReplaceRequest
from adapters.alpaca.wire.instants import rfc3339
from adapters.transport.token_bucket import Priority
from engine.domain.errors import VenueRejected, VenueUnavailable
from tests.adapters.alpaca.scripted_rest import (
    CREDENTIALS,
    NOT_FOUND,
    QUICK,
    RestVenue,
    hang,
    order,
)
from tests.adapters.alpaca.streams.scripted_socket import plain_server

ORDERS = "/v2/orders"
LOOK_UP = "/v2/orders:by_client_order_id"
ORDER = OrderRequest(
    "run-1-e", "AAPL", "buy", "limit", "day", Decimal(10), limit_price=Decimal("100.05")
)
IMPATIENT = msgspec.structs.replace(QUICK, answer_secs=2)
HTML = Response("<html><h1>502 Bad Gateway</h1></html>", 502, media_type="text/html")
NOW = datetime(2026, 9, 18, 13, 30, tzinfo=UTC)


def play[T](
    venue: RestVenue | Endpoints,
    scenario: Callable[[AlpacaRest], Awaitable[T]],
    patience: HttpPatience = QUICK,
    budget: AccountBudget | None = None,
) -> T:
    async def bounded() -> T:
        endpoints = venue if isinstance(venue, Endpoints) else venue.endpoints
        async with (
            asyncio.timeout(300),
            AlpacaRest(endpoints, CREDENTIALS, budget, patience=patience) as rest,
        ):
            return await scenario(rest)

    return asyncio.run(bounded())


def submit(venue: RestVenue, patience: HttpPatience = QUICK) -> Outcome:
    return play(venue, lambda rest: rest.submit(ORDER), patience)


def test_an_accepted_order_is_what_the_venue_says(venue: RestVenue) -> None:
    venue.on("POST", ORDERS, JSONResponse(order()))
    outcome = submit(venue)
    assert isinstance(outcome, Accepted)
    assert outcome.order.id == "venue-run-1-e"
    assert outcome.order.limit_price == Decimal("100.05")
    assert json.loads(venue.asked[0].body)["qty"] == "10"
    assert len(venue.asked) == 1


LOST: dict[str, Any] = {
    "timeout": hang,
    "504": Response("upstream timed out", 504),
    "502 in HTML": HTML,
    "500": JSONResponse({"code": 50010000, "message": "internal"}, 500),
    "408": Response("", 408),
    "200 that is no order": Response("<html>welcome to this hotel</html>", 200),
}


@pytest.mark.parametrize("lost", list(LOST))
def test_an_order_without_an_answer_is_looked_up_and_never_sent_again(
    venue: RestVenue, lost: str
) -> None:
    venue.on("POST", ORDERS, LOST[lost])
    venue.on("GET", LOOK_UP, NOT_FOUND, HTML, JSONResponse(order(status="filled")))
    outcome = submit(venue, IMPATIENT)
    assert isinstance(outcome, Accepted), outcome
    assert outcome.order.status == "filled"
    assert venue.count("POST", ORDERS) == 1
    assert venue.asked[-1].query == {"client_order_id": "run-1-e"}


@pytest.mark.parametrize("lost", list(LOST))
def test_an_order_that_is_not_found_stays_unknown(venue: RestVenue, lost: str) -> None:
    venue.on("POST", ORDERS, LOST[lost])
    outcome = submit(venue, IMPATIENT)
    assert isinstance(outcome, Unknown)
    assert "run-1-e: not found" in outcome.reason
    assert venue.count("POST", ORDERS) == 1
    assert venue.count("GET", LOOK_UP) == 3


def test_a_connection_cut_after_the_order_left_is_no_rejection() -> None:
    posts = []

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"POST"):
            posts.append(head)
        else:
            body = json.dumps(order()).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
        writer.close()

    async def scenario() -> Outcome:
        async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            endpoints = Endpoints.of("alpaca-sim", {"TRADECTL_SIM_URL": url})
            async with AlpacaRest(endpoints, CREDENTIALS, patience=QUICK) as rest:
                return await rest.submit(ORDER)

    outcome = asyncio.run(scenario())
    assert isinstance(outcome, Accepted)
    assert len(posts) == 1


def test_every_stored_refusal_is_definite(venue: RestVenue, shared: Path) -> None:
    path = shared / "fixtures/alpaca/errors/error_bodies.json"
    samples = [sample for sample in json.loads(path.read_text()) if sample["http"] != 429]
    samples = [s for s in samples if s["body"]["message"] != "client_order_id must be unique"]
    venue.on("POST", ORDERS, *(JSONResponse(s["body"], s["http"]) for s in samples))

    async def scenario(rest: AlpacaRest) -> list[Outcome]:
        return [await rest.submit(ORDER) for _ in samples]

    outcomes = play(venue, scenario)
    assert len(outcomes) >= 20
    for sample, outcome in zip(samples, outcomes, strict=True):
        assert isinstance(outcome, Rejected), sample
        assert outcome.fault.message == sample["body"]["message"]
        assert outcome.fault.code == sample["body"].get("code")
    assert venue.count("GET", LOOK_UP) == 0


@pytest.mark.parametrize(
    "answer", [Response("", 403), Response("<html>blocked</html>", 403), Response("{", 422)]
)
def test_a_refusal_in_html_or_nothing_is_a_refusal(venue: RestVenue, answer: Response) -> None:
    venue.on("POST", ORDERS, answer)
    outcome = submit(venue)
    assert isinstance(outcome, Rejected)
    assert outcome.fault.code is None
    assert outcome.fault.http_status == answer.status_code


def test_a_client_order_id_that_is_taken_by_this_same_order_is_no_refusal(venue: RestVenue) -> None:
    taken = JSONResponse({"code": 40010001, "message": "client_order_id must be unique"}, 422)
    venue.on("POST", ORDERS, taken)
    venue.on("GET", LOOK_UP, JSONResponse(order()), JSONResponse(order(symbol="MSFT")), NOT_FOUND)
    same, other, gone = (submit(venue) for _ in range(3))
    assert isinstance(same, Accepted)
    assert same.was_there
    assert isinstance(other, Rejected)
    assert isinstance(gone, Rejected)


def test_an_order_that_never_left_is_an_exception() -> None:
    for url, text in (
        ("http://127.0.0.1:1", "nothing listens there"),
        ("http://no-such-host.invalid", "DNS: the name cannot be resolved"),
    ):
        endpoints = Endpoints.of("alpaca-sim", {"TRADECTL_SIM_URL": url})
        with pytest.raises(VenueUnavailable, match=text):
            play(endpoints, lambda rest: rest.submit(ORDER))


def test_tls_that_fails_is_named_and_nothing_has_left() -> None:
    async def scenario() -> None:
        async with plain_server() as port:
            url = f"https://127.0.0.1:{port}"
            endpoints = Endpoints.of("alpaca-sim", {"TRADECTL_SIM_URL": url})
            async with AlpacaRest(endpoints, CREDENTIALS, patience=QUICK) as rest:
                with pytest.raises(VenueUnavailable, match="TLS failed"):
                    await rest.submit(ORDER)

    asyncio.run(scenario())


def test_too_many_requests_refuse_an_order_and_hold_back_what_follows(venue: RestVenue) -> None:
    headers = {
        "X-Ratelimit-Limit": "200",
        "X-Ratelimit-Remaining": "0",
        "X-Ratelimit-Reset": str(int(NOW.timestamp()) + 1),
        "Date": format_datetime(NOW, usegmt=True),
    }
    limited = JSONResponse({"code": 42910000, "message": "rate limit exceeded"}, 429, headers)
    venue.on("POST", ORDERS, limited)
    venue.on("DELETE", f"{ORDERS}/1", limited, Response(status_code=204))

    async def scenario(rest: AlpacaRest) -> tuple[int, int]:
        asked = time.monotonic_ns()
        outcome = await rest.submit(ORDER)
        assert isinstance(outcome, Rejected)
        assert outcome.fault.http_status == 429
        assert await rest.cancel("1") == CancelRequested()
        return asked, time.monotonic_ns()

    asked, cancelled = play(venue, scenario)
    # The cancel waits for the reset after the refused order, and for that after its own 429.
    assert cancelled - asked >= 1_900_000_000
    assert venue.count("POST", ORDERS) == 1
    assert venue.count("DELETE", f"{ORDERS}/1") == 2


def test_wrong_keys_are_told_without_showing_them(venue: RestVenue) -> None:
    async def echo(_: Request) -> Response:
        return JSONResponse({"message": f"no {CREDENTIALS.key_id} {CREDENTIALS.secret}"}, 401)

    venue.on("GET", "/v2/account", JSONResponse({"message": "unauthorized."}, 401), echo)
    for _ in range(2):
        with pytest.raises(VenueRejected, match="check APCA_API_KEY_ID") as told:
            play(venue, lambda rest: rest.account())
        assert (told.value.status, told.value.code) == (401, None)
        assert CREDENTIALS.secret not in str(told.value)
        assert CREDENTIALS.key_id not in str(told.value)


def test_keys_are_in_no_log_even_when_everything_is_logged(
    venue: RestVenue, caplog: pytest.LogCaptureFixture
) -> None:
    venue.on("POST", ORDERS, HTML)
    with caplog.at_level(logging.DEBUG):
        submit(venue)
    assert "looking it up" in caplog.text
    assert CREDENTIALS.secret not in caplog.text
    assert CREDENTIALS.key_id not in caplog.text


def test_reads_are_tried_again_until_they_are_answered(venue: RestVenue) -> None:
    account = {"id": "a", "status": "ACTIVE", "equity": "100000.01"}
    venue.on("GET", "/v2/account", HTML, Response("", 503), JSONResponse(account))
    assert play(venue, lambda rest: rest.account()).equity == Decimal("100000.01")
    venue.on("GET", "/v2/account", HTML)
    with pytest.raises(VenueUnavailable, match=r"502 Bad Gateway.*\(4 attempts\)"):
        play(venue, lambda rest: rest.account())
    venue.on("GET", "/v2/account", Response("<html>welcome</html>"))
    with pytest.raises(VenueUnavailable, match="cannot be read"):
        play(venue, lambda rest: rest.account())


def test_an_order_is_absent_only_when_the_venue_itself_says_so(venue: RestVenue) -> None:
    assert play(venue, lambda rest: rest.order_by_client_id("x")) is None
    assert play(venue, lambda rest: rest.position("AAPL")) is None
    venue.on("GET", f"{ORDERS}/1", Response("<html>404</html>", 404))
    with pytest.raises(VenueUnavailable, match="not the venue's"):
        play(venue, lambda rest: rest.order_by_id("1"))
    venue.on("GET", f"{ORDERS}/1", JSONResponse(order(legs=[order("leg")])))
    found = play(venue, lambda rest: rest.order_by_id("1"))
    assert found
    assert [leg.client_order_id for leg in found.legs] == ["leg"]
    assert venue.asked[-1].query == {"nested": "true"}


def test_a_replacement_is_the_new_order_also_when_its_answer_was_lost(venue: RestVenue) -> None:
    change = ReplaceRequest("run-1-e2", limit_price=Decimal("100.10"))
    replaced = JSONResponse(order("run-1-e2", replaces="1"))
    refused = JSONResponse(
        {"code": 42210000, "message": "unable to replace order in current state"}, 422
    )
    venue.on("PATCH", f"{ORDERS}/1", replaced, HTML, refused)
    venue.on("GET", LOOK_UP, replaced)

    async def scenario(rest: AlpacaRest) -> list[Outcome]:
        return [await rest.replace("1", change) for _ in range(3)]

    first, looked_up, rejected = play(venue, scenario)
    assert isinstance(first, Accepted)
    assert first == looked_up
    assert isinstance(rejected, Rejected)
    assert venue.count("GET", LOOK_UP) == 1
    assert venue.count("PATCH", f"{ORDERS}/1") == 3


def test_a_cancel_without_an_answer_is_looked_at_once_and_never_guessed(venue: RestVenue) -> None:
    path = f"{ORDERS}/1"
    venue.on("DELETE", path, Response(status_code=204))
    assert play(venue, lambda rest: rest.cancel("1")) == CancelRequested()
    refusal = {"code": 42210000, "message": "order is not cancelable"}
    venue.on("DELETE", path, JSONResponse(refusal, 422))
    assert isinstance(play(venue, lambda rest: rest.cancel("1")), Rejected)
    venue.on("DELETE", path, HTML)
    for status, expected in (("pending_cancel", CancelRequested), ("new", Unknown)):
        venue.on("GET", path, JSONResponse(order(status=status)))
        assert isinstance(play(venue, lambda rest: rest.cancel("1")), expected)
    venue.on("GET", path, HTML)
    assert isinstance(play(venue, lambda rest: rest.cancel("1")), Unknown)


def _book(size: int, apart: timedelta) -> list[dict[str, Any]]:
    """Return orders, newest first, each as long before the last."""
    return [
        order(f"n{n}", submitted_at=(NOW - n * apart).isoformat().replace("+00:00", "Z"))
        for n in range(size)
    ]


def _shelf(book: list[dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Return what serves a book as the venue does: newest first, 500 at most, ends exclusive."""

    async def page(request: Request) -> Response:
        query = request.query_params
        assert query["direction"] == "desc"
        rows = book
        if last := query.get("before_order_id"):
            assert not {"until", "after"} & set(query)
            rows = rows[[row["id"] for row in rows].index(last) + 1 :]
        for name, keeps in (("until", -1), ("after", 1)):
            if name in query:
                end = datetime.fromisoformat(query[name])
                rows = [r for r in rows if keeps * (_instant(r) - end).total_seconds() > 0]
        return JSONResponse(rows[: int(query["limit"])])

    return page


def _instant(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["submitted_at"])


@pytest.mark.parametrize("apart", [timedelta(seconds=1), timedelta(milliseconds=7), timedelta()])
@pytest.mark.parametrize("size", [0, 499, 500, 1733])
def test_open_orders_are_complete_beyond_a_page(
    venue: RestVenue, size: int, apart: timedelta
) -> None:
    book = _book(size, apart)
    venue.on("GET", ORDERS, _shelf(book))
    listing = play(venue, lambda rest: rest.open_orders())
    assert [found.id for found in listing.rows] == [row["id"] for row in book]
    assert {asked.query["nested"] for asked in venue.asked} == {"true"}


def test_orders_after_an_instant_are_those_and_no_others(venue: RestVenue) -> None:
    for apart in (timedelta(seconds=1), timedelta(microseconds=100)):
        book = _book(1200, apart)
        venue.on("GET", ORDERS, _shelf(book))
        after = int((NOW - 1000 * apart).timestamp()) * 10**9
        listing = play(venue, lambda rest, after=after: rest.orders(after))
        expected = [row["id"] for row in book if _instant(row).timestamp() * 10**9 > after]
        assert [found.id for found in listing.rows] == expected


def test_pages_of_orders_that_lead_nowhere_are_noticed(venue: RestVenue) -> None:
    venue.on("GET", ORDERS, JSONResponse(_book(500, timedelta(seconds=1))))
    with pytest.raises(VenueUnavailable, match="do not go on"):
        play(venue, lambda rest: rest.open_orders())


def test_one_row_that_cannot_be_read_does_not_hide_the_others(venue: RestVenue) -> None:
    broken = order("broken", qty="ten")
    venue.on("GET", ORDERS, JSONResponse([order("a"), broken, order("b", qty=None)]))
    listing = play(venue, lambda rest: rest.open_orders())
    assert [found.client_order_id for found in listing.rows] == ["a", "b"]
    assert len(listing.skipped) == 1
    assert "venue-broken" in listing.skipped[0]


def _fill(number: int) -> dict[str, Any]:
    return {
        "id": f"2026091813300{number % 7}000::{number:06}",
        "activity_type": "FILL",
        "type": "partial_fill",
        "transaction_time": f"2026-09-18T13:30:{number // 60:02}Z",
        "price": "100.05",
        "qty": "1",
        "cum_qty": str(1000 - number),
        "leaves_qty": "0",
        "side": "buy",
        "symbol": "AAPL",
        "order_id": "1",
        "order_status": "partially_filled",
    }


@pytest.mark.parametrize("size", [0, 99, 100, 350])
def test_fills_are_complete_beyond_a_page_and_in_order(venue: RestVenue, size: int) -> None:
    fills = [_fill(n) for n in range(size)]

    async def page(request: Request) -> Response:
        query = request.query_params
        assert query["after"] == "2026-09-18T13:30:00.000000000Z"
        ids = [fill["id"] for fill in fills]
        start = ids.index(query["page_token"]) + 1 if "page_token" in query else 0
        return JSONResponse(fills[start : start + int(query["page_size"])])

    venue.on("GET", "/v2/account/activities/FILL", page)
    after = int(NOW.timestamp()) * 10**9
    rows = play(venue, lambda rest: rest.fills(after)).rows
    assert {fill.id for fill in rows} == {fill["id"] for fill in fills}
    order_of = [(fill.transaction_time, fill.cum_qty or 0) for fill in rows]
    assert order_of == sorted(order_of)


def test_pages_of_fills_that_lead_nowhere_are_noticed(venue: RestVenue) -> None:
    venue.on("GET", "/v2/account/activities/FILL", JSONResponse([_fill(n) for n in range(100)]))
    with pytest.raises(VenueUnavailable, match="do not go on"):
        play(venue, lambda rest: rest.fills(0))


def test_clock_calendar_assets_and_positions_are_read(venue: RestVenue) -> None:
    venue.on(
        "GET",
        "/v2/clock",
        JSONResponse(
            {
                "timestamp": "2026-09-18T09:30:00-04:00",
                "is_open": True,
                "next_open": "2026-09-21T09:30:00-04:00",
                "next_close": "2026-09-18T16:00:00-04:00",
            }
        ),
    )
    day = {"date": "2026-09-18", "open": "09:30", "close": "16:00", "session_open": "0400"}
    asset = {"id": "1", "class": "us_equity", "symbol": "AAPL", "status": "active"}
    position = {"symbol": "AAPL", "qty": "-10", "side": "short", "avg_entry_price": "100"}
    venue.on("GET", "/v2/calendar", JSONResponse([day]))
    venue.on("GET", "/v2/assets", JSONResponse([asset]))
    venue.on("GET", "/v2/assets/AAPL", JSONResponse(asset))
    venue.on("GET", "/v2/positions", JSONResponse([position]))

    async def scenario(rest: AlpacaRest) -> None:
        assert (await rest.clock()).timestamp == int(NOW.timestamp()) * 10**9
        days = await rest.calendar(date(2026, 9, 18), date(2026, 9, 18))
        assert days.rows[0].close == "16:00"
        assert (await rest.assets()).rows[0] == await rest.asset("AAPL")
        assert (await rest.positions()).rows[0].qty == -10

    play(venue, scenario)


def test_instants_are_written_to_the_nanosecond() -> None:
    assert rfc3339(1_789_738_204_000_000_007) == "2026-09-18T13:30:04.000000007Z"


class _LosesIts(AccountBudget):
    """A budget for whose turns a request waits until its process may send nothing any more."""

    def __init__(self) -> None:
        super().__init__()
        self.why: str | None = None
        self.loses = False

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[Turn]:
        """Yield a turn that comes too late."""
        async with super().turn(priority) as turn:
            self.why = "another hub trades" if self.loses else None
            yield turn


def test_nothing_that_changes_an_order_leaves_once_it_may_not_however_long_it_has_waited(
    venue: RestVenue,
) -> None:
    changes = (("POST", ORDERS), ("PATCH", f"{ORDERS}/1"), ("DELETE", f"{ORDERS}/1"))
    for method, path in changes:
        venue.on(method, path, JSONResponse(order()))
    venue.on("GET", f"{ORDERS}/1", JSONResponse(order()))
    budget = _LosesIts()

    async def ask() -> None:
        patience = QUICK
        endpoints, permit = venue.endpoints, lambda: budget.why
        async with AlpacaRest(
            endpoints, CREDENTIALS, budget, patience=patience, permit=permit
        ) as rest:
            asked: tuple[Callable[[], Awaitable[object]], ...] = (
                lambda: rest.submit(ORDER),
                lambda: rest.replace("1", ReplaceRequest("run-1-e~1", limit_price=Decimal(100))),
                lambda: rest.cancel("1"),
            )
            for each in asked:
                await each()
            budget.loses = True
            for each in asked:
                with pytest.raises(VenueUnavailable, match="another hub trades"):
                    await each()
            assert await rest.order_by_id("1") is not None

    asyncio.run(ask())
    assert [venue.count(*change) for change in changes] == [1, 1, 1]
