"""The processes of a cluster that work the tape: a relay and its shards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.cluster.node_commands import shard_command
from app.cluster.node_process import NodeCommand
from app.cluster.processes import Processes
from cluster.streams.access import Role
from cluster.streams.embedded import EmbeddedServer


@dataclass(frozen=True, slots=True)
class TapeSide:
    """Where the relay listens, and the file with what opens it."""

    relay: str
    keys: Path


async def start_tape_side(
    group: Processes, server: EmbeddedServer, relay: NodeCommand, shards: int, catalog: str
) -> TapeSide:
    """Start a relay, and once it listens so many shards.

    Raises
    ------
    ConfigError, RunError
        The relay cannot run.
    """
    ready = await group.start(relay).ready()
    side = TapeSide(ready["url"], Path(ready["keys"]))
    streams = server.role_address(Role.SHARD)
    for number in range(1, shards + 1):
        name = f"shard-{number}"
        group.start(shard_command(name, side.relay, side.keys, catalog, streams=streams))
    return side
