"""Who calls: a browser by its cookies, a program of this user by the token of this machine."""

from __future__ import annotations

import asyncio
import getpass
import hmac
from ipaddress import ip_address

from fastapi import Request
from starlette.requests import HTTPConnection

from engine.domain.access import AccessBook
from web.access.limits import RateLimit
from web.access.service import AccessService
from web.access.step_up import StepUps
from web.access.tokens import ACCESS_COOKIE
from web.callers import Caller, Rank
from web.problems import Problem
from web.settings import GatewaySettings

CSRF_HEADER = "X-Tradectl-CSRF"
LOCAL = "local"
"""User and session of programs that show the token of this machine."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")
_PER_SECOND = 20
_BURST = 40
_PATIENCE_SECS = 0.5
"""How long a request waits for a database to say who is still signed in, before what is known."""


class AccessGatekeeper:
    """``web.callers.Gatekeeper`` of a gateway with sign-in.

    Parameters
    ----------
    local_name : str, optional
        What a program is called that shows the token; the user of this machine by default.
    """

    def __init__(
        self, settings: GatewaySettings, service: AccessService, local_name: str | None = None
    ) -> None:
        self._settings, self._service = settings, service
        self._step_ups = StepUps(service)
        self._reading: asyncio.Task[AccessBook] | None = None
        self._local = Caller(LOCAL, local_name or getpass.getuser(), Rank.OPERATOR, LOCAL)
        self._reads = RateLimit(_BURST, _PER_SECOND)
        self._writes = RateLimit(_BURST, _PER_SECOND)

    async def caller(self, request: HTTPConnection) -> Caller:
        """Return who calls, by HTTP or to open a WebSocket.

        Raises
        ------
        Problem
            401 for nobody, 403 for a foreign origin or a missing header, 429 for too many: what
            reads and what changes something is counted apart, so polling holds up no exit.
        """
        is_read = request.scope["type"] == "http" and request.scope["method"] in _SAFE
        caller = self._with_token(request)
        if caller is None:
            caller = await self._signed_in(request)
            self._refuse_foreign(request, caller, is_read=is_read)
        (self._reads if is_read else self._writes).take(caller.session_id)
        return caller

    async def holds(self, caller: Caller) -> bool:
        """Say whether somebody who called a while ago may still go on, with the same rank."""
        if caller.session_id == LOCAL:
            return True
        return self._of(await self._book(), caller.session_id) == caller

    async def stepped_up(self, request: Request, caller: Caller) -> str:
        """Return the id of the proof that this very request was confirmed with a passkey.

        Raises
        ------
        Problem
            403 with the code ``step_up_required`` and a challenge where it was not.
        """
        if caller.session_id == LOCAL:
            raise Problem(
                403,
                "step_up_in_browser",
                "this takes a passkey, which a program does not have: do it in the browser",
            )
        return await self._step_ups.proof(request, caller)

    def refuse_other_pages(self, connection: HTTPConnection, *, is_read: bool) -> None:
        """Raise ``Problem`` 403 unless a page of ours asks: its exact origin, where there is one.

        What changes something has an origin, and so has a WebSocket; a page of another port is of
        the same site, so its requests carry cookies, and is refused all the same.
        """
        origin = connection.headers.get("origin")
        is_missing = origin is None and not is_read
        site = connection.headers.get("sec-fetch-site", "none")
        if is_missing or origin not in {None, self._settings.origin} or site not in _OWN:
            raise Problem(
                403,
                "foreign_origin",
                f"only pages of {self._settings.origin} may call with cookies",
            )

    def _with_token(self, connection: HTTPConnection) -> Caller | None:
        """Return the program that shows the token of this machine, None where none is shown."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        expected = self._settings.local_token or ""
        is_near = connection.client is not None and _is_loopback(connection.client.host)
        is_direct = not any(name in connection.headers for name in _FORWARDED)
        is_right = scheme.lower() == "bearer" and hmac.compare_digest(
            token.strip().encode(), expected.encode()
        )
        if not (expected and is_near and is_direct and is_right):
            raise Problem(
                401,
                "bad_token",
                "the token is not that of this gateway: it lies in a file that its user reads, on "
                "the machine where it runs, and counts there alone",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return self._local

    async def _signed_in(self, connection: HTTPConnection) -> Caller:
        claims = self._service.tokens.read(connection.cookies.get(ACCESS_COOKIE, ""))
        if claims is None:
            raise Problem(401, "not_signed_in", "nobody is signed in: sign in with a passkey")
        if self._service.clock.now() >= claims.expires_ns:
            raise Problem(401, "access_expired", "the access token is over: renew it")
        caller = self._of(await self._book(), claims.session_id)
        if caller is None or caller.user_id != claims.user_id:
            raise Problem(401, "session_ended", "this sign-in has ended: sign in again")
        return caller

    def _of(self, book: AccessBook, session_id: str) -> Caller | None:
        session = book.session(session_id, self._service.clock.now())
        if session is None:
            return None
        user = book.users[session.user_id]
        return Caller(user.id, user.username, Rank[user.role.name], session_id)

    def _refuse_foreign(self, connection: HTTPConnection, caller: Caller, *, is_read: bool) -> None:
        self.refuse_other_pages(connection, is_read=is_read)
        if is_read or connection.scope["type"] == "websocket":
            return  # a socket cannot carry the header; its origin was exact
        shown = connection.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(
            shown.encode(), self._service.tokens.csrf(caller.session_id).encode()
        ):
            raise Problem(
                403, "csrf", f"{CSRF_HEADER} must be the token that GET /api/v1/auth/session tells"
            )

    async def _book(self) -> AccessBook:
        """Return the users as of a second ago, or as known while the database takes its time."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(asyncio.to_thread(self._service.recent_book))
        done, _ = await asyncio.wait({self._reading}, timeout=_PATIENCE_SECS)
        return self._reading.result() if done else self._service.journal.known()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
