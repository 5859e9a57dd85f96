"""What only a simulator has: its clock and its switches, under ``/sim``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.domain.errors import ConfigError
from engine.domain.session import new_york_clock
from engine.domain.symbols import expect_symbol
from serving import StrictJsonError, sentence, strict_object
from simulator.instants import rfc3339
from simulator.server.connections import Connections
from simulator.server.routes.bodies import Band, Nothing, Pause, Resume, Seek, Step, StrikeNow
from simulator.server.traded_symbol import traded_symbol
from simulator.steering_body import steering_body


class Admin:
    """Answers requests under ``/sim``; the guard lets in who has the token of this server."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/sim/status", said(Nothing, self._status), methods=["GET"]),
            Route("/sim/pause", said(Pause, self._pause), methods=["POST"]),
            Route("/sim/resume", said(Resume, self._resume), methods=["POST"]),
            Route("/sim/step", said(Step, self._step), methods=["POST"]),
            Route("/sim/seek", said(Seek, self._seek), methods=["POST"]),
            Route("/sim/band", said(Band, self._band), methods=["POST"]),
            Route("/sim/chaos", answering(self._chaos), methods=["GET", "POST"]),
            Route("/sim/chaos/calm", said(Nothing, self._calm), methods=["POST"]),
            Route("/sim/chaos/strike", said(StrikeNow, self._strike), methods=["POST"]),
        ]

    async def _status(self, _: Nothing) -> dict[str, Any]:
        return self._standing()

    def _standing(self) -> dict[str, Any]:
        connections = self._connections
        venue, clock = connections.venue, connections.venue.clock
        return {
            "simulator": "tradectl",
            "day": venue.playhead.reader.day.isoformat(),
            "now": rfc3339(venue.now),
            "now_ns": venue.now,
            "mode": clock.mode.value,
            "speed": "max" if clock.speed is None else clock.speed,
            "paused": clock.paused,
            "pauses_at": None if clock.pauses_at is None else rfc3339(clock.pauses_at),
            "ended": venue.now >= venue.playhead.reader.end_ns,
            "symbols": len(venue.playhead.reader.symbols),
            "fills": venue.exchange.mode.name,
            "market_sockets": len(connections.market),
            "trading_sockets": len(connections.trading),
            "accounts": [
                {"id": account_id, "updates": venue.order_updates.told[account_id]}
                for account_id in (
                    connections.account_ids[each.key] for each in connections.keyring.holders
                )
            ],
            "chaos": msgspec.to_builtins(connections.chaos.on),
        }

    async def _pause(self, asked: Pause) -> dict[str, Any]:
        at, venue = asked.at, self._connections.venue
        last = venue.playhead.reader.end_ns
        if at is not None and not venue.now < at <= last:
            raise ConfigError(
                f"no pause at {new_york_clock(at)}: it is {_standing_at(venue.now, last)}; "
                "name a time to come, or none to pause now"
            )
        venue.pause(at)
        return self._standing()

    async def _resume(self, asked: Resume) -> dict[str, Any]:
        if asked.speed is None:
            self._connections.venue.turn(paused=False)
        else:
            speed = None if asked.speed == "max" else asked.speed
            self._connections.venue.turn(paused=False, speed=speed)
        return self._standing()

    async def _step(self, asked: Step) -> dict[str, Any]:
        if self._connections.venue.now + asked.span_ns > self._connections.venue.farthest:
            raise ConfigError("the tape ended a day ago: start the simulator anew")
        await self._connections.venue.step(asked.span_ns)
        return self._standing()

    async def _seek(self, asked: Seek) -> dict[str, Any]:
        ts, venue = asked.ts, self._connections.venue
        last = venue.playhead.reader.end_ns
        if not venue.now <= ts <= last:
            raise ConfigError(
                f"ts: no way to {new_york_clock(ts)}; it is {_standing_at(venue.now, last)}; "
                "time does not go back, start the simulator anew"
            )
        await venue.seek(ts)
        return self._standing()

    async def _band(self, asked: Band) -> dict[str, Any]:
        down, up = asked.limit_down, asked.limit_up
        symbol = traded_symbol(asked.symbol, self._connections.venue.exchange.assets)
        if down > (up or down):
            raise ConfigError(
                f"the band of {symbol} is {down} to {up}, expected limit_down and limit_up in "
                "1e-6 USD, the upper one above, 0 for none"
            )
        await self._connections.venue.band(symbol, down, up)
        return {"symbol": symbol, "limit_down": down, "limit_up": up}

    async def _chaos(self, asked: dict[str, Any]) -> dict[str, Any]:
        muted = asked.get("mute_symbols")
        for symbol in muted if isinstance(muted, list) else ():
            expect_symbol(str(symbol), "mute_symbols")
        self._connections.chaos.turn(asked)
        return {"chaos": msgspec.to_builtins(self._connections.chaos.on)}

    async def _calm(self, _: Nothing) -> dict[str, Any]:
        self._connections.chaos.calm()
        return {"chaos": msgspec.to_builtins(self._connections.chaos.on)}

    async def _strike(self, asked: StrikeNow) -> dict[str, Any]:
        struck = self._connections.strike(asked.what)
        await asyncio.sleep(0)
        return {"what": asked.what, "sockets": struck}


def said[Body: msgspec.Struct](
    kind: type[Body], handler: Callable[[Body], Awaitable[dict[str, Any]]], *, spelt: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers with a handler's result, and says why where it refuses.

    Parameters
    ----------
    kind : type
        The fields that a request may have; ``steering_body`` checks them.
    spelt : bool
        Numbers may come as text.
    """

    async def told(asked: dict[str, Any]) -> dict[str, Any]:
        return await handler(steering_body(asked, kind, spelt=spelt))

    return answering(told)


def answering(
    handler: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]],
) -> Callable[[Request], Awaitable[Response]]:
    """Return the same for a handler that checks the fields itself."""

    async def endpoint(request: Request) -> Response:
        text = await request.body()
        try:
            return _json(await handler(strict_object(text)))
        except (ConfigError, StrictJsonError) as error:
            return _json({"message": sentence(str(error))}, 422)

    return endpoint


def _json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def _standing_at(now: int, last: int) -> str:
    return f"{new_york_clock(now)}, and the tape ends at {new_york_clock(last)}, New York time"
