"""The trade-updates session: what became of our orders, told without a replay."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import is_loopback
from adapters.alpaca.streams.session import StreamSession
from adapters.alpaca.wire.trading import (
    Authorization,
    Listening,
    StreamFault,
    TradeUpdate,
    TradingMessage,
    read_trading_message,
)
from adapters.transport.kept_socket import KeptSocket, Patience, StreamState
from engine.domain.errors import DataError, VenueRejected, VenueUnavailable

_STREAM = "trade_updates"
_LISTEN: dict[str, object] = {"action": "listen", "data": {"streams": [_STREAM]}}
_WRONG_KEYS = (
    "the keys are not authorized; check APCA_API_KEY_ID and APCA_API_SECRET_KEY; paper and live "
    "have keys of their own"
)


class TradingStream(StreamSession):
    """One connection to an account's trade updates, kept.

    Nothing that happened while it was down is ever told (ALPACA §0.4), so ``on_connected`` is
    called on every connection, before any update of it: reconcile.

    Parameters
    ----------
    url : str
        ``Endpoints.trading_stream``.
    on_update : callable
        Takes each update as it came and its arrival in UTC ns, must return at once. A frame that
        cannot be read is given, too: something was missed, reconcile.
    on_connected : callable
        Takes nothing, must return at once.
    on_state : callable
        Takes each new state.
    clock : callable, optional
        UTC nanoseconds.
    seed : int
        Repeats the jitter of the waits.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        on_update: Callable[[bytes | str, int], None],
        on_connected: Callable[[], None],
        on_state: Callable[[StreamState], None] = lambda _: None,
        patience: Patience | None = None,
        clock: Callable[[], int] = time.time_ns,
        seed: int = 0,
    ) -> None:
        self._credentials = credentials
        self._on_update = on_update
        self._on_connected = on_connected
        self._patience = patience or Patience()
        self._clock = clock
        self._draining = asyncio.Lock()
        self._drained: asyncio.Future[None] | None = None
        super().__init__(
            KeptSocket(
                url,
                hide=credentials.hide,
                serve=self._serve,
                headers={},
                on_loss=self._lost,
                on_state=on_state,
                patience=self._patience,
                clock=clock,
                seed=seed,
                proxied=not is_loopback(url),
            )
        )

    async def drain(self) -> None:
        """Wait until every update that was sent up to now has gone to ``on_update``.

        The server answers in order, so it is asked once more for what it sends already.

        Raises
        ------
        VenueUnavailable
            The connection was lost first.
        """
        async with self._draining:
            await self.live()
            drained = self._drained = asyncio.get_running_loop().create_future()
            try:
                await self._send(_LISTEN)
                await drained
            finally:
                self._drained = None

    def reconnect(self, reason: str) -> None:
        """Give this connection up for another: updates were missed that it should have told."""
        self._socket.abort(reason)

    async def _serve(self) -> None:
        held: list[tuple[bytes | str, int]] = []
        keys = {"key_id": self._credentials.key_id, "secret_key": self._credentials.secret}
        await self._send({"action": "authenticate", "data": keys})
        await self._answer(Authorization, held)
        await self._send(_LISTEN)
        await self._answer(Listening, held)
        self._socket.begin()
        self._on_connected()
        for frame, received_ns in held:
            self._on_update(frame, received_ns)
        while True:
            frame = await self._socket.receive()
            received_ns = self._clock()
            message = _read(frame)
            if message is None:
                self._socket.prove()
                self._on_update(frame, received_ns)
            else:
                self._check(message)

    async def _answer(
        self, wanted: type[TradingMessage], held: list[tuple[bytes | str, int]]
    ) -> None:
        """Wait for an answer; keep the updates that come before it."""
        async with asyncio.timeout(self._patience.reply_secs):
            while True:
                frame = await self._socket.receive()
                message = _read(frame)
                if message is None:
                    held.append((frame, self._clock()))
                    continue
                self._check(message)
                if isinstance(message, wanted):
                    return

    def _lost(self, why: VenueUnavailable) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(why)

    def _check(self, message: TradingMessage) -> None:
        """Raise what ends the connection or the session."""
        match message:
            case Authorization(authorized=False, action="listen"):
                raise self._socket.unavailable("listened before it was authorized")
            case Authorization(authorized=False):
                raise VenueRejected(f"{self._socket.url}: {_WRONG_KEYS}")
            case StreamFault():
                raise self._socket.unavailable(f"the server says: {message.message}")
            case Listening() if _STREAM not in message.streams:
                raise self._socket.unavailable(f"the server does not send {_STREAM}")
            case Listening() if self._drained is not None and not self._drained.done():
                self._drained.set_result(None)
            case _:
                pass

    async def _send(self, message: dict[str, object]) -> None:
        await self._socket.send(msgspec.json.encode(message).decode())


def _read(frame: bytes | str) -> TradingMessage | None:
    """Return what the session is told, None for an update, also for one that cannot be read."""
    try:
        message = read_trading_message(frame)
    except DataError:
        return None
    return None if isinstance(message, TradeUpdate) else message
