"""A websocket server on loopback that plays a scene per connection, in Alpaca's words."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgpack
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from adapters.alpaca.credentials import Credentials
from adapters.transport.kept_socket import Patience

CREDENTIALS = Credentials("PKLOOPBACKLOOPBACK", "very-secret-very-secret-very-secret")
QUICK = Patience(
    open_secs=5,
    reply_secs=5,
    first_retry_secs=0.01,
    longest_retry_secs=0.02,
    auth_retry_secs=0.01,
    check_secs=0.01,
)
SUCCESS = {"T": "success"}


@dataclass
class Peer:
    """The server's end of one connection."""

    socket: ServerConnection
    heard: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_binary(self) -> bool:
        """Whether the client asked for msgpack."""
        request = self.socket.request
        return request is not None and request.headers.get("Content-Type") == "application/msgpack"

    def encode(self, message: object) -> bytes | str:
        """Return a message in the client's codec."""
        packed = msgpack.packb(message, datetime=True)
        return packed if self.is_binary and packed else json.dumps(message, default=_text)

    async def send(self, *messages: object) -> None:
        """Send one array of messages."""
        await self.socket.send(self.encode(list(messages)))

    async def receive(self) -> dict[str, Any]:
        """Return the client's next message."""
        frame = await self.socket.recv()
        message = msgpack.unpackb(frame) if isinstance(frame, bytes) else json.loads(frame)
        self.heard.append(message)
        return message

    async def welcome(self) -> None:
        """Let the client in."""
        await self.send({**SUCCESS, "msg": "connected"})
        asked = await self.receive()
        assert asked == {"action": "auth", "key": CREDENTIALS.key_id, "secret": CREDENTIALS.secret}
        await self.send({**SUCCESS, "msg": "authenticated"})

    async def acknowledge(self) -> dict[str, Any]:
        """Answer a subscription with exactly what was asked for; return it."""
        asked = await self.receive()
        channels = {name: symbols for name, symbols in asked.items() if name != "action"}
        await self.send({"T": "subscription", **channels})
        return asked

    async def begin(self) -> dict[str, Any]:
        """Go through the whole handshake; return the subscription."""
        await self.welcome()
        return await self.acknowledge()

    async def stay(self) -> None:
        """Say nothing until the client leaves."""
        await self.socket.wait_closed()


type Scene = Callable[[Peer], Awaitable[object]]


@dataclass
class Stage:
    """A running server: its address and everybody who came."""

    url: str
    peers: list[Peer]


@asynccontextmanager
async def stage(
    *scenes: Scene,
    gate: Callable[[ServerConnection, Request], Response | None] | None = None,
    compression: str | None = "deflate",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Stage]:
    """Serve one scene per connection, in order, the last one to all that follow."""
    peers: list[Peer] = []
    failures: list[BaseException] = []

    async def play(socket: ServerConnection) -> None:
        peer = Peer(socket)
        peers.append(peer)
        try:
            await scenes[min(len(peers), len(scenes)) - 1](peer)
        except ConnectionClosed:
            pass
        except BaseException as error:
            failures.append(error)
            raise

    async with serve(
        play,
        "127.0.0.1",
        0,
        process_request=gate,
        compression=compression,
        close_timeout=1,
        ssl=tls,
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield Stage(f"ws{'s' if tls else ''}://127.0.0.1:{port}/v2/test", peers)
    assert not failures, failures


@asynccontextmanager
async def plain_server() -> AsyncIterator[int]:
    """Answer whatever comes with an HTTP error in the clear; yield the port."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def running(session: Any) -> AsyncIterator[asyncio.Task[None]]:
    """Run a session while the body runs, then close it."""
    task = asyncio.create_task(session.run())
    try:
        yield task
    finally:
        await session.close()
        with suppress(Exception):
            await task


async def until(condition: Callable[[], object]) -> None:
    """Wait until something has happened, at most two minutes."""
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.002)


def _text(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z")
