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
from serving import StrictJsonError, sentence, shown, strict_object
from simulator.chaos import STRIKES
from simulator.instants import rfc3339
from simulator.server.connections import Connections
from simulator.tape import FASTEST

_DAY_NS = 24 * 3600 * 1_000_000_000

type _Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Admin:
    """Answers requests under ``/sim``; the guard lets in who has the token of this server."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/sim/status", said(self._status), methods=["GET"]),
            Route("/sim/pause", said(self._pause), methods=["POST"]),
            Route("/sim/resume", said(self._resume), methods=["POST"]),
            Route("/sim/step", said(self._step), methods=["POST"]),
            Route("/sim/seek", said(self._seek), methods=["POST"]),
            Route("/sim/band", said(self._band), methods=["POST"]),
            Route("/sim/chaos", said(self._chaos), methods=["GET", "POST"]),
            Route("/sim/chaos/calm", said(self._calm), methods=["POST"]),
            Route("/sim/chaos/strike", said(self._strike), methods=["POST"]),
        ]

    async def _status(self, _: dict[str, Any]) -> dict[str, Any]:
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

    async def _pause(self, asked: dict[str, Any]) -> dict[str, Any]:
        at, venue = asked.get("at"), self._connections.venue
        last = venue.playhead.reader.end_ns
        if at is not None and (type(at) is not int or not venue.now < at <= last):
            raise ConfigError(
                f"cannot pause at {at!r}: the tape stands at {venue.now} and ends at {last} "
                "(UTC ns); name a time to come, or none to pause now"
            )
        venue.pause(at)
        return await self._status({})

    async def _resume(self, asked: dict[str, Any]) -> dict[str, Any]:
        speed = asked.get("speed", 0.0)
        if speed == "max":
            self._connections.venue.turn(paused=False, speed=None)
        elif type(speed) in {int, float} and 0 <= speed <= FASTEST:
            self._connections.venue.turn(paused=False, speed=float(speed))
        else:
            raise ConfigError(
                f"speed is {shown(speed)}, expected a positive number up to {FASTEST:.0f}, or 'max'"
            )
        return await self._status({})

    async def _step(self, asked: dict[str, Any]) -> dict[str, Any]:
        span_ns = asked.get("span_ns")
        if type(span_ns) is not int or not 0 < span_ns <= _DAY_NS:
            raise ConfigError(f"span_ns is {shown(span_ns)}, expected 1 to {_DAY_NS} ns")
        if self._connections.venue.now + span_ns > self._connections.venue.farthest:
            raise ConfigError("the tape ended a day ago: start the simulator anew")
        await self._connections.venue.step(span_ns)
        return await self._status({})

    async def _seek(self, asked: dict[str, Any]) -> dict[str, Any]:
        ts, venue = asked.get("ts"), self._connections.venue
        last = venue.playhead.reader.end_ns
        if type(ts) is not int or not venue.now <= ts <= last:
            raise ConfigError(
                f"cannot go to {shown(ts)}: the tape stands at {venue.now} and ends at {last} "
                "(UTC ns); time does not go back, start the simulator anew"
            )
        await venue.seek(ts)
        return await self._status({})

    async def _band(self, asked: dict[str, Any]) -> dict[str, Any]:
        symbol, down, up = (asked.get(name) for name in ("symbol", "limit_down", "limit_up"))
        if not isinstance(symbol, str) or symbol not in self._connections.venue.exchange.assets:
            raise ConfigError(f"{shown(symbol)} does not trade on this day")
        if type(down) is not int or type(up) is not int or not 0 <= down <= (up or down):
            raise ConfigError(
                f"the band of {symbol} is {shown(down)} to {shown(up)}, expected limit_down and "
                "limit_up in 1e-6 USD, the upper one above, 0 for none"
            )
        await self._connections.venue.band(symbol, down, up)
        return {"symbol": symbol, "limit_down": down, "limit_up": up}

    async def _chaos(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._connections.chaos.turn(asked)
        return {"chaos": msgspec.to_builtins(self._connections.chaos.on)}

    async def _calm(self, _: dict[str, Any]) -> dict[str, Any]:
        self._connections.chaos.calm()
        return {"chaos": msgspec.to_builtins(self._connections.chaos.on)}

    async def _strike(self, asked: dict[str, Any]) -> dict[str, Any]:
        what = asked.get("what")
        if what not in STRIKES:
            raise ConfigError(f"cannot {shown(what)} sockets; choose one of {', '.join(STRIKES)}")
        struck = self._connections.strike(what)
        await asyncio.sleep(0)
        return {"what": what, "sockets": struck}


def said(handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers with a handler's result, and says why where it refuses."""

    async def endpoint(request: Request) -> Response:
        text = await request.body()
        try:
            return _json(await handler(strict_object(text)))
        except (ConfigError, StrictJsonError) as error:
            return _json({"message": sentence(str(error))}, 422)

    return endpoint


def _json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
