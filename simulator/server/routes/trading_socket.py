"""One ``trade_updates`` websocket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from serving import admit
from simulator.server.connections import Connections
from simulator.server.keyring import Holder
from simulator.server.streams.codec import Codec, codec_of, decoded, said_in, trading_frame
from simulator.server.streams.flawed_frames import flawed_trading_frame
from simulator.server.streams.outbox import Outbox

_UPDATES = "trade_updates"
_POLICY = 1008


class TradingSocket:
    """One client that listens to what happens to its account's orders."""

    def __init__(self, connections: Connections, websocket: WebSocket) -> None:
        self.codec: Codec = codec_of(websocket.headers.get("content-type"))
        self.outbox = Outbox(websocket)
        self.holder: Holder | None = None
        self._connections = connections
        self._websocket = websocket
        self._account_id: str | None = None
        self._ending: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Do what the client says until it leaves."""
        await self._websocket.accept()
        self.outbox.start()
        self._connections.trading.add(self)
        try:
            if "apca-api-key-id" in self._websocket.headers:
                self._admit(self._connections.keyring.of_headers(self._websocket.headers))
            while True:
                await self.outbox.read_on()
                message = await self._websocket.receive()
                self._obey(decoded(said_in(message), self.codec))
        except WebSocketDisconnect:
            pass
        except TimeoutError:
            await self.outbox.close(_POLICY)
        finally:
            self._listen([])
            self._connections.trading.discard(self)
            if self._ending is not None:
                with suppress(asyncio.CancelledError):
                    await self._ending
            await self.outbox.stop()

    def end(self, code: int, last: str | bytes | None) -> None:
        """Close the socket, without anybody waiting for it."""
        if self._ending is None:
            self._ending = asyncio.create_task(self.outbox.close(code, last))

    def fall_behind(self) -> None:
        """Do nothing: this protocol has no slow clients, updates are few."""

    def flawed_frame(self, flaw: str) -> str | bytes:
        """Return a frame with a flaw."""
        return flawed_trading_frame(flaw)

    def _obey(self, said: Mapping[str, Any] | None) -> None:
        nested = said.get("data") if said is not None else None
        proof: Mapping[str, Any] = nested if isinstance(nested, dict) else said or {}
        match said.get("action") if said is not None else None:
            case "authenticate" | "auth":
                self._authenticate(proof)
            case "listen" if self.holder is None:
                self._tell_authorization("unauthorized", "listen")
            case "listen":
                streams = proof.get("streams")
                if isinstance(streams, list):
                    self._listen(streams)
                    known = [_UPDATES] if _UPDATES in streams else []
                    self._tell({"stream": "listening", "data": {"streams": known}})
                else:
                    self._refuse("streams must be a list")
            case _:
                self._refuse("invalid message")

    def _authenticate(self, proof: Mapping[str, Any]) -> None:
        keyring = self._connections.keyring
        if "oauth_token" in proof:
            self._admit(keyring.of_token(proof["oauth_token"]))
            return
        key, secret = (
            proof.get("key_id", proof.get("key")),
            proof.get("secret_key", proof.get("secret")),
        )
        self._admit(keyring.opened(key, secret))

    def _admit(self, holder: Holder | None) -> None:
        if holder is not None:
            self.holder = holder
            admit(self._websocket)
            self._account_id = self._connections.account_ids[holder.key]
        self._tell_authorization("unauthorized" if holder is None else "authorized", "authenticate")

    def _listen(self, streams: list[Any]) -> None:
        if self._account_id is not None:
            order_updates = self._connections.venue.order_updates
            change = order_updates.join if _UPDATES in streams else order_updates.leave
            change(self._account_id, self._tell)

    def _tell_authorization(self, status: str, action: str) -> None:
        self._tell({"stream": "authorization", "data": {"status": status, "action": action}})

    def _refuse(self, why: str) -> None:
        self._tell({"action": "error", "data": {"error_message": why}})

    def _tell(self, message: dict[str, Any]) -> None:
        self.outbox.put(trading_frame(self.codec, message))
