"""Websockets that have not said yet who they are: how many there are, and for how long."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message, Receive
from starlette.websockets import WebSocket

from serving.policy import Limits

_VISITOR = "tradectl.visitor"


class Visitors:
    """The websockets of one server that nobody has let in yet."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.waiting = 0

    @property
    def is_full(self) -> bool:
        """Whether another one is too many."""
        return self.waiting >= self.limits.unauthenticated

    def enter(self, scope: Any) -> Visitor:
        """Count a websocket that has just come."""
        visitor = Visitor(self)
        scope.setdefault("extensions", {})[_VISITOR] = visitor
        return visitor


class Visitor:
    """One websocket from its handshake to its authentication.

    Attributes
    ----------
    is_late : bool
        It did not authenticate in time.
    """

    def __init__(self, among: Visitors) -> None:
        self.is_late = False
        self._among = among
        self._is_waiting = True
        among.waiting += 1
        limit = among.limits.authentication_secs
        self._deadline = asyncio.get_running_loop().time() + limit

    def leave(self) -> None:
        """Count it no more: it is let in, or gone."""
        if self._is_waiting:
            self._is_waiting = False
            self._among.waiting -= 1

    def receiving(self, receive: Receive) -> Receive:
        """Return how its messages are received: for a limited time, until it is let in."""

        async def limited() -> Message:
            if not self._is_waiting:
                return await receive()
            try:
                async with asyncio.timeout_at(self._deadline):
                    return await receive()
            except TimeoutError:
                self.is_late = True
                raise

        return limited


def admit(websocket: WebSocket) -> None:
    """Say that a websocket has authenticated: it is limited no more.

    Until then ``receive`` raises ``TimeoutError`` at the deadline; a server may catch it for some
    parting words, and is closed with code 1008 where it does not.
    """
    visitor: Visitor | None = websocket.scope.get("extensions", {}).get(_VISITOR)
    if visitor is not None:
        visitor.leave()
