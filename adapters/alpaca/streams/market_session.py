"""The part of a market-data session that is the same at a venue and at a relay: its handshake."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import msgspec

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import is_loopback
from adapters.alpaca.streams.errors import Remedy, advice, remedy
from adapters.alpaca.streams.session import StreamSession
from adapters.alpaca.wire.market import FrameDecoder
from adapters.alpaca.wire.market_messages import Authenticated, Connected, Control, StreamError
from adapters.transport.kept_socket import KeptSocket, Patience, Phase, StreamState
from engine.domain.errors import ConfigError, DataError, VenueRejected, VenueUnavailable

_CONTENT_TYPES = {"msgpack": "application/msgpack", "json": "application/json"}
_AUTH_FAILED, _CONNECTION_LIMIT = 402, 406
_MOST_AUTH_WAITS = 10


class MarketSession(StreamSession):
    """One kept connection that speaks the market-data protocol; a subclass subscribes and reads.

    Parameters
    ----------
    url : str
        See ``Endpoints.feed_url``.
    serve : callable
        See ``KeptSocket``; begins with ``_authenticate``.
    on_loss, on_state, seed, compresses
        See ``KeptSocket``.
    codec : {"msgpack", "json"}
        Of both directions.
    clock : callable
        UTC nanoseconds.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        serve: Callable[[], Awaitable[None]],
        on_loss: Callable[[VenueUnavailable], None],
        on_state: Callable[[StreamState], None],
        codec: str,
        patience: Patience | None,
        clock: Callable[[], int],
        seed: int,
        compresses: bool,
    ) -> None:
        if codec not in _CONTENT_TYPES:
            raise ConfigError(f"codec is {codec!r}, expected one of {', '.join(_CONTENT_TYPES)}")
        self._credentials = credentials
        self._is_binary = codec == "msgpack"
        self._patience = patience or Patience()
        self._clock = clock
        self._control_decoder = FrameDecoder()
        super().__init__(
            KeptSocket(
                url,
                hide=credentials.hide,
                serve=serve,
                headers={"Content-Type": _CONTENT_TYPES[codec]},
                on_loss=on_loss,
                on_state=on_state,
                patience=self._patience,
                clock=clock,
                seed=seed,
                proxied=not is_loopback(url),
                compresses=compresses,
            )
        )

    async def _authenticate(self) -> None:
        """Go through the handshake; a connection limit is asked again on the same socket."""
        await self._reply(Connected)
        keys = {"key": self._credentials.key_id, "secret": self._credentials.secret}
        for attempt in range(1, self._patience.auth_retries + 2):
            await self._send({"action": "auth", **keys})
            error = await self._reply(Authenticated)
            if error is None:
                return
            self._socket.tell(Phase.CONNECTING, self._error_text(error))
            await self._socket.pause(
                self._patience.auth_retry_secs * min(attempt, _MOST_AUTH_WAITS)
            )
        raise self._socket.unavailable(advice(_CONNECTION_LIMIT))

    async def _reply(self, wanted: type[Control]) -> StreamError | None:
        """Wait for a control message; return a connection limit, raise what ends the connection."""
        async with asyncio.timeout(self._patience.reply_secs):
            while True:
                for control in self._controls(await self._socket.receive()):
                    if isinstance(control, wanted):
                        return None
                    if isinstance(control, StreamError):
                        what = remedy(control.code)
                        if what is Remedy.AUTHENTICATE:
                            return control
                        if what is not Remedy.IGNORE:
                            raise self._failure(control)
                        return None

    async def _send(self, message: dict[str, object]) -> None:
        if self._is_binary:
            await self._socket.send(msgspec.msgpack.encode(message))
        else:
            await self._socket.send(msgspec.json.encode(message).decode())

    def _controls(self, frame: bytes | str) -> Iterable[Control]:
        try:
            return self._control_decoder.decode(frame, self._clock()).control
        except DataError as error:
            raise self._socket.unavailable(str(error)) from error

    def _failure(self, error: StreamError) -> VenueRejected | VenueUnavailable:
        """Return what an error means for the connection."""
        if remedy(error.code) in {Remedy.STOP, Remedy.REFUSE}:
            return VenueRejected(self._error_text(error), code=error.code)
        return VenueUnavailable(self._error_text(error))

    def _error_text(self, error: StreamError) -> str:
        what = advice(error.code)
        if error.code == _AUTH_FAILED:
            what = f"check {self._credentials.origin}"
        text = f"{self._socket.url}: error {error.code} {error.message}; {what}"
        return self._credentials.hide(text)
