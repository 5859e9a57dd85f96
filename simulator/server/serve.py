"""Its one port."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from starlette.types import ASGIApp

from serving import GuardedConfig, Policy, served

DEFAULT_PORT = 8765
CONTROL_PREFIX = "/sim/"

_NAME = "simulator: "

_log = logging.getLogger("tradectl.simulator")


def serve(
    app: ASGIApp, listener: socket.socket, ready: Callable[[str], None], policy: Policy
) -> None:
    """Serve until the process is told to stop; ``ready`` is told the URL.

    Raises
    ------
    RunError
        The server did not start.
    """

    def listens(host: str, port: int) -> None:
        ready(f"http://{host}:{port}")
        _log.info("simulator: listens on %s:%s; this is no real venue", host, port)

    asyncio.run(served(config(app, policy), listener, listens))


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
        headers=[("Server", "tradectl-simulator"), ("X-Simulator", "tradectl")],
    )
