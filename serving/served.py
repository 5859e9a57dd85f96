"""One server from the moment it listens to its end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import uvicorn

from engine.domain.errors import RunError
from serving.server_config import GuardedConfig


class _Unsignalled(uvicorn.Server):
    """uvicorn where somebody else takes the signals."""

    def capture_signals(self) -> AbstractContextManager[None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take none."""
        return nullcontext()


async def served(
    config: GuardedConfig,
    listener: socket.socket,
    ready: Callable[[str, int], None],
    *,
    takes_signals: bool = True,
) -> None:
    """Serve until the process is signalled to end, or the task is cancelled.

    Parameters
    ----------
    ready : callable
        Takes host and port once requests are answered.

    Raises
    ------
    RunError
        The server did not start.
    """
    host, port = listener.getsockname()[:2]
    server = (uvicorn.Server if takes_signals else _Unsignalled)(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110  (uvicorn has no event)
            await asyncio.sleep(0.01)
        if server.started:
            ready(host, port)
        await serving
    finally:
        serving.cancel()
    if not server.started:
        raise RunError("the server did not start: the log says why")
