"""Every route of the look-alike's market data, assets, clock and calendar."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import date
from functools import cache
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.domain.errors import TradectlError
from engine.domain.market_data.recorded import MarketData
from engine.domain.markets.reference import Reference
from simulator.exchange.book.assets import assets_of
from simulator.market_data import meta, other_markets
from simulator.market_data.historical import Historical
from simulator.market_data.history.recent_minutes import RecentMinutes
from simulator.market_data.history.recorded import Recorded
from simulator.market_data.history.tapes import Tapes
from simulator.market_data.latest import Latest
from simulator.market_data.news_and_actions import Happenings
from simulator.market_data.requests.door import Door, Visit
from simulator.market_data.requests.refusal import Refused
from simulator.market_data.screener import Screener
from simulator.market_data.trading_api.announcements import Announcements
from simulator.market_data.trading_api.assets import Assets, Listed, Unlisted
from simulator.market_data.trading_api.market_hours import MarketHours

_log = logging.getLogger(__name__)

type Endpoint = Callable[[Request, Visit], Any]
"""Answers a request that was let in with what becomes the JSON body; refusals are raised."""

type Gate = Callable[[Request], Awaitable[Visit]]
"""Lets a request of the trading API in, or raises why not."""


def routes(
    market: MarketData,
    day: date,
    now: Callable[[], int],
    *,
    reference: Reference | None = None,
    door: Door | None = None,
    gate: Gate | None = None,
    listed: Listed | None = None,
    recent_minutes: RecentMinutes | None = None,
) -> list[Route]:
    """Return the routes of market data, assets, clock and calendar over recorded days.

    Nothing that arrived after ``now()`` is shown. Questions are answered in worker threads.

    Parameters
    ----------
    market
        Recorded days; those up to ``day`` exist.
    day
        New York date that is played.
    now
        Simulated time, UTC nanoseconds; may be called from any thread.
    reference
        Listings, news and corporate actions; without it assets have no names and there is no news.
    door
        Who may ask, for what and how often; by default everybody who brings keys may ask for all.
    gate
        Who may ask for assets, clock and calendar: they are the trading API's, and share its
        requests. By default the door.
    listed
        Every asset as it stands now, by symbol; without it all that is on record or trades on the
        day can be traded in every way.
    recent_minutes
        The last minutes of the day that is played, for who reads them ahead.
    """
    known = reference or Unlisted(market)
    entrance = door or Door()
    recorded, tapes = Recorded(market, day), Tapes(market, day)
    recent_minutes = recent_minutes or RecentMinutes(market, day)
    historical = Historical(recorded, recent_minutes, tapes, now)
    latest = Latest(recorded, recent_minutes, tapes, now)
    screener, news_and_actions = Screener(recorded, tapes, now), Happenings(known, now)
    assets = Assets(listed or cache(lambda: assets_of(known.instruments(day))))
    announcements, hours = Announcements(known), MarketHours(now)
    stocks = "/v2/stocks"
    endpoints: list[tuple[str, Endpoint]] = [
        (f"{stocks}/meta/exchanges", meta.exchanges),
        (f"{stocks}/meta/conditions/{{ticktype}}", meta.conditions),
        (f"{stocks}/snapshots", latest.snapshots),
        (f"{stocks}/trades/latest", latest.trades),
        (f"{stocks}/quotes/latest", latest.quotes),
        (f"{stocks}/bars/latest", latest.bars),
        (f"{stocks}/trades", historical.trades),
        (f"{stocks}/quotes", historical.quotes),
        (f"{stocks}/bars", historical.bars),
        (f"{stocks}/auctions", historical.auctions),
        (f"{stocks}/{{symbol}}/snapshot", latest.snapshot),
        (f"{stocks}/{{symbol}}/trades/latest", latest.trades),
        (f"{stocks}/{{symbol}}/quotes/latest", latest.quotes),
        (f"{stocks}/{{symbol}}/bars/latest", latest.bars),
        (f"{stocks}/{{symbol}}/trades", historical.trades),
        (f"{stocks}/{{symbol}}/quotes", historical.quotes),
        (f"{stocks}/{{symbol}}/bars", historical.bars),
        (f"{stocks}/{{symbol}}/auctions", historical.auctions),
        ("/v1beta1/news", news_and_actions.news),
        ("/v1/corporate-actions", news_and_actions.corporate_actions),
        ("/v1beta1/screener/stocks/most-actives", screener.most_actives),
        ("/v1beta1/screener/{market_type}/movers", screener.movers),
        *other_markets.of_data(),
    ]
    of_trading: list[tuple[str, Endpoint]] = [
        *other_markets.of_trading(),
        ("/v2/corporate_actions/announcements", announcements.all),
        ("/v2/corporate_actions/announcements/{id}", announcements.one),
        ("/v2/assets", assets.all),
        ("/v2/assets/{symbol_or_asset_id:path}", assets.one),
        ("/v2/clock", hours.clock),
        ("/v2/calendar", hours.calendar),
        ("/v3/clock", hours.clocks),
        ("/v3/calendar/{market}", hours.days),
    ]

    async def at_the_door(request: Request) -> Visit:
        return entrance.enter(request)

    return [
        Route(path, _answering(answer, enter), methods=["GET"])
        for enter, some in ((at_the_door, endpoints), (gate or at_the_door, of_trading))
        for path, answer in some
    ]


def _answering(answer: Endpoint, enter: Gate) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that lets in, answers, and words every refusal as JSON."""

    async def endpoint(request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            visit = await enter(request)
            headers = visit.headers
            return _json(200, await run_in_threadpool(answer, request, visit), headers)
        except Refused as refused:
            return _json(refused.status, refused.body, headers | refused.headers)
        except TradectlError:
            _log.exception("simulator: %s cannot be answered", request.url.path)
            return _json(500, {"message": "internal server error"}, headers)

    return endpoint


def _json(status: int, body: Any, headers: dict[str, str]) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
