"""The relay's server: the venue's market-data address, and how it is doing."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from cluster.relay.keys import RelayKeys
from cluster.relay.ports import Upstream
from cluster.relay.receiver import Receiver
from cluster.relay.relay import Relay
from cluster.relay.session import RelaySession
from serving.market_stream import StreamError


class RelayServer:
    """The open websockets of a relay.

    Parameters
    ----------
    feed : str
        Name of the feed, as the venue has it in its address.
    """

    def __init__(self, relay: Relay, upstream: Upstream, keys: RelayKeys, feed: str) -> None:
        self._relay = relay
        self._upstream = upstream
        self._keys = keys
        self._feed = feed
        self._sessions: dict[Receiver, RelaySession] = {}
        self._endings: set[asyncio.Task[None]] = set()
        relay.on_cut = self._cut

    @property
    def state(self) -> dict[str, Any]:
        """How the relay is doing, as ``/health`` answers it."""
        relay = self._relay
        return {
            "role": "relay",
            "feed": self._feed,
            "upstream": self._upstream.state,
            "is_whole": self._upstream.is_whole,
            "epoch": relay.log.epoch,
            "block": relay.number,
            "rows": relay.rows,
            "clock_ns": relay.marked_ns,
            "is_kept": relay.is_kept,
            "receivers": [
                {
                    "key": each.name,
                    "wants": each.wants.message(),
                    "is_counted": each.is_counted,
                    "is_live": each.is_live,
                    "rows": each.sent,
                    "waiting_bytes": each.outlet.waiting,
                    "conflated_quotes": each.conflated,
                }
                for each in sorted(relay.receivers, key=lambda each: each.name)
            ],
        }

    async def socket(self, websocket: WebSocket) -> None:
        """Serve one websocket."""
        session = RelaySession(self._relay, self._upstream, self._keys, self._feed, websocket)
        self._sessions[session.receiver] = session
        try:
            await session.serve()
        finally:
            self._sessions.pop(session.receiver, None)

    async def health(self, request: Request) -> JSONResponse:
        """Say how the relay is doing, to whoever has a key."""
        headers = request.headers
        key = headers.get("apca-api-key-id"), headers.get("apca-api-secret-key")
        if self._keys.opened(*key) is None:
            return JSONResponse({"message": "a key of the relay is needed"}, status_code=401)
        return JSONResponse(self.state)

    async def close(self) -> None:
        """Take leave of all receivers."""
        await asyncio.gather(*(each.go_away() for each in list(self._sessions.values())))

    def _cut(self, receiver: Receiver, why: StreamError) -> None:
        session = self._sessions.get(receiver)
        if session is not None:
            ending = asyncio.ensure_future(session.cut(why))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)


def relay_app(server: RelayServer) -> Starlette:
    """Return the application that serves a relay."""
    return Starlette(
        routes=[
            WebSocketRoute("/v2/{feed}", server.socket),
            Route("/health", server.health, methods=["GET"]),
        ]
    )
