"""Beside the look-alike: its routes on a free port of this machine, and what is asked of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

_PATIENCE_SECS = 120

KEY, SECRET = "PKLOOPBACK", "loopback-secret-of-nobody"
HEADERS = {"APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": SECRET}


class AnnouncedServer(uvicorn.Server):
    """A server that says when it has begun to listen."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self._listens.set()

    def wait(self) -> None:
        """Wait until it listens."""
        assert self._listens.wait(_PATIENCE_SECS)


class Loopback:
    """A real server of some routes, in a thread.

    Attributes
    ----------
    asked : list of str
        Path and query of every request, in order.
    on_request : callable or None
        Called with each request's number, from 1, before it is answered.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.asked: list[str] = []
        self.on_request: Callable[[int], None] | None = None
        config = uvicorn.Config(
            self._counting(Starlette(routes=routes)),
            port=0,
            log_level="warning",
            ws="none",
            lifespan="off",
        )
        self._server = AnnouncedServer(config)
        self._client = httpx.Client(headers=HEADERS, timeout=60)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        """Where the server listens."""
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        """Return the answer to one request with good keys."""
        return self._client.get(f"{self.url}{path}", params=parameters)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._server.should_exit = True
        self._thread.join()

    def _counting(self, app: ASGIApp) -> ASGIApp:
        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            self.asked.append(f"{scope['path']}?{scope['query_string'].decode()}")
            if self.on_request is not None:
                self.on_request(len(self.asked))
            await app(scope, receive, send)

        return counting
