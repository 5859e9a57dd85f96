"""One HTTP host of the venue: every request has its turn, every failure its name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import Any

import httpx
import msgspec

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import is_loopback
from adapters.alpaca.http.account_budget import AccountBudget
from adapters.alpaca.wire.rest import VenueFault, read_fault
from adapters.transport.connection import unreached
from adapters.transport.token_bucket import TOO_MANY_REQUESTS, Priority
from engine.domain.counted import counted
from engine.domain.errors import VenueRejected, VenueUnavailable, VenueUntrusted

type Query = Mapping[str, str | int | None]
"""Parameters of a request; None is left out."""

_REQUEST_TIMEOUT = 408
_CLIENT_ERRORS = range(400, 500)
NOT_PROCESSED = frozenset({_REQUEST_TIMEOUT, TOO_MANY_REQUESTS})
"""Statuses of requests that were not looked at: the same one may work later."""

_HEADERS_LEAVE = "send_request_headers.started"
"""How the event of a connection ends before which nothing of a request has left this process."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_ADVICE = {
    401: "check APCA_API_KEY_ID and APCA_API_SECRET_KEY; paper and live have keys of their own",
    403: "the account, its keys or its plan do not allow this",
}


class HttpPatience(msgspec.Struct, frozen=True):
    """How long a request waits for what, in seconds, and how often a GET is tried.

    ``look_up_waits_secs`` are the waits before each look-up of an order whose outcome is unknown.
    """

    connect_secs: float = 5
    answer_secs: float = 10
    get_attempts: int = 4
    first_retry_secs: float = 0.25
    longest_retry_secs: float = 8
    look_up_waits_secs: tuple[float, ...] = (0.1, 0.4, 1, 2, 4)


type Permit = Callable[[], str | None]
"""Says why no request that changes anything may leave now, None while one may."""


class Reply(msgspec.Struct, frozen=True):
    """What the host answered."""

    status: int
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether the request was done."""
        return 200 <= self.status < 300  # noqa: PLR2004  (the class of HTTP statuses)

    @property
    def is_definite(self) -> bool:
        """Whether it is certain what the request did: a 5xx or 408 may have been carried out."""
        return self.status < 500 and self.status != _REQUEST_TIMEOUT  # noqa: PLR2004  (same)

    def fault(self) -> VenueFault:
        """Return what a refusal says."""
        return read_fault(self.status, self.body)


class Unanswered(msgspec.Struct, frozen=True):
    """The request left and no whole answer came: it may have been carried out."""

    reason: str


class Door:
    """Requests to one host, through the account's budget.

    Parameters
    ----------
    base_url : str
        Scheme and host, without a slash at the end.
    budget : AccountBudget
        Shared by everything that uses the same keys on the same host.
    permit : Permit, optional
        Asked before each request that is not a GET, when all waits are over and its first byte is
        about to leave.
    seed : int
        Repeats the jitter of the waits.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        budget: AccountBudget,
        *,
        patience: HttpPatience | None = None,
        permit: Permit | None = None,
        seed: int = 0,
    ) -> None:
        self.patience = patience or HttpPatience()
        self._credentials = credentials
        self._permit = permit
        self._budget = budget
        self._random = Random(seed)  # noqa: S311  (jitter, no secret)
        self._client = httpx.AsyncClient(
            base_url=base_url,
            auth=_Keys(credentials),
            timeout=httpx.Timeout(self.patience.answer_secs, connect=self.patience.connect_secs),
            trust_env=not is_loopback(base_url),
            verify=base_url.startswith("https:"),  # else certificates are read for nothing
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(
        self,
        method: str,
        path: str,
        priority: Priority,
        *,
        query: Query | None = None,
        body: bytes | None = None,
    ) -> Reply | Unanswered:
        """Send a request once, whatever comes of it.

        Raises
        ------
        VenueUnavailable
            It never left: no name, no connection, no TLS, no permit; untrusted where no certificate
            is valid.
        """
        watched = {} if method == "GET" else {"trace": self._leaving(method, path)}
        headers = {"Content-Type": "application/json"} if body is not None else {}
        params = {name: value for name, value in (query or {}).items() if value is not None}
        async with self._budget.turn(priority) as turn:
            try:
                async with asyncio.timeout(self.patience.connect_secs + self.patience.answer_secs):
                    response = await self._client.request(
                        method,
                        path,
                        params=params,
                        content=body,
                        headers=headers,
                        extensions=watched,
                    )
            except _NEVER_SENT as error:
                raise unreached(self._asked(method, path), root_cause(error)) from error
            except (httpx.HTTPError, TimeoutError) as error:
                return Unanswered(self._text(method, path, _lost_reason(error)))
            turn.answered(response.status_code, response.headers)
        return Reply(response.status_code, response.content)

    async def get(
        self,
        path: str,
        priority: Priority,
        *,
        query: Query | None = None,
        attempts: int | None = None,
    ) -> bytes:
        """Return the body of a GET, tried again where that may help.

        Raises
        ------
        VenueRejected
            A definite 4xx.
        VenueUnavailable
            No attempt was answered; the last reason.
        """
        reply = await self._get(path, priority, query, attempts or self.patience.get_attempts)
        if not reply.is_ok:
            raise self.rejected("GET", path, reply.fault())
        return reply.body

    async def find(
        self,
        path: str,
        priority: Priority,
        *,
        query: Query | None = None,
        attempts: int | None = None,
    ) -> bytes | None:
        """Return as ``get`` does, None when the venue itself says that there is no such thing.

        A 404 without the venue's code comes from something between: nothing is known then.
        """
        reply = await self._get(path, priority, query, attempts or self.patience.get_attempts)
        if reply.is_ok:
            return reply.body
        fault = reply.fault()
        if reply.status != httpx.codes.NOT_FOUND:
            raise self.rejected("GET", path, fault)
        if fault.code is None:
            raise self.unavailable("GET", path, f"a 404 that is not the venue's: {fault.message}")
        return None

    def rejected(self, method: str, path: str, fault: VenueFault) -> VenueRejected:
        """Return a refusal with what it says and what to do."""
        code = f" (code {fault.code})" if fault.code is not None else ""
        advice = _ADVICE.get(fault.http_status)
        text = f"HTTP {fault.http_status}{code}: {fault.message}"
        text = self._text(method, path, f"{text}; {advice}" if advice else text)
        return VenueRejected(text, status=fault.http_status, code=fault.code)

    def unavailable(self, method: str, path: str, reason: str) -> VenueUnavailable:
        """Return a failure with its request."""
        return VenueUnavailable(self._text(method, path, reason))

    async def _get(
        self, path: str, priority: Priority, query: Query | None, attempts: int
    ) -> Reply:
        """Return the first reply that is definite."""
        reason = ""
        for attempt in range(attempts):
            if attempt:
                await asyncio.sleep(self._wait_secs(attempt))
            try:
                reply = await self.send("GET", path, priority, query=query)
            except VenueUntrusted:
                raise
            except VenueUnavailable as error:
                reason = str(error)
                continue
            if isinstance(reply, Unanswered):
                reason = reply.reason
            elif reply.status in NOT_PROCESSED or not reply.is_definite:
                fault = reply.fault()
                reason = self._text("GET", path, f"HTTP {reply.status}: {fault.message}")
            else:
                return reply
        raise VenueUnavailable(f"{reason} ({counted(attempts, 'attempt')})")

    def _wait_secs(self, attempt: int) -> float:
        whole = self.patience.first_retry_secs * 2 ** (attempt - 1)
        return min(whole, self.patience.longest_retry_secs) * self._random.uniform(0.5, 1)

    def _leaving(
        self, method: str, path: str
    ) -> Callable[[str, object], Coroutine[Any, Any, None]]:
        """Return what the connection tells of a request, so that it ends where none may leave."""

        async def told(event: str, _detail: object) -> None:
            if event.endswith(_HEADERS_LEAVE) and self._permit and (why := self._permit()):
                raise self.unavailable(method, path, why)

        return told

    def _text(self, method: str, path: str, reason: str) -> str:
        return self._credentials.hide(f"{self._asked(method, path)}: {reason}")

    def _asked(self, method: str, path: str) -> str:
        return f"{method} {self._client.base_url.join(path)}"


class _Keys(httpx.Auth):
    """Adds the keys as the request leaves, so that no object that is shown or logged has them."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers.update(self._credentials.headers())
        yield request


def _lost_reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "no answer in time"
    return f"the answer was lost ({str(error) or type(error).__name__})"


def root_cause(error: BaseException) -> BaseException:
    """Return the innermost cause that the operating system or TLS named."""
    named: BaseException = error
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            named = cause
        cause = (
            cause.exceptions[0]
            if isinstance(cause, BaseExceptionGroup)
            else cause.__cause__ or cause.__context__
        )
    return named
