"""Its one port."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from ipaddress import ip_address

import uvicorn
from starlette.types import ASGIApp

from engine.domain.errors import ConfigError, RunError
from serving import GuardedConfig, Policy
from simulator.server.streams.wire_protocol import CuttableWebSockets

DEFAULT_PORT = 8765
CONTROL_PREFIX = "/sim/"

_NAME = "simulator: "

_log = logging.getLogger("tradectl.simulator")


def listening(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """Return a socket that listens.

    Parameters
    ----------
    port : int
        0 for a free one.
    anywhere : bool
        Whether an address that other machines reach is meant.

    Raises
    ------
    ConfigError
        The address is not this machine's loopback, or is taken.
    """
    try:
        is_loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        raise ConfigError(f"{host!r} is no address; write 127.0.0.1") from None
    if not is_loopback and not anywhere:
        raise ConfigError(
            f"{host} can be reached by other machines, which may try keys and see yours in the "
            "clear; use 127.0.0.1, or say --listen-anyway"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP, or asyncio leaves Nagle's delay on: 40 ms for each small message
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another port with --port, "
            "0 for a free one"
        ) from error
    listener.listen(128)
    return listener


def serve(
    app: ASGIApp, listener: socket.socket, ready: Callable[[str], None], policy: Policy
) -> None:
    """Serve until the process is told to stop; ``ready`` is told the URL.

    Raises
    ------
    RunError
        The server did not start.
    """
    host, port = listener.getsockname()[:2]
    server = uvicorn.Server(config(app, policy))

    async def run() -> None:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not serving.done():  # noqa: ASYNC110  (uvicorn has no event)
            await asyncio.sleep(0.01)
        if server.started:
            ready(f"http://{host}:{port}")
            _log.info("simulator: listens on %s:%s; this is no real venue", host, port)
        await serving
        if not server.started:
            raise RunError("the simulator's server did not start: the log says why")

    asyncio.run(run())


class _Named(logging.Filter):
    """Puts what this is before every line that the server writes."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(_NAME):
            record.msg = f"{_NAME}{record.msg}"
        return True


def config(app: ASGIApp, policy: Policy) -> GuardedConfig:
    """Return how the application is served: guarded, and named a simulator in all it says."""
    for name in ("uvicorn.error", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Named) for each in logger.filters):
            logger.addFilter(_Named())
    return GuardedConfig(
        app,
        policy,
        websockets=CuttableWebSockets,
        headers=[("Server", "tradectl-simulator"), ("X-Simulator", "tradectl")],
    )
