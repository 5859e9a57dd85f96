"""Frames on their way to one socket; nobody waits for another's reader."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from serving import TRANSPORT

if TYPE_CHECKING:
    from asyncio import Transport

_PARTING_SECS = 1.0
_READ_ON_BYTES = 4 * 1024 * 1024
"""While more waits for a client, nothing that it says is read."""

_MOST_BYTES = 128 * 1024 * 1024
"""So much waits for nobody: whoever lets it come to this is cut off."""


class Outbox:
    """A socket's queue and the task that empties it.

    Attributes
    ----------
    waiting : int
        Bytes that were put and not yet handed to the operating system.
    swallows : bool
        Frames disappear as if the network had: the socket is half open.
    """

    def __init__(self, websocket: WebSocket) -> None:
        self.waiting = 0
        self.swallows = False
        self._websocket = websocket
        self._frames: deque[str | bytes] = deque()
        self._put = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._send())

    def put(self, frame: str | bytes) -> None:
        """Queue a frame."""
        if self.is_open:
            self._frames.append(frame)
            self.waiting += len(frame)
            self._put.set()
        if self.waiting > _MOST_BYTES:
            self.swallow()
            self.cut()

    @property
    def is_open(self) -> bool:
        """Whether frames can still go out."""
        return not self.swallows and self._task is not None and not self._task.done()

    async def below(self, most: int) -> None:
        """Wait until less than ``most`` bytes wait, or nobody is there any more."""
        while self.is_open and self.waiting >= most:
            self._room.clear()
            await self._room.wait()

    async def read_on(self) -> None:
        """Wait until a client has read its answers so far; one that does not is not listened to."""
        await self.below(_READ_ON_BYTES)

    def swallow(self) -> None:
        """Let this and every later frame disappear, while the connection stays up."""
        self.swallows = True
        self.waiting = 0
        self._frames.clear()
        self._room.set()

    async def close(self, code: int, last: str | bytes | None = None, reason: str = "") -> None:
        """Send what waits, a last frame, and close; a reader that does not read is cut off."""
        if last is not None:
            self.put(last)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PARTING_SECS):
                await self.below(1)
        await self.stop()
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(_PARTING_SECS):
                if self._websocket.application_state is WebSocketState.CONNECTED:
                    await self._websocket.close(code, reason)
                    return
        self.cut()

    def cut(self) -> None:
        """Drop the connection without a word."""
        transport: Transport | None = self._websocket.scope["extensions"].get(TRANSPORT)
        if transport is not None:
            transport.abort()

    async def stop(self) -> None:
        """End the sending."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._room.set()

    async def _send(self) -> None:
        try:
            while True:
                await self._put.wait()
                self._put.clear()
                while self._frames:
                    frame = self._frames.popleft()
                    if isinstance(frame, str):
                        await self._websocket.send_text(frame)
                    else:
                        await self._websocket.send_bytes(frame)
                    self.waiting -= len(frame)
                    self._room.set()
        except (WebSocketDisconnect, RuntimeError):
            self._frames.clear()
        finally:
            self.waiting = 0
            self._room.set()
