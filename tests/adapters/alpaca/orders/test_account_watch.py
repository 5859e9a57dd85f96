"""What keeps an account from trading is told with its figures, and for as long as it is so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import cycle
from typing import Any

import pytest
from starlette.responses import JSONResponse

from adapters.alpaca.clock_watch import ClockWatch
from adapters.alpaca.execution.account_watch import AccountWatch
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.wire.rest import VenueAccount, VenueFault
from tests.adapters.alpaca.orders.live_desk import Watch
from tests.adapters.alpaca.scripted_rest import CREDENTIALS, QUICK, RestVenue

_ACCOUNT, _ASSET, _CLOCK = "/v2/account", "/v2/assets/RGC", "/v2/clock"
_FINE = {"id": "a", "status": "ACTIVE", "equity": "20000", "last_equity": "20000"}


def account(**fields: Any) -> JSONResponse:
    return JSONResponse(_FINE | {"buying_power": "80000", "daytrade_count": 0} | fields)


def fault(status: int, code: int, message: str, **extra: Any) -> VenueFault:
    return VenueFault(http_status=status, code=code, message=message, extra=extra)


def play(scene: Callable[[RestVenue, AccountWatch, Watch], Awaitable[None]]) -> Watch:
    """Play a scene at a scripted venue and return what was heard of trouble."""
    watch, told = Watch(), list[VenueAccount]()

    async def bounded(venue: RestVenue) -> None:
        rest = AlpacaRest(venue.endpoints, CREDENTIALS, patience=QUICK)
        async with asyncio.timeout(300), rest:
            await scene(venue, AccountWatch(rest, watch, told.append), watch)

    with RestVenue() as venue:
        asyncio.run(bounded(venue))
    return watch


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"account_blocked": True, "trading_blocked": True}, "account, trading is blocked"),
        ({"trade_suspended_by_user": True}, "trading, by its user, is blocked"),
        ({"status": "ACCOUNT_UPDATED"}, "status is ACCOUNT_UPDATED, expected ACTIVE"),
        ({"equity": "-1.50"}, "equity is -1.50 USD, expected > 0"),
        ({"equity": None}, "equity is None USD"),
    ],
)
def test_an_account_that_may_not_trade_is_trouble_until_it_may(
    fields: dict[str, Any], detail: str
) -> None:
    async def scene(venue: RestVenue, ours: AccountWatch, watch: Watch) -> None:
        venue.on("GET", _ACCOUNT, account(**fields), account())
        await ours.look()
        assert detail in watch.troubles["account"]
        assert ours.has_issue
        await ours.look()
        assert not ours.has_issue

    assert play(scene).troubles == {}


def test_too_little_money_is_trouble_until_there_is_what_the_refused_order_wanted() -> None:
    async def scene(venue: RestVenue, ours: AccountWatch, watch: Watch) -> None:
        powers = [account(buying_power=power) for power in ("500.10", "5120.99", "5121.00")]
        venue.on("GET", _ACCOUNT, *powers)
        said = fault(403, 40310000, "insufficient buying power", cost_basis="5121.00")
        await ours.refused("AAPL", said)
        assert "needs 5121.00 USD, the account has 500.10 USD" in watch.troubles["buying power"]
        await ours.look()
        assert ours.has_issue
        await ours.look()
        assert not ours.has_issue

    assert play(scene).troubles == {}


def test_the_old_rule_of_day_trades_is_explained_and_ends_with_its_cause() -> None:
    async def scene(venue: RestVenue, ours: AccountWatch, watch: Watch) -> None:
        venue.on("GET", _ACCOUNT, account(daytrade_count=3), account(daytrade_count=2))
        said = "trade denied due to pattern day trading protection"
        await ours.refused("AAPL", fault(403, 40310100, said))
        assert "3 day trades in five days with 20000 USD" in watch.troubles["day trades"]
        await ours.look()
        assert not ours.has_issue

    assert play(scene).troubles == {}


def test_a_stock_that_is_closed_to_trading_is_avoided_and_asked_for_once() -> None:
    async def scene(venue: RestVenue, ours: AccountWatch, watch: Watch) -> None:
        row = {"id": "r", "symbol": "RGC", "status": "active", "tradable": True}
        venue.on("GET", _ASSET, JSONResponse(row), JSONResponse(row | {"tradable": False}))
        said = fault(422, 42210000, 'asset "RGC" is not tradable')
        await ours.refused("RGC", said)
        assert watch.strangers == []
        await ours.refused("RGC", said)
        await ours.refused("RGC", said)
        await ours.refused("RGC", fault(422, 42210000, "invalid limit_price 1.001"))
        assert venue.count("GET", _ASSET) == 2
        assert venue.count("GET", _ACCOUNT) == 0

    ((symbol, detail),) = play(scene).strangers
    assert symbol == "RGC"
    assert "active, tradable: False" in detail


_TEN_SECONDS = JSONResponse(
    {
        "timestamp": "1970-01-01T00:00:10Z",
        "is_open": True,
        "next_open": "1970-01-02T00:00:00Z",
        "next_close": "1970-01-02T00:00:00Z",
    }
)


@pytest.mark.parametrize(
    ("asked", "answered", "trouble"),
    [
        (9, 11, None),
        (11, 13, None),
        (13, 14, "3.0 s ahead of"),
        (5, 7, "3.0 s behind"),
        (2, 30, None),
    ],
)
def test_a_clock_is_off_when_no_way_of_the_question_explains_it(
    asked: int, answered: int, trouble: str | None
) -> None:
    times = cycle([asked * 10**9, answered * 10**9])

    async def scene(venue: RestVenue, _ours: AccountWatch, watch: Watch) -> None:
        venue.on("GET", _CLOCK, _TEN_SECONDS)
        async with AlpacaRest(venue.endpoints, CREDENTIALS, patience=QUICK) as rest:
            await ClockWatch(rest, watch, lambda: next(times), 2.0).look()

    assert ("clock" in (watch := play(scene)).troubles) is (trouble is not None)
    if trouble is not None:
        where, _, rest = trouble.partition(" s ")
        assert f"{rest} the venue's: {where} s" in watch.troubles["clock"]


def test_answers_that_take_too_long_to_tell_release_nothing_and_hold_after_some_looks() -> None:
    """As a rehearsal has them whose time runs faster than answers come."""
    span = [13 * 10**9, 14 * 10**9]

    async def scene(venue: RestVenue, _ours: AccountWatch, watch: Watch) -> None:
        venue.on("GET", _CLOCK, _TEN_SECONDS)
        async with AlpacaRest(venue.endpoints, CREDENTIALS, patience=QUICK) as rest:
            times = cycle([0, 1])
            clock = ClockWatch(rest, watch, lambda: span[next(times)], 2.0)
            await clock.look()
            assert "ahead of the venue's: 3.0 s" in watch.troubles["clock"]
            span[:] = [2 * 10**9, 30 * 10**9]
            for _ in range(2):
                await clock.look()
            assert "ahead of the venue's: 3.0 s" in watch.troubles["clock"], "unknown is not well"
            await clock.look()
            assert "an answer takes 28.0 s of the venue's time" in watch.troubles["clock"]
            span[:] = [9 * 10**9, 11 * 10**9]
            await clock.look()
            assert not watch.troubles

    play(scene)
