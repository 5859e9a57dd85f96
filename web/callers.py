"""Who calls the gateway, and what a caller may do; how that was proved is no concern of a route."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Protocol

import msgspec
from fastapi import Depends, Request
from starlette.requests import HTTPConnection


class Rank(IntEnum):
    """Roles, each with the rights of those before it."""

    VIEWER = 1
    TRADER = 2
    OPERATOR = 3
    ADMIN = 4

    @property
    def label(self) -> str:
        """How it is written: ``viewer``."""
        return self.name.lower()


class Caller(msgspec.Struct, frozen=True):
    """A person or program that has proved who it is.

    Attributes
    ----------
    user_id, username : str
    rank : Rank
    session_id : str
        Of the sign-in; it can be listed and ended.
    """

    user_id: str
    username: str
    rank: Rank
    session_id: str


class Gatekeeper(Protocol):
    """Tells callers apart; kept in ``app.state.gatekeeper``."""

    async def caller(self, request: HTTPConnection) -> Caller:
        """Return who calls, by a request or the opening of a WebSocket.

        Raises ``Problem`` 401 for nobody, 403 for a foreign origin.
        """
        ...

    async def holds(self, caller: Caller) -> bool:
        """Say whether a sign-in still goes on, whatever became of the token it was shown with.

        Asked every few seconds for each connection that outlasts one.
        """
        ...

    async def stepped_up(self, request: Request, caller: Caller) -> str:
        """Return the id of the proof that this very request was confirmed with a passkey.

        Raises ``Problem`` 403 with the code ``step_up_required`` and a challenge where it was not.
        """
        ...


async def _caller(request: Request) -> Caller:
    gatekeeper: Gatekeeper = request.app.state.gatekeeper
    return await gatekeeper.caller(request)


type CallerOf = Annotated[Caller, Depends(_caller)]
"""Of a route: who calls it. What rank it takes stands in the table of routes, ``web/rights.py``."""
