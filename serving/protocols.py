"""uvicorn's protocols with what they leave open: time to arrive, time to read, a crowd's size."""

from __future__ import annotations

from asyncio import BaseTransport, TimerHandle, Transport
from collections import Counter
from typing import Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from serving.policy import Limits

TRANSPORT = "tradectl.transport"
"""Name under which a websocket's connection is handed to the application."""

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Connection: close\r\nContent-Length: 22\r\nContent-Type: text/plain\r\n\r\n"
    b"too many connections.\n"
)


class Crowd:
    """How many connections a server has, and each address of them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._by_client: Counter[str] = Counter()

    def enter(self, client: str) -> bool:
        """Count a connection; say whether there is room for it."""
        self._by_client[client] += 1
        return (
            self._by_client.total() <= self.limits.connections
            and self._by_client[client] <= self.limits.connections_per_client
        )

    def leave(self, client: str) -> None:
        """Count a connection no more."""
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]


class CountedConfig(uvicorn.Config):
    """What the protocols below find in their server's settings: its limits and its connections."""

    limits: Limits
    crowd: Crowd


class GuardedHttp(H11Protocol):
    """HTTP/1.1 whose requests arrive in time, and whose answers are read.

    uvicorn alone waits for ever: for the first byte, the last header, the rest of a body, and for
    a reader that has stopped reading.
    """

    config: CountedConfig

    def connection_made(self, transport: BaseTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take a connection, if there is room for it."""
        super().connection_made(cast("Transport", transport))
        self._arriving: TimerHandle | None = None
        self._stalled: TimerHandle | None = None
        self._name = self.client[0] if self.client else ""
        self._is_counted = True
        if not self.config.crowd.enter(self._name):
            self.transport.write(_BUSY)
            self.transport.close()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take some bytes of a request."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on to the next request."""
        super().on_response_complete()
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over: it is the websocket's from now on."""
        self._release()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._release()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """See that a reader does not read; give it up if it goes on like that."""
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        """See that a reader reads again."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _watch(self) -> None:
        """Let time run while a request is on its way, and only then."""
        on_its_way = self.conn.their_state in {h11.IDLE, h11.SEND_BODY}
        if on_its_way and self._is_counted:
            if self._arriving is None:
                secs = self.config.limits.request_secs
                self._arriving = self.loop.call_later(secs, self.transport.close)
        elif self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _await_reading(self) -> None:
        left = self.transport.get_write_buffer_size()
        secs = self.config.limits.stalled_secs
        self._stalled = self.loop.call_later(secs, self._give_up, left)

    def _give_up(self, left: int) -> None:
        if self.transport.get_write_buffer_size() >= left:
            self.transport.abort()
        else:
            self._await_reading()

    def _release(self) -> None:
        for timer in (self._arriving, self._stalled):
            if timer is not None:
                timer.cancel()
        self._arriving = self._stalled = None
        if self._is_counted:
            self._is_counted = False
            self.config.crowd.leave(self._name)


class GuardedWebSockets(WebSocketsSansIOProtocol):
    """Websockets that are counted, and whose pings cannot fill the memory of who answers them.

    The application finds the connection in its scope's extensions, under ``TRANSPORT``.
    """

    config: CountedConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pong = b""

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over a connection that was let in as one of HTTP."""
        super().connection_made(transport)
        self._name = self.client[0] if self.client else ""
        self.config.crowd.enter(self._name)

    def handle_connect(self, event: Any) -> None:
        """Take a handshake; the application begins on the loop's next turn."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]  # pyright: ignore[reportTypedDictNotRequiredAccess, reportAssignmentType]
            extensions[TRANSPORT] = self.transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self.config.crowd.leave(self._name)
        super().connection_lost(exc)

    def handle_ping(self) -> None:
        """Answer a ping; while the client reads nothing only the last of them is answered."""
        output = b"".join(self.conn.data_to_send())
        if self.writable.is_set():
            self.transport.write(output)
        else:
            self._pong = output

    def resume_writing(self) -> None:
        """Go on to write to a client that reads again."""
        super().resume_writing()
        pong, self._pong = self._pong, b""
        if pong:
            self.transport.write(pong)
