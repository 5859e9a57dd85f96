"""The other processes of a rehearsal in cluster form: a relay, shards, and the server between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app.cluster.node_commands import relay_command
from app.cluster.place import ClusterPlace
from app.cluster.processes import Processes, processes
from app.cluster.tape_side import start_tape_side
from app.relay.address import read_address
from cluster.splitting import equal_slots
from cluster.streams.access import Role
from cluster.streams.embedded import EmbeddedServer
from cluster.streams.redis import RedisStreams
from engine.runtime.live import RelayAddress


@dataclass(frozen=True, slots=True)
class Shards:
    """What a hub needs of them."""

    relay: RelayAddress
    place: ClusterPlace
    processes: Processes


@asynccontextmanager
async def shards_at(
    simulator: str, keys: tuple[str, str], feed: str, count: int, catalog: str
) -> AsyncIterator[Shards]:
    """Run a relay of a simulator and so many shards, each a process; all end with the block.

    Parameters
    ----------
    simulator : str
        Its address.
    keys : (str, str)
        Of an account there.
    catalog : str
        Where the days before are.

    Raises
    ------
    ConfigError, RunError
        One of them cannot run.
    """
    with TemporaryDirectory(prefix="tradectl-") as name:
        folder = Path(name)
        with EmbeddedServer(folder / "streams", has_roles=True) as server:
            async with processes(folder, last=["relay"]) as group:
                environment = {
                    "TRADECTL_SIM_URL": simulator,
                    "APCA_API_KEY_ID": keys[0],
                    "APCA_API_SECRET_KEY": keys[1],
                }
                relay = relay_command(
                    "alpaca-sim",
                    feed,
                    "127.0.0.1:0",
                    str(folder / "relay.sqlite"),
                    streams=server.role_address(Role.RELAY),
                    environment=environment,
                )
                side = await start_tape_side(group, server, relay, count, catalog)
                hub = server.role_address(Role.HUB)
                place = ClusterPlace(
                    open=lambda: RedisStreams(hub), shards=count, slots=equal_slots(count)
                )
                yield Shards(read_address(side.relay, side.keys), place, group)
