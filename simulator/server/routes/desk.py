"""Every request of the trading API passes here: keys, limits, time, chaos."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from engine.domain.session import NANOS_PER_SECOND
from simulator.exchange import Exchange, Fault
from simulator.exchange.book.faults import RATE_LIMITED, UNAUTHORIZED, not_understood
from simulator.exchange.rate_limit import RateLimit
from simulator.market_data import Refused, Visit
from simulator.server.connections import Connections
from simulator.server.keyring import Holder

FAILED = Fault(500, {"code": 50010000, "message": "internal server error occurred"})
NOT_READABLE = Fault(400, {"code": 40010000, "message": "request body format is invalid"})
_GATEWAY_TIMEOUT = 504


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was let in.

    Attributes
    ----------
    now : int
        Simulated time at which it counts, UTC ns.
    body : mapping
        The JSON object sent along, empty if there was none.
    """

    exchange: Exchange
    account_id: str
    now: int
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered; None is an empty body.

    Attributes
    ----------
    placed : bool
        An order was placed: the answer is one that chaos may lose.
    """

    body: Any
    status: int = 200
    placed: bool = False


type Handler = Callable[[Asked], Answer | Fault]
"""Answers a request that was let in; a parameter that cannot be read may be raised as Refused."""


class Desk:
    """Answers requests of the trading API.

    Parameters
    ----------
    limit : RateLimit
        Counted by simulated minutes, so that a day at any speed has the same budget.
    """

    def __init__(self, connections: Connections, limit: RateLimit) -> None:
        self._connections = connections
        self._limit = limit

    def endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Return a handler as an endpoint."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(handler, request)

        return endpoint

    async def gate(self, request: Request) -> Visit:
        """Let in a question about assets, clock or calendar: it counts as any other.

        Raises
        ------
        Refused
            The key is wrong, was used too often, or chaos wants it so.
        """
        asker, headers = await self._admitted(request)
        if isinstance(asker, Fault):
            refused = Refused(asker.http_status, asker.body["message"], asker.body.get("code"))
            refused.headers = headers
            raise refused
        return Visit(asker.plan, headers)

    async def _admitted(self, request: Request) -> tuple[Holder | Fault, dict[str, str]]:
        """Return who asks, or why nobody may, and the headers of the answer."""
        connections, chaos = self._connections, self._connections.chaos
        if chaos.on.slow_rest_secs:
            await asyncio.sleep(chaos.on.slow_rest_secs)
        holder = connections.keyring.of_headers(request.headers)
        if holder is None:
            return UNAUTHORIZED, {}
        headers, exceeded = self._spend(
            connections.account_ids[holder.key], await connections.venue.present()
        )
        if exceeded:
            return RATE_LIMITED, headers
        return FAILED if chaos.strikes("failing_requests") else holder, headers

    async def _answer(self, handler: Handler, request: Request) -> Response:
        connections, chaos = self._connections, self._connections.chaos
        asker, headers = await self._admitted(request)
        if isinstance(asker, Fault):
            return _response(asker, headers)
        account_id = connections.account_ids[asker.key]
        body = _object(await request.body())
        if body is None:
            return _response(NOT_READABLE, headers)
        exchange = connections.venue.exchange
        exchange.life.tells_siblings = chaos.on.tell_sibling_cancels
        now = connections.venue.now
        asked = Asked(exchange, account_id, now, request.query_params, request.path_params, body)
        try:
            answer = handler(asked)
        except Refused as refused:
            answer = not_understood(str(refused))
        events = connections.venue.take(changed=request.method != "GET")
        order_updates = connections.venue.order_updates
        if isinstance(answer, Answer) and answer.placed and chaos.strikes("lost_replies"):
            order_updates.tell(events)
            return Response(status_code=_GATEWAY_TIMEOUT, headers=headers)
        order_updates.hold(events)
        if chaos.on.early_updates:
            await order_updates.release()
        return _response(answer, headers, BackgroundTask(order_updates.release))

    def _spend(self, account_id: str, now: int) -> tuple[dict[str, str], bool]:
        """Count a request; its headers tell the reset on the wall's clock."""
        left = self._connections.chaos.lasts("rate_limited_secs")
        allowance = self._limit.spend(account_id, now / NANOS_PER_SECOND)
        clock = self._connections.venue.clock
        pace = clock.speed if clock.runs and clock.speed else 0.0
        until_reset = (allowance.reset - now / NANOS_PER_SECOND) / pace if pace else 1.0
        headers = allowance.headers()
        headers["X-Ratelimit-Reset"] = str(math.ceil(time.time() + (left or until_reset)))
        if left:
            headers["X-Ratelimit-Remaining"] = "0"
        return headers, allowance.exceeded or bool(left)


def _object(text: bytes) -> Mapping[str, Any] | None:
    """Return the JSON object of a body, an empty one of no body, None of anything else."""
    if not text.strip():
        return {}
    try:
        body = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _response(
    answer: Answer | Fault, headers: Mapping[str, str], later: BackgroundTask | None = None
) -> Response:
    fault = isinstance(answer, Fault)
    status = answer.http_status if fault else answer.status
    if answer.body is None:
        return Response(None, status, headers, background=later)
    text = msgspec.json.encode(answer.body)
    return Response(text, status, headers, media_type="application/json", background=later)
