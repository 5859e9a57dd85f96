"""A whole cluster on this machine: the server between, a relay, shards and a hub, kept running."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cluster.node_commands import hub_command, relay_command
from app.cluster.node_process import NodeCommand
from app.cluster.on_this_machine import RunningCluster, forget, own_start
from app.cluster.processes import Processes, processes
from app.cluster.tape_side import TapeSide, start_tape_side
from cluster.streams.access import Role
from cluster.streams.embedded import EmbeddedServer


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRequest:
    """What was asked for.

    Attributes
    ----------
    venue, feed : str
        Where orders go, and which feed the relay hands on.
    shards : int
    folder : Path
        Of what the processes say, and of the server's data.
    database, catalog : str
    runs : Path
    hub_options : tuple of str
        Further ones of the hub, as typed.
    relay_options : tuple of str
        Further ones of the relay.
    """

    venue: str
    feed: str
    shards: int
    folder: Path
    database: str
    catalog: str
    runs: Path
    hub_options: tuple[str, ...] = ()
    relay_options: tuple[str, ...] = ()


async def cluster_run(
    request: ClusterRequest,
    up: Callable[[RunningCluster, Processes], None],
    stop: asyncio.Event,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any] | None:
    """Keep a cluster running until its day is over or ``stop`` is set.

    Returns
    -------
    dict or None
        What the hub said of the day that is over; None where it was stopped before.

    Raises
    ------
    ConfigError, RunError
        One of its processes cannot run.
    """
    folder = request.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with EmbeddedServer(folder / "streams", has_roles=True) as server:
        async with processes(folder, last=["relay"], say=say) as group:
            relay = relay_command(
                request.venue,
                request.feed,
                f"127.0.0.1:{_free_port()}",
                request.database,
                *request.relay_options,
                streams=server.role_address(Role.RELAY),
            )
            starting = start_tape_side(group, server, relay, request.shards, request.catalog)
            side = await _or_stopped(starting, stop)
            if side is None:
                return None
            hub = group.start(_hub(request, side, server))
            running = RunningCluster(
                pid=os.getpid(),
                started=own_start(),
                redis=server.address.shown,
                password_file=str(server.password_file()),
                relay=side.relay,
                keys=str(side.keys),
                database=request.database,
            )
            running.keep(folder)
            try:
                up(running, group)
                ended = await _or_stopped(group.first_end(["hub"]), stop)
            finally:
                forget(folder)
            return None if ended is None else hub.answer


def _hub(request: ClusterRequest, side: TapeSide, server: EmbeddedServer) -> NodeCommand:
    return hub_command(
        request.shards,
        side.relay,
        side.keys,
        *("--venue", request.venue, "--feed", request.feed),
        *("--database", request.database, "--runs", str(request.runs)),
        *("--catalog", request.catalog),
        *request.hub_options,
        streams=server.role_address(Role.HUB),
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


async def _or_stopped[T](waiting: Awaitable[T], stop: asyncio.Event) -> T | None:
    """Return what is waited for, None where somebody wants the end before."""
    task, stopping = asyncio.ensure_future(waiting), asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for each in (task, stopping):
        if not each.done():
            each.cancel()
    return task.result() if task.done() and not task.cancelled() else None
