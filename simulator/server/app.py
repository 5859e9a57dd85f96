"""All its parts put together, and its routes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from engine.domain.errors import DataError
from engine.domain.market_data.recorded import MarketData
from engine.domain.markets.reference import Instrument, Reference
from simulator.chaos import Switchboard
from simulator.exchange import Asset, Exchange, FillMode, Print, assets_of
from simulator.exchange.rate_limit import PER_MINUTE, RateLimit
from simulator.market_data import Door, Plan, RecentMinutes, routes
from simulator.server.connections import Connections
from simulator.server.equity_log import EquityLog
from simulator.server.feeds import FEEDS, Feed
from simulator.server.keyring import Holder, Keyring
from simulator.server.routes.account import account_routes
from simulator.server.routes.activities import activity_routes
from simulator.server.routes.admin import Admin
from simulator.server.routes.broker import broker_routes
from simulator.server.routes.desk import Desk
from simulator.server.routes.market_socket import MarketSocket
from simulator.server.routes.not_served import not_served_routes
from simulator.server.routes.orders import order_routes
from simulator.server.routes.trading_socket import TradingSocket
from simulator.server.routes.watchlists import watchlist_routes
from simulator.server.state_file import Remembered, StateFile
from simulator.server.streams.news_stream import NewsStream
from simulator.server.streams.playhead import Playhead
from simulator.server.streams.subscribers import Subscribers
from simulator.server.venue import Venue
from simulator.tape import Clock, DayReader, Mode

SLOW_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a look-alike is started with.

    Attributes
    ----------
    speed : float or None
        Simulated seconds per second; None for as fast as subscribers read.
    start_ns : int, optional
        Where to begin on the tape, UTC ns; at its beginning by default.
    requests : int
        Requests of the trading API an account may make in a simulated minute.
    pdt : bool
        Whether the rule of pattern day trading holds that ended on 2026-06-04.
    slow_bytes : int
        How much may wait for a market-data client before it is cut off, where time runs by itself.
    """

    day: date
    fills: FillMode
    holders: tuple[Holder, ...]
    mode: Mode = Mode.PACED
    speed: float | None = 1.0
    paused: bool = False
    start_ns: int | None = None
    state: Path | None = None
    seed: int = 0
    pdt: bool = False
    requests: int = PER_MINUTE
    connections: int = 1
    slow_bytes: int = SLOW_BYTES


def connections(
    market: MarketData, setting: Setting, reference: Reference | None = None
) -> Connections:
    """Return the look-alike of a recorded day; reads through the day once.

    Parameters
    ----------
    reference : Reference, optional
        Where news are recorded; without it there are none.

    Raises
    ------
    NotFoundError
        The day has no prints.
    DataError
        The state file is not one of this day.
    """
    reader = DayReader(market, setting.day)
    playhead = Playhead(reader)
    exchange = Exchange(
        setting.fills,
        _assets(reader, reference),
        setting.seed,
        last_quote=playhead.last_quote,
        last_print=lambda symbol: _print(playhead, symbol),
        pdt=setting.pdt,
    )
    keyring = Keyring(setting.holders)
    start_ns = reader.start_ns if setting.start_ns is None else setting.start_ns
    file, account_ids, remembered = _remembered(setting, exchange, keyring, start_ns)
    for status in playhead.wind(start_ns - 1 if remembered is None else remembered.played_ns):
        if remembered is None:
            exchange.feed.status(status)
    clock = Clock(setting.mode, playhead.now, speed=setting.speed, paused=setting.paused)
    chaos = Switchboard(time.monotonic)
    subscribers = Subscribers(reader, chaos, slow_bytes=setting.slow_bytes)
    if playhead.block is not None:
        subscribers.prepare(playhead.block)
        playhead.next_event({reader.symbols[0]}, playhead.now)
    news = reference.news(playhead.now + 1, reader.end_ns) if reference else ()
    news_stream = NewsStream(news, chaos)
    venue = Venue(
        playhead,
        exchange,
        clock,
        subscribers,
        news_stream,
        chaos,
        EquityLog(),
        file=file,
        remembered=remembered,
    )
    return Connections(venue, keyring, account_ids, chaos, connections=setting.connections)


def app(
    around: Connections, market: MarketData, setting: Setting, reference: Reference | None = None
) -> Starlette:
    """Return the look-alike as an application."""
    recent_minutes = RecentMinutes(market, setting.day)

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()

        def read_ahead() -> None:
            loop.run_in_executor(None, _read_ahead, recent_minutes, around.venue.now)

        around.missed = read_ahead
        await around.venue.catch_up()
        tasks = [asyncio.create_task(part.run()) for part in (around.venue, around.fake_feed)]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        around.venue.close()

    desk = Desk(around, RateLimit(setting.requests))
    found: list[BaseRoute] = [
        *account_routes(desk, around.venue.equity),
        *activity_routes(desk),
        *order_routes(desk, around.chaos),
        *watchlist_routes(desk),
        *not_served_routes(desk),
        *Admin(around).routes(),
        *broker_routes(around),
        *routes(
            market,
            setting.day,
            lambda: around.venue.now,
            reference=reference,
            door=Door(lambda key, secret: _plan(around.keyring, key, secret)),
            gate=desk.gate,
            listed=lambda: around.venue.exchange.assets,
            recent_minutes=recent_minutes,
        ),
        *(_feed_route(around, feed) for feed in FEEDS.values()),
        *(WebSocketRoute(path, _trading_route(around)) for path in ("/stream", "/stream/")),
    ]
    return Starlette(
        routes=found,
        lifespan=running,
        exception_handlers={404: _not_found, 405: _not_allowed, 500: _failed},
    )


def _remembered(
    setting: Setting, exchange: Exchange, keyring: Keyring, start_ns: int
) -> tuple[StateFile | None, dict[str, str], Remembered | None]:
    """Return where state is kept, the account of each key, and what had been kept."""
    file = None if setting.state is None else StateFile(setting.state, setting.day)
    remembered = None if file is None else file.load(exchange)
    begun = start_ns - 1 if remembered is None else remembered.played_ns
    account_ids = {} if file is None else dict(file.account_ids)
    for holder in keyring.holders:
        if holder.key not in account_ids:
            account_ids[holder.key] = exchange.accounts.open(holder.cash, begun).id
    if file is not None:
        file.account_ids = account_ids
        file.save(exchange, begun, remembered.told if remembered else {})
    return file, account_ids, remembered


def _read_ahead(recent_minutes: RecentMinutes, now: int) -> None:
    """Read what a client that lost its connection will ask for; a flaw is told to who asks."""
    with suppress(DataError):
        recent_minutes.read_ahead(now)


def _assets(reader: DayReader, reference: Reference | None) -> dict[str, Asset]:
    """Return all that trades on the day or is on record, by symbol."""
    known = {name: Instrument(name, reader.tapes.get(name, "")) for name in reader.symbols}
    on_record = reference.on_record() if reference else ()
    return assets_of((known | {each.symbol: each for each in on_record}).values())


def _print(playhead: Playhead, symbol: str) -> Print | None:
    last = playhead.last_print(symbol)
    return None if last is None else Print(*last)


def _plan(keyring: Keyring, key: str, secret: str) -> Plan | None:
    holder = keyring.opened(key, secret)
    return None if holder is None else holder.plan


def _feed_route(around: Connections, feed: Feed) -> WebSocketRoute:
    async def serve(websocket: WebSocket) -> None:
        await MarketSocket(around, feed, websocket).serve()

    return WebSocketRoute(feed.path, serve)


def _trading_route(around: Connections) -> Callable[[WebSocket], Awaitable[None]]:
    async def serve(websocket: WebSocket) -> None:
        await TradingSocket(around, websocket).serve()

    return serve


def _not_found(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"code": 40410000, "message": "endpoint not found."}, 404)


def _not_allowed(_request: Request, error: Exception) -> JSONResponse:
    headers = getattr(error, "headers", None)
    return JSONResponse({"code": 40510000, "message": "method not allowed"}, 405, headers)


def _failed(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"code": 50010000, "message": "internal server error occurred"}, 500)
