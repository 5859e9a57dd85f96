"""How a cluster is: every process, the slots of every shard, and what nobody takes."""

from __future__ import annotations

import asyncio
import time
from importlib.metadata import version
from typing import Any

import msgspec

from cluster import names
from cluster.coding import unpacked_claim, unpacked_setup
from cluster.day_setup import HubClaim
from cluster.hub.nodes import Nodes
from cluster.hub.versions import Versions
from cluster.node_state import BEAT_SECS, NodeState
from cluster.streams.port import Streams
from engine.domain.errors import DataError

_LISTEN_SECS = 3 * BEAT_SECS


class NodeSeen(msgspec.Struct, frozen=True):
    """A process, and whether it has said anything new while it was looked at."""

    state: NodeState
    is_alive: bool


class ClusterStatus(msgspec.Struct, frozen=True):
    """A cluster as it says itself.

    Attributes
    ----------
    run_id, epoch : str, int
        Of the hub in charge; empty and 0 before the first.
    nodes : tuple of NodeSeen
        Hub first, then relay and shards by name.
    unworked : tuple of str
        Slots that no living shard reports of.
    issues : tuple of str
        What is wrong, in sentences.
    """

    run_id: str
    epoch: int
    nodes: tuple[NodeSeen, ...]
    unworked: tuple[str, ...]
    issues: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        return msgspec.to_builtins(self)


_ORDER = {"hub": 0, "relay": 1, "shard": 2}


async def cluster_status(streams: Streams) -> ClusterStatus:
    """Listen to all processes for a moment.

    Raises
    ------
    StreamsUnavailable
        The server between them does not answer.
    """
    ours = version("tradectl")
    wrong: list[str] = []
    claim = await _claim(streams, wrong)
    has_begun = claim is not None or bool(wrong)
    versions = Versions(claim.version if claim else ours)
    nodes = Nodes()
    until = time.monotonic() + _LISTEN_SECS
    nodes.hear(versions.read(await streams.found(names.NODES)), 0)
    before = {state.name: (state.life, state.beat) for state, _ in nodes.all(0)}
    while time.monotonic() < until:
        await asyncio.sleep(BEAT_SECS / 2)
        nodes.hear(versions.read(await streams.found(names.NODES)), 1)
    seen = [
        NodeSeen(state, (state.life, state.beat) != before.get(state.name))
        for state, _ in nodes.all(1)
    ]
    versions.agreeing(each.state for each in seen if each.is_alive)
    wrong += [f"{name}: {why}" for name, why in versions.refused.items()]
    if claim and claim.version != ours:
        wrong.append(f"the hub runs tradectl {claim.version}, this is {ours}")
    seen.sort(key=lambda each: (_ORDER.get(each.state.role, len(_ORDER)), each.state.name))
    slots = await _slots(streams, claim, wrong)
    worked = {slot.slot for each in seen if each.is_alive for slot in each.state.slots}
    unworked = tuple(name for name in slots if name not in worked)
    return ClusterStatus(
        claim.run_id if claim else "",
        claim.epoch if claim else 0,
        tuple(seen),
        unworked,
        (*wrong, *_issues(seen, unworked, has_begun=has_begun)),
    )


def _issues(seen: list[NodeSeen], unworked: tuple[str, ...], *, has_begun: bool) -> list[str]:
    found = [f"{each.state.name} says nothing any more" for each in seen if not each.is_alive]
    if not has_begun:
        found.append("no hub has begun a day here")
    elif not any(each.is_alive and each.state.role == "hub" for each in seen):
        found.append("no hub is in charge: start one with 'tradectl live --role hub'")
    if unworked:
        found.append(f"no shard works {', '.join(unworked)}: start one for these letters")
    for each in seen:
        if each.is_alive:
            found += [
                f"{each.state.name}: {what}: {why}" for what, why in each.state.issues.items()
            ]
    return found


async def _claim(streams: Streams, wrong: list[str]) -> HubClaim | None:
    """Return which hub is in charge; one of another version is none, and added to what is wrong."""
    data = await streams.get(names.HUB)
    try:
        return None if data is None else unpacked_claim(data)
    except DataError as error:
        wrong.append(f"hub: {error}")
        return None


async def _slots(streams: Streams, claim: HubClaim | None, wrong: list[str]) -> tuple[str, ...]:
    data = None
    if claim is not None:
        data = await streams.get(names.setup(claim.run_id, claim.epoch))
    try:
        return () if data is None else unpacked_setup(data).slots
    except DataError as error:
        wrong.append(f"hub: {error}")
        return ()
