"""One receiver's websocket, from its handshake to its end: Alpaca's protocol, and what is ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from cluster.relay.keys import RelayKey, RelayKeys, Right
from cluster.relay.ports import Upstream
from cluster.relay.receiver import Receiver
from cluster.relay.relay import Relay
from engine.domain.errors import VenueError, VenueRejected
from serving import DirectSocket, admit
from serving.market_stream import (
    ALREADY_AUTHENTICATED,
    AUTH_FAILED,
    AUTH_TIMEOUT,
    INSUFFICIENT_SUBSCRIPTION,
    INTERNAL_ERROR,
    INVALID_SYNTAX,
    NOT_AUTHENTICATED,
    SLOW_CLIENT,
    SYMBOL_LIMIT,
    StreamError,
)

_POLICY, _GOING_AWAY, _INTERNAL = 1008, 1001, 1011
_ASKED_SECS = 10.0
"""So long a subscription waits for the venue; one that is away is asked when it is back."""
_MSGPACK = "application/msgpack"
_MOST_NAMES = 20_000
"""Symbols that one receiver may name over all channels; a market has some 12,000."""

_NO_SLOTS = StreamError(
    INVALID_SYNTAX.code,
    "expected prefixes such as A, A-C or SN-SZ, channels such as trades, and from with e and n",
)

_log = logging.getLogger(__name__)


class RelaySession:
    """One websocket.

    Parameters
    ----------
    feed : str
        The one that the venue's connection is of.
    """

    def __init__(
        self, relay: Relay, upstream: Upstream, keys: RelayKeys, feed: str, websocket: WebSocket
    ) -> None:
        self._relay = relay
        self._upstream = upstream
        self._keys = keys
        self._feed = feed
        self._websocket = websocket
        self._is_json = websocket.headers.get("content-type") != _MSGPACK
        self._key: RelayKey | None = None
        self._replaying: asyncio.Task[None] | None = None
        self.outlet = DirectSocket(websocket)
        self.receiver = Receiver(
            "", self.outlet, relay.finder, is_json=self._is_json, waiting=relay.waiting
        )

    async def serve(self) -> None:
        """Greet the receiver and do what it says until it leaves."""
        await self._websocket.accept()
        self.receiver.answer({"T": "success", "msg": "connected"})
        try:
            headers = self._websocket.headers
            if "apca-api-key-id" in headers:
                self._admit(
                    self._keys.opened(
                        headers["apca-api-key-id"], headers.get("apca-api-secret-key")
                    )
                )
            while True:
                await self._obey(self._said(await self._websocket.receive()))
                if self.outlet.waiting > self._relay.waiting.most:
                    await self.cut(SLOW_CLIENT)
        except WebSocketDisconnect:
            pass
        except TimeoutError:
            self._refuse(AUTH_TIMEOUT)
            await self.outlet.close(_POLICY)
        finally:
            self._relay.leave(self.receiver)
            if self._replaying is not None:
                self._replaying.cancel()
                with suppress(asyncio.CancelledError):
                    await self._replaying

    async def cut(self, why: StreamError) -> None:
        """Cut the receiver off."""
        self._refuse(why)
        await self.outlet.close(_POLICY)

    async def go_away(self) -> None:
        """Say farewell: the relay ends."""
        await self.outlet.close(_GOING_AWAY)

    def _said(self, message: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return what a receiver said, None if that is no message."""
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        packed, text = message.get("bytes"), message.get("text")
        try:
            if packed is None:
                said = msgspec.json.decode(text or "")
            elif packed[:1] == b"{":
                said = msgspec.json.decode(packed)
            else:
                said = msgspec.msgpack.decode(packed)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None
        return said if isinstance(said, dict) else None

    async def _obey(self, said: Mapping[str, Any] | None) -> None:
        action = None if said is None else said.get("action")
        if said is None or not isinstance(action, str):
            self._refuse(INVALID_SYNTAX)
        elif action in {"auth", "authenticate"}:
            self._authenticate(said)
        elif self._key is None:
            self._refuse(NOT_AUTHENTICATED)
        elif action in {"subscribe", "unsubscribe"}:
            await self._subscribe(said, adds=action == "subscribe")
        elif action == "advance":
            await self._advance(said.get("until"))
        else:
            self._refuse(INVALID_SYNTAX)

    def _authenticate(self, said: Mapping[str, Any]) -> None:
        if self._key is not None:
            self._refuse(ALREADY_AUTHENTICATED)
            return
        nested = said.get("data")
        proof: Mapping[str, Any] = nested if isinstance(nested, dict) else said
        key = proof.get("key_id", proof.get("key"))
        self._admit(self._keys.opened(key, proof.get("secret_key", proof.get("secret"))))

    def _admit(self, key: RelayKey | None) -> None:
        if key is None:
            self._refuse(AUTH_FAILED)
        elif self._websocket.path_params["feed"] != self._feed:
            self._refuse(INSUFFICIENT_SUBSCRIPTION)
        else:
            self._key = key
            self.receiver.name = key.key
            admit(self._websocket)
            self._relay.enter(self.receiver)
            self.receiver.answer({"T": "success", "msg": "authenticated"})

    async def _subscribe(self, said: Mapping[str, Any], *, adds: bool) -> None:
        """Change the subscription, ask the venue for what it lacks, and acknowledge."""
        wants, receiver = self.receiver.wants.copy(), self.receiver
        by_slots = "prefixes" in said
        is_sound = (
            adds and _has_lists(said) and wants.begin_with(said["prefixes"], said["channels"])
            if by_slots
            else wants.change(said, adds=adds)
        )
        if not is_sound:
            self._refuse(_NO_SLOTS if by_slots else INVALID_SYNTAX)
            return
        if wants.size > _MOST_NAMES:
            self._refuse(SYMBOL_LIMIT)
            return
        is_heard = self._upstream.hears(wants.upstream())
        is_ours = by_slots or receiver.is_counted
        if not self._upstream.is_live and not (is_ours and is_heard):
            self._relay.leave(receiver)
            await self.cut(INTERNAL_ERROR)
            return
        try:
            async with asyncio.timeout(_ASKED_SECS):
                await self._upstream.subscribe(wants.upstream())
        except TimeoutError:
            pass
        except VenueRejected as refused:
            self._refuse(StreamError(refused.code or INVALID_SYNTAX.code, str(refused)))
            return
        except VenueError:
            pass
        self._relay.on_subscribed()
        self._relay.flush()
        receiver.wants = wants
        receiver.changed()
        if by_slots and not receiver.is_counted:
            receiver.number = self._relay.number
            receiver.is_counted = True
        position = dict(zip(("e", "n"), self._relay.position, strict=True))
        receiver.answer(wants.message() | (position if receiver.is_counted else {}))
        since = said.get("from")
        if receiver.is_counted and isinstance(since, dict):
            if self._replaying is not None:
                self._replaying.cancel()
            at = since["e"], since["n"]
            receiver.joins = said.get("joins") is True and not self._is_json
            receiver.is_live = False
            self._replaying = asyncio.create_task(self._replay(*at))

    async def _replay(self, epoch: int, number: int) -> None:
        """Send what was missed; a receiver for whom that fails is to come again."""
        try:
            await self._relay.replay(self.receiver, epoch, number)
        except Exception:  # noqa: BLE001  (it is logged, and the receiver comes again)
            _log.exception("blocks could not be sent again to %s", self.receiver.name)
            await self.outlet.close(_INTERNAL)

    async def _advance(self, until: object) -> None:
        if self._key is None or self._key.right is not Right.STEER:
            self._refuse(StreamError(400, "time is granted to keys with the right to steer alone"))
        elif type(until) is not int:
            self._refuse(INVALID_SYNTAX)
        else:
            try:
                now, updates = await self._upstream.advance(until)
            except VenueError as error:
                self._refuse(StreamError(INVALID_SYNTAX.code, str(error)))
                return
            self._relay.mark(now, updates)
            if not self.receiver.is_counted:
                self.receiver.mark(now, updates)

    def _refuse(self, refusal: StreamError) -> None:
        self.receiver.answer(refusal.message())


def _has_lists(said: Mapping[str, Any]) -> bool:
    """Say whether a subscription by beginnings has the types that it must have."""
    since = said.get("from")
    is_position = since is None or (
        isinstance(since, dict) and all(type(since.get(name)) is int for name in ("e", "n"))
    )
    return is_position and all(
        isinstance(said.get(name), list) and all(isinstance(each, str) for each in said[name])
        for name in ("prefixes", "channels")
    )
