"""A websocket that is kept: opened, served, and opened again after every loss."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import StrEnum

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from adapters.transport.backoff import Backoff
from adapters.transport.connection import open_socket
from engine.domain.errors import VenueRejected, VenueUnavailable

_log = logging.getLogger(__name__)


class Phase(StrEnum):
    """Where a session stands."""

    CONNECTING = "connecting"
    LIVE = "live"
    WAITING = "waiting"
    REFUSED = "refused"
    CLOSED = "closed"


class StreamState(msgspec.Struct, frozen=True):
    """A session's phase since an instant (UTC ns), and why when it is not live."""

    phase: Phase
    since_ns: int
    reason: str = ""


class Patience(msgspec.Struct, frozen=True):
    """How long a session waits for what, in seconds.

    ``auth_retries`` is how often a connection that another session blocks is asked again before
    it is given up; the n-th time after ``n · auth_retry_secs``.
    """

    open_secs: float = 10
    reply_secs: float = 10
    ping_secs: float = 10
    pong_secs: float = 30
    first_retry_secs: float = 0.5
    longest_retry_secs: float = 30
    auth_retry_secs: float = 0.5
    auth_retries: int = 15
    check_secs: float = 1


class KeptSocket:
    """One websocket of one protocol, which ``serve`` speaks on each new connection in turn.

    Parameters
    ----------
    hide : callable
        Takes secrets out of a text that is shown or kept.
    serve : callable
        Speaks the protocol until the connection ends. It calls ``begin`` when its handshake is
        done, raises ``VenueUnavailable`` to have another connection and ``VenueRejected`` to end.
    on_loss : callable
        Takes why the connection is gone, before the next attempt.
    on_state : callable
        Takes each new state.
    proxied : bool
        Whether the environment's proxies are asked; what is on this machine is reached without.
    compresses : bool
        Whether compression is offered: it saves the network's time and costs both ends theirs.
    """

    def __init__(
        self,
        url: str,
        *,
        hide: Callable[[str], str],
        serve: Callable[[], Awaitable[None]],
        headers: Mapping[str, str],
        on_loss: Callable[[VenueUnavailable], None],
        on_state: Callable[[StreamState], None],
        patience: Patience,
        clock: Callable[[], int] = time.time_ns,
        seed: int = 0,
        proxied: bool = True,
        compresses: bool = True,
    ) -> None:
        self.url = url
        self._hide = hide
        self._proxied = proxied
        self._serve = serve
        self._headers = headers
        self._on_loss = on_loss
        self._on_state = on_state
        self._patience = patience
        self._clock = clock
        self._compresses = compresses
        self._backoff = Backoff(patience.first_retry_secs, patience.longest_retry_secs, seed)
        self._socket: ClientConnection | None = None
        self._live = asyncio.Event()
        self._closing = asyncio.Event()
        self._refusal: VenueRejected | None = None
        self._abort_reason = ""
        self._live_at: float | None = None
        self.state = StreamState(Phase.CLOSED, clock())

    @property
    def is_live(self) -> bool:
        """Whether the handshake is done and the connection was not lost since."""
        return self._live.is_set()

    async def run(self) -> None:
        """Keep the connection until ``close``, or raise the ``VenueRejected`` that ends it."""
        try:
            while not self._closing.is_set():
                try:
                    await self._connection()
                except VenueUnavailable as error:
                    self._lose(error)
                    await self._wait_before_retry(str(error))
        except VenueRejected as error:
            self._refusal = error
            self._lose(VenueUnavailable(str(error)))
            self.tell(Phase.REFUSED, str(error))
            raise
        finally:
            if self._refusal is None:
                self._closing.set()
                self._lose(self.unavailable("closed"))
                self.tell(Phase.CLOSED)
            self._live.set()

    async def close(self) -> None:
        """End the session; ``run`` returns."""
        self._closing.set()
        if self._socket is not None:
            await self._socket.close()

    def begin(self) -> None:
        """Be live: the handshake is done."""
        self._live_at = asyncio.get_running_loop().time()
        self.tell(Phase.LIVE)
        self._live.set()

    async def live(self) -> None:
        """Wait until the session is live.

        Raises
        ------
        VenueRejected, VenueUnavailable
            It was refused, or closed.
        """
        await self._live.wait()
        if self._refusal is not None:
            raise self._refusal
        if self._closing.is_set():
            raise self.unavailable("closed")

    def abort(self, reason: str) -> None:
        """Cut the connection off without a word, for a reason; another one is opened."""
        if self._socket is not None:
            self._live.clear()
            self._abort_reason = reason
            self._socket.transport.abort()

    def prove(self) -> None:
        """Note that the connection is good: the next wait after a loss is the shortest.

        One that was live for longer than the longest wait needs no further proof.
        """
        self._backoff.reset()

    async def send(self, message: bytes | str) -> None:
        """Send one message, bytes as a binary and text as a text frame."""
        if self._socket is None:
            raise self.unavailable("not connected")
        try:
            await self._socket.send(message)
        except ConnectionClosed as error:
            raise self.unavailable(self._closed_reason(error)) from error

    async def receive(self) -> bytes | str:
        """Return the next message, put together from its fragments and unpacked."""
        if self._socket is None:
            raise self.unavailable("not connected")
        try:
            return await self._socket.recv()
        except ConnectionClosed as error:
            raise self.unavailable(self._closed_reason(error)) from error

    async def pause(self, secs: float) -> None:
        """Wait, or less when the session is closed meanwhile."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), secs)

    def unavailable(self, reason: str) -> VenueUnavailable:
        """Return a failure of this connection."""
        return VenueUnavailable(self._hide(f"{self.url}: {reason}"))

    def tell(self, phase: Phase, reason: str = "") -> None:
        """Be in a phase and tell it."""
        self.state = StreamState(phase, self._clock(), reason)
        if reason:
            _log.log(logging.ERROR if phase is Phase.REFUSED else logging.WARNING, reason)
        self._on_state(self.state)

    async def _connection(self) -> None:
        self.tell(Phase.CONNECTING)
        self._abort_reason = ""
        self._socket = await open_socket(
            self.url,
            headers=self._headers,
            open_secs=self._patience.open_secs,
            ping_secs=self._patience.ping_secs,
            pong_secs=self._patience.pong_secs,
            proxied=self._proxied,
            compresses=self._compresses,
        )
        try:
            if not self._closing.is_set():
                await self._serve()
        except TimeoutError as error:
            waited = f"no reply within {self._patience.reply_secs:g} s"
            raise self.unavailable(waited) from error
        finally:
            self._socket.transport.abort()
            self._socket = None

    def _lose(self, why: VenueUnavailable) -> None:
        self._live.clear()
        if self._live_at is not None:
            lived_secs = asyncio.get_running_loop().time() - self._live_at
            self._live_at = None
            if lived_secs > self._patience.longest_retry_secs:
                self.prove()
        self._on_loss(why)

    async def _wait_before_retry(self, reason: str) -> None:
        if not self._closing.is_set():
            wait_secs = self._backoff.next_secs()
            self.tell(Phase.WAITING, f"{reason}; next attempt in {wait_secs:.1f} s")
            await self.pause(wait_secs)

    def _closed_reason(self, error: ConnectionClosed) -> str:
        if self._abort_reason:
            return self._abort_reason
        close = error.rcvd or error.sent
        return f"closed with {close.code} {close.reason}".rstrip() if close else "cut off"
