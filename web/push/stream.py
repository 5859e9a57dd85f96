"""``/api/v1/stream``: one WebSocket a browser, for all that it looks at.

A browser says, a JSON object a message, what it wants and what it has::

    {"sub": ["radar", "facts"], "run": "latest", "since": {"facts": 812}, "epoch": "…"}
    {"unsub": ["radar"]}
    {"ack": {"radar": 17}}

and is sent ``{"ch", "run", "seq", "epoch", "full", …}``; tape strips are binary, see
``tape_message``. ``full``: forget what was sent before. Close codes: 4401 sign in again, 4403 not
from that page, 4404 no such run, 4408 nothing was read for too long, 1008 no such message.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from engine.domain.errors import TradectlError
from engine.domain.unreadable import UNREADABLE
from serving import admit
from web.callers import Caller, Gatekeeper
from web.problems import Problem
from web.push.broadcast import FACTS, JOBS, LOGS, MOST_CLIENTS, NAMES, Broadcast
from web.push.channel import Payload
from web.push.subscription import ChannelSubscription, FeedSubscription, Subscription
from web.rights import right_of, stream_router

routes = stream_router()

SIGN_IN, FOREIGN, NO_RUN, STALLED, WRONG, FULL = 4401, 4403, 4404, 4408, 1008, 1013
_STALLED_SECS = 30.0
_FORBIDDEN = 403


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser says; ``since`` are numbers of the last messages that it has, by channel."""

    sub: list[str] = []
    unsub: list[str] = []
    run: str = "latest"
    since: dict[str, int] = {}
    epoch: str | None = None
    ack: dict[str, int] = {}


_decode = msgspec.json.Decoder(Told).decode


class _Ended(Exception):  # noqa: N818  (nothing is wrong)
    """The connection is to be closed with a code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@routes.websocket("/stream")
async def stream(websocket: WebSocket) -> None:
    """Push what a browser subscribes to until it leaves."""
    broadcast: Broadcast = websocket.app.state.broadcast
    await websocket.accept()
    try:
        caller = await _caller(websocket)
    except _Ended as ended:
        return await websocket.close(ended.code, ended.reason)
    if broadcast.clients >= MOST_CLIENTS:
        return await websocket.close(FULL, "too many browsers: try again later")
    admit(websocket)
    broadcast.clients += 1
    try:
        await Browser(websocket, broadcast, caller).serve()
    finally:
        broadcast.clients -= 1
    return None


async def _caller(websocket: WebSocket) -> Caller:
    gatekeeper: Gatekeeper = websocket.app.state.gatekeeper
    try:
        caller = await gatekeeper.caller(websocket)
    except Problem as problem:
        code = FOREIGN if problem.status == _FORBIDDEN else SIGN_IN
        raise _Ended(code, problem.code) from problem
    right = right_of("GET", "/stream")
    if right is None or caller.rank < right.rank:
        raise _Ended(FOREIGN, "rank_too_low")
    return caller


class Browser:
    """One connection: what it has subscribed to, and three tasks that end together."""

    def __init__(self, websocket: WebSocket, broadcast: Broadcast, caller: Caller) -> None:
        self._websocket, self._broadcast, self._caller = websocket, broadcast, caller
        self._wake = asyncio.Event()
        self._subscribed: dict[str, Subscription] = {}
        self._names: dict[str, str] = {}
        self._topics: dict[str, Any] = {}
        broadcast.listeners.add(self._wake)

    async def serve(self) -> None:
        """Listen, send and look whether the sign-in goes on, until one of these ends."""
        tasks = [
            asyncio.ensure_future(each()) for each in (self._listen, self._send, self._look_again)
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except _Ended as ended:
            await self._close(ended)
        except (WebSocketDisconnect, RuntimeError):
            pass  # it has left
        finally:
            self._broadcast.left(self._wake)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, ended: _Ended) -> None:
        if self._websocket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError, TimeoutError):
                async with asyncio.timeout(1):
                    await self._websocket.close(ended.code, ended.reason)

    async def _listen(self) -> None:
        while True:
            text = await self._websocket.receive_text()
            try:
                told = _decode(text)
            except UNREADABLE as error:
                raise _Ended(WRONG, f"no message: {error}"[:120]) from error
            for name in told.unsub:
                self._subscribed.pop(name, None)
            for name, seq in told.ack.items():
                if name in self._subscribed:
                    self._subscribed[name].acknowledged(seq)
            if told.sub:
                await self._subscribe(told)
            self._wake.set()

    async def _subscribe(self, told: Told) -> None:
        if unknown := [name for name in told.sub if name not in NAMES]:
            raise _Ended(WRONG, f"no channel {unknown[0]!r}: {', '.join(NAMES)}"[:120])
        of_runs = [name for name in told.sub if name not in {JOBS, LOGS}]
        if of_runs:
            try:
                topics = await self._broadcast.topics(told.run)
            except TradectlError as error:
                raise _Ended(NO_RUN, str(error)[:120]) from error
            topics.listeners.add(self._wake)
            for name in of_runs:
                self._topics[name] = topics
        for name in told.sub:
            self._subscribed[name] = self._subscription(name, told)
        left = {id(self._topics[name]) for name in self._topics if name in self._subscribed}
        for name, topics in list(self._topics.items()):
            if name not in self._subscribed:
                del self._topics[name]
                if id(topics) not in left:
                    topics.listeners.discard(self._wake)

    def _subscription(self, name: str, told: Told) -> Subscription:
        broadcast, since = self._broadcast, told.since.get(name)
        if name == FACTS:  # they have numbers of their own, whoever pushes them
            return FeedSubscription(self._topics[name].facts, since)
        if told.epoch != broadcast.epoch:
            since = None
        if name == LOGS:
            broadcast.follow_logs()
            return FeedSubscription(broadcast.logs, since)
        if name == JOBS:
            broadcast.follow_jobs()
            return ChannelSubscription(broadcast.jobs, since)
        return ChannelSubscription(self._topics[name].channels[name], since)

    async def _send(self) -> None:
        while True:
            self._wake.clear()
            has_sent = False
            for name, subscription in list(self._subscribed.items()):
                if name == "tape":
                    await self._name_places()
                payload = await subscription.next()
                if payload is not None and self._subscribed.get(name) is subscription:
                    await self._put(payload)
                    has_sent = True
            if not has_sent:
                await self._wake.wait()

    async def _name_places(self) -> None:
        """Send the names of the tape's places before the strip that needs them."""
        topics = self._topics["tape"]
        if topics.names is not None and self._names.get(topics.run_id) is not topics.names:
            self._names = {topics.run_id: topics.names}
            await self._put(topics.names)

    async def _put(self, payload: Payload) -> None:
        kind = "text" if isinstance(payload, str) else "bytes"
        try:
            async with asyncio.timeout(_STALLED_SECS):
                await self._websocket.send({"type": "websocket.send", kind: payload})
        except TimeoutError as error:
            raise _Ended(STALLED, "nothing was read for too long") from error

    async def _look_again(self) -> None:
        gatekeeper: Gatekeeper = self._websocket.app.state.gatekeeper
        while True:
            await asyncio.sleep(self._broadcast.recheck_secs)
            if not await gatekeeper.holds(self._caller):
                raise _Ended(SIGN_IN, "the sign-in has ended")
