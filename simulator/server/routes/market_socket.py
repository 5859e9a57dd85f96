"""One market-data websocket, from its handshake to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from serving import admit
from serving.market_stream import (
    ALREADY_AUTHENTICATED,
    AUTH_FAILED,
    AUTH_TIMEOUT,
    CONNECTION_LIMIT,
    INSUFFICIENT_SUBSCRIPTION,
    INVALID_SYNTAX,
    NOT_AUTHENTICATED,
    SLOW_CLIENT,
    StreamError,
)
from simulator.server.connections import Connections
from simulator.server.feeds import Feed
from simulator.server.keyring import Holder
from simulator.server.streams.codec import Codec, codec_of, decoded, market_frame, said_in
from simulator.server.streams.flawed_frames import flawed_market_frame
from simulator.server.streams.outbox import Outbox
from simulator.server.streams.subscriptions import Subscriptions
from simulator.tape import Mode

_POLICY = 1008
_NO_MORE_TIME = StreamError(400, "time is not granted here: start the simulator with --stepped")


class MarketSocket:
    """One client of one feed.

    Attributes
    ----------
    arrivals : bool
        Whether rows carry ``r``: since the client first granted time.
    """

    def __init__(self, connections: Connections, feed: Feed, websocket: WebSocket) -> None:
        self.codec: Codec = codec_of(websocket.headers.get("content-type"))
        self.outbox = Outbox(websocket)
        self.arrivals = False
        self.subscriptions = Subscriptions()
        self.holder: Holder | None = None
        self.feed = feed
        self._connections = connections
        self._websocket = websocket
        self._ending: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Greet the client and do what it says until it leaves."""
        await self._websocket.accept()
        self.outbox.start()
        self._tell({"T": "success", "msg": "connected"})
        try:
            headers = self._websocket.headers
            if "apca-api-key-id" in headers or "authorization" in headers:
                self._admit(self._connections.keyring.of_headers(headers))
            while True:
                await self._obey(await self._receive())
        except WebSocketDisconnect:
            pass
        except TimeoutError:
            await self.outbox.close(_POLICY, self._frame(AUTH_TIMEOUT.message()))
        finally:
            self._connections.leave(self)
            if self._ending is not None:
                with suppress(asyncio.CancelledError):
                    await self._ending
            await self.outbox.stop()

    def end(self, code: int, last: str | bytes | None) -> None:
        """Close the socket, without anybody waiting for it."""
        if self._ending is None:
            self._connections.leave(self)
            self._ending = asyncio.create_task(self.outbox.close(code, last))

    def fall_behind(self) -> None:
        """Cut the client off as one that reads too slowly."""
        self.end(_POLICY, self._frame(SLOW_CLIENT.message()))

    def flawed_frame(self, flaw: str) -> str | bytes:
        """Return a frame with a flaw, of the first symbol of the recorded day."""
        venue = self._connections.venue
        return flawed_market_frame(flaw, self.codec, venue.playhead.reader.symbols[0], venue.now)

    async def _receive(self) -> Mapping[str, Any] | None:
        await self.outbox.read_on()
        message = await self._websocket.receive()
        return decoded(said_in(message), self.codec)

    async def _obey(self, said: Mapping[str, Any] | None) -> None:
        if said is None:
            self._refuse(INVALID_SYNTAX)
            return
        match said.get("action"):
            case "auth" | "authenticate":
                self._authenticate(said)
            case "subscribe" | "unsubscribe" if self.holder is None:
                self._refuse(NOT_AUTHENTICATED)
            case "subscribe" | "unsubscribe" as action:
                refusal = self.subscriptions.change(said, adds=action == "subscribe")
                self._refuse(refusal) if refusal else self._tell(self.subscriptions.message())
            case "advance":
                await self._advance(said.get("until"))
            case _:
                self._refuse(INVALID_SYNTAX)

    def _authenticate(self, said: Mapping[str, Any]) -> None:
        if self.holder is not None:
            self._refuse(ALREADY_AUTHENTICATED)
            return
        nested = said.get("data")
        proof: Mapping[str, Any] = nested if isinstance(nested, dict) else said
        key, secret = (
            proof.get("key_id", proof.get("key")),
            proof.get("secret_key", proof.get("secret")),
        )
        keyring = self._connections.keyring
        self._admit(keyring.of_token(secret) if key == "oauth" else keyring.opened(key, secret))

    def _admit(self, holder: Holder | None) -> None:
        if holder is None:
            self._refuse(AUTH_FAILED)
        elif not self.feed.allows(holder):
            self._refuse(INSUFFICIENT_SUBSCRIPTION)
        elif not self._connections.enter(self, holder):
            self._refuse(CONNECTION_LIMIT)
        else:
            self.holder = holder
            admit(self._websocket)
            self.subscriptions = self.feed.subscriptions(holder)
            self._tell({"T": "success", "msg": "authenticated"})

    async def _advance(self, until: object) -> None:
        if self.holder is None:
            self._refuse(NOT_AUTHENTICATED)
        elif self._connections.venue.clock.mode is not Mode.STEPPED:
            self._refuse(_NO_MORE_TIME)
        elif type(until) is not int or until > self._connections.venue.farthest:
            self._refuse(INVALID_SYNTAX)
        else:
            self.arrivals = True
            now = await self._connections.venue.grant(until)
            account_id = self._connections.account_ids[self.holder.key]
            told = self._connections.venue.order_updates.told[account_id]
            self._tell({"T": "clock", "t": now, "u": told})

    def _refuse(self, refusal: StreamError) -> None:
        self._tell(refusal.message())

    def _tell(self, message: Mapping[str, Any]) -> None:
        self.outbox.put(self._frame(message))

    def _frame(self, message: Mapping[str, Any]) -> str | bytes:
        return market_frame(self.codec, [message])
