"""A small application behind the guard, on a free port of this machine, and raw requests to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from serving import GuardedConfig, Limits, Policy, StrictJsonError, admit, listening, strict_object
from tests.simulator.market_data.loopback import AnnouncedServer

TOKEN = "token-of-a-small-server"
ORIGIN = "https://cockpit.example"
LARGE = 64 * 1024 * 1024
PATIENCE_SECS = 60


async def _read(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def _control(request: Request) -> Response:
    try:
        return PlainTextResponse(str(len(strict_object(await request.body()))))
    except StrictJsonError as error:
        return PlainTextResponse(str(error), 422)


async def _large(_: Request) -> Response:
    return Response(b"x" * LARGE)


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            if await websocket.receive_text() == "key":
                admit(websocket)
            await websocket.send_text("heard")
    except WebSocketDisconnect:
        pass


def _application() -> Starlette:
    return Starlette(
        routes=[
            Route("/read", _read, methods=["GET", "POST"]),
            Route("/large", _large),
            Route("/control/turn", _control, methods=["GET", "POST"]),
            WebSocketRoute("/socket", _socket),
        ]
    )


class Guarded:
    """A running server."""

    def __init__(self, port: int, server: AnnouncedServer) -> None:
        self.port = port
        self.server = server

    @property
    def url(self) -> str:
        """Of its websockets."""
        return f"ws://127.0.0.1:{self.port}/socket"

    def connect(self) -> socket.socket:
        """Return a connection on which nothing has been said."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECS)

    def said(self, request: bytes) -> bytes:
        """Send bytes and return all that comes until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            return heard(connection)


def heard(connection: socket.socket) -> bytes:
    """Return what comes until the other side has closed; fail where it does not close."""
    parts: list[bytes] = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@contextmanager
def guarded(**limits: float) -> Iterator[Guarded]:
    """Yield a server with some of the limits of its own."""
    policy = Policy(
        origins=(ORIGIN,),
        control_prefix="/control/",
        control_token=TOKEN,
        limits=Limits(**limits),  # pyright: ignore[reportArgumentType]
    )
    listener = listening("127.0.0.1", 0)
    server = AnnouncedServer(GuardedConfig(_application(), policy))
    thread = Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        server.wait()
        yield Guarded(listener.getsockname()[1], server)
    finally:
        server.should_exit = True
        thread.join()
