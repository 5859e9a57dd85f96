"""A vendor that refuses, stumbles or misbehaves, and one who pulls all the same."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from catalog import Catalog
from catalog.pull import PullOrder, Vendor, pull
from catalog.pull.pace import Pace
from engine.domain.errors import (
    ConfigError,
    NotFoundError,
    RunError,
    VenueRejected,
    VenueUnavailable,
)
from simulator.market_data import Door, Plan
from tests.catalog.pull.conftest import served
from tests.simulator.market_data.loopback import KEY, SECRET, Loopback

WHOLE: dict[str, Any] = {"trades": {}, "next_page_token": None}


class Waits(list[float]):
    """Waits that are asked for and not waited."""

    def pace(self) -> Pace:
        """Return a pace whose waits end up here."""
        return Pace(sleep=self.append)


def answering(*answers: Response) -> Loopback:
    """Return a server of trades that gives some answers in turn, and then the last for ever."""
    left = iter(answers)
    last = answers[-1]

    def endpoint(_: Request) -> Response:
        nonlocal last
        last = next(left, last)
        return last

    return Loopback([Route("/v2/stocks/trades", endpoint)])


@pytest.fixture
def waits() -> Waits:
    return Waits()


def test_the_rate_limit_is_kept_to_and_never_run_into(
    recorded: Catalog, order: PullOrder, tmp_path: Path
) -> None:
    wall = [1_000_000.0]

    def sleep(seconds: float) -> None:
        wall[0] += seconds

    def clock() -> float:
        return wall[0]

    door = Door(limits=dict.fromkeys(Plan, 3), wall=clock)
    with (
        served(recorded, door) as server,
        Vendor(KEY, SECRET, server.url, Pace(clock, sleep)) as vendor,
    ):
        report = pull(Catalog(str(tmp_path)), vendor, order)
        assert len(server.asked) == report.kinds[0].pages > 6
    assert report.waited_secs > 60  # twice three requests a minute, and then some


def test_too_many_requests_are_waited_out(waits: Waits) -> None:
    reset = str(int(time.time()) + 30)
    refusals = [
        JSONResponse({"message": "too many requests."}, 429, {"X-RateLimit-Reset": reset}),
        JSONResponse({"message": "too many requests."}, 429, {"Retry-After": "7"}),
        Response("<html>slow down</html>", 429),
    ]
    with (
        answering(*refusals, JSONResponse(WHOLE)) as server,
        Vendor(KEY, SECRET, server.url, waits.pace()) as vendor,
    ):
        assert vendor.stocks("trades", {"symbols": "AAPL"}).next_page_token is None
    assert 20 < waits[0] < 31
    assert waits[1:] == [7.0, 60.0]


def test_a_server_that_stumbles_is_asked_again(waits: Waits) -> None:
    stumbles = [Response("", 502), JSONResponse({"message": "oh"}, 500), Response("<html>", 504)]
    with (
        answering(*stumbles, JSONResponse(WHOLE)) as server,
        Vendor(KEY, SECRET, server.url, waits.pace()) as vendor,
    ):
        vendor.stocks("trades", {"symbols": "AAPL"})
        assert len(server.asked) == 4
    assert waits == sorted(waits)
    assert len(waits) == 3


def test_a_server_that_stays_down_ends_the_pull_with_a_way_to_go_on(waits: Waits) -> None:
    with Loopback([]) as server:
        gone = server.url
    expected = r"does not answer.*6 times.*run the same command"
    with (
        Vendor(KEY, SECRET, gone, waits.pace()) as vendor,
        pytest.raises(VenueUnavailable, match=expected) as told,
    ):
        vendor.stocks("trades", {"symbols": "AAPL"})
    assert SECRET not in str(told.value)
    assert len(waits) == 5


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (JSONResponse({"message": "forbidden."}, 403), "does not accept the keys"),
        (JSONResponse({"message": "unauthorized."}, 401), "APCA_API_KEY_ID"),
        (Response("<html>no</html>", 403), "no message"),
        (
            JSONResponse({"message": "subscription does not permit querying recent SIP data"}, 403),
            "--feed",
        ),
        (JSONResponse({"message": "invalid symbol: A!"}, 400), "invalid symbol: A!"),
        (Response("", 404), "check --url"),
        (Response("", 301, {"Location": "https://elsewhere"}), "301"),
    ],
)
def test_a_refusal_tells_what_to_change(answer: Response, told: str, waits: Waits) -> None:
    with (
        answering(answer) as server,
        Vendor(KEY, SECRET, server.url, waits.pace()) as vendor,
        pytest.raises((ConfigError, VenueRejected), match=told) as raised,
    ):
        vendor.stocks("trades", {"symbols": "AAPL"})
    assert SECRET not in str(raised.value)
    assert KEY not in str(raised.value)
    assert not waits


def test_an_answer_that_is_no_json_is_named(waits: Waits) -> None:
    with (
        answering(Response("<html>hello</html>")) as server,
        Vendor(KEY, SECRET, server.url, waits.pace()) as vendor,
        pytest.raises(RunError, match="no JSON"),
    ):
        vendor.stocks("trades", {"symbols": "AAPL"})


def test_pages_that_never_end_are_noticed(order: PullOrder, tmp_path: Path) -> None:
    with (
        answering(JSONResponse({"trades": {}, "next_page_token": "again"})) as server,
        Vendor(KEY, SECRET, server.url) as vendor,
        pytest.raises(RunError, match="has no end"),
    ):
        pull(Catalog(str(tmp_path)), vendor, order)


def test_nothing_at_all_is_not_found(order: PullOrder, tmp_path: Path) -> None:
    with (
        answering(JSONResponse(WHOLE)) as server,
        Vendor(KEY, SECRET, server.url) as vendor,
        pytest.raises(NotFoundError, match=r"no trades of .* and others"),
    ):
        pull(Catalog(str(tmp_path)), vendor, order)
