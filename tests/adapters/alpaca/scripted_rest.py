"""An HTTP server on loopback that answers as it was told to, and remembers who asked."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import Endpoints, Venue
from adapters.alpaca.http.client import HttpPatience

CREDENTIALS = Credentials("PKLOOPBACKLOOPBACK", "very-secret-very-secret-very-secret")
QUICK = HttpPatience(
    connect_secs=5,
    answer_secs=5,
    first_retry_secs=0.01,
    longest_retry_secs=0.02,
    look_up_waits_secs=(0.01, 0.01, 0.01),
)
NOT_FOUND = JSONResponse({"code": 40410000, "message": "order not found"}, 404)

type Answer = Response | Callable[[Request], Awaitable[Response]]


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes


@dataclass
class RestVenue:
    """Answers by method and path, in order, the last one for good; 404 to all else."""

    asked: list[Asked] = field(default_factory=list)
    _answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Set the answers to one kind of request."""
        self._answers[method, path] = list(answers)

    def count(self, method: str, path: str) -> int:
        """Return how often something was asked."""
        return sum(asked.method == method and asked.path == path for asked in self.asked)

    @property
    def endpoints(self) -> Endpoints:
        """Addresses that all lead here."""
        host, port = self._socket.getsockname()
        url = f"http://{host}:{port}"
        return Endpoints(Venue.SIM, url, url, url, url)

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        methods = ["GET", "POST", "PATCH", "DELETE"]
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])
        config = uvicorn.Config(
            app,
            log_level="critical",
            ws="none",
            lifespan="off",
            date_header=False,
            timeout_graceful_shutdown=0,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        body = await request.body()
        self.asked.append(Asked(request.method, path, dict(request.query_params), body))
        if request.headers.get("APCA-API-SECRET-KEY") != CREDENTIALS.secret:
            return JSONResponse({"message": "unauthorized."}, 401)
        answers = self._answers.get((request.method, path), [NOT_FOUND])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Response) else await answer(request)


def order(client_order_id: str = "run-1-e", **fields: Any) -> dict[str, Any]:
    """Return an order as the venue tells it."""
    return {
        "id": f"venue-{client_order_id}",
        "client_order_id": client_order_id,
        "symbol": "AAPL",
        "side": "buy",
        "type": "limit",
        "qty": "10",
        "notional": None,
        "limit_price": "100.05",
        "status": "new",
        "submitted_at": "2026-09-18T13:30:04.123456789Z",
        **fields,
    }


async def hang(_: Request) -> Response:
    """Answer when nobody waits any more."""
    await asyncio.sleep(3600)
    return Response()


def told(name: str, **fields: Any) -> bytes:
    """Return an order's JSON."""
    return json.dumps(order(name, **fields)).encode()
