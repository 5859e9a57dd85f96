"""What a person asks of the hub about its shards, and whether it came to be."""

from __future__ import annotations

import asyncio
import time

from app.cluster.status import ClusterStatus, cluster_status
from cluster import names
from cluster.coding import packed
from cluster.hub.delegation import asked_slots
from cluster.requests import Drain, Move, Request
from cluster.streams.port import At, Streams
from engine.domain.errors import ConfigError, NotFoundError, RunError


async def drained(streams: Streams, shard: str, wait_secs: float) -> ClusterStatus:
    """Have all slots of a shard moved elsewhere; return how things stand once they are.

    Raises
    ------
    NotFoundError
        No such shard lives.
    RunError
        It has slots after ``wait_secs``: nobody else can take them, or they are still replayed.
    """
    status = await cluster_status(streams)
    _expect(status, shard)
    await _ask(streams, status.run_id, Drain(shard))
    until = time.monotonic() + wait_secs
    while True:
        status = await cluster_status(streams)
        left = _slots_of(status, shard)
        if not left:
            return status
        if time.monotonic() > until:
            raise RunError(
                f"{shard} still works {', '.join(left)} after {wait_secs:g} s: no other shard "
                "takes them, or it is still replaying the day; see 'tradectl cluster status'"
            )
        await asyncio.sleep(0)


async def moved(streams: Streams, letters: str, shard: str, wait_secs: float) -> ClusterStatus:
    """Have slots moved to a shard; return how things stand once it works them.

    Raises
    ------
    ConfigError
        The letters cannot be read, or no slot lies within them.
    NotFoundError
        No such shard lives.
    RunError
        It has not taken them over after ``wait_secs``.
    """
    status = await cluster_status(streams)
    _expect(status, shard)
    all_slots = {slot.slot for each in status.nodes for slot in each.state.slots}
    meant = asked_slots(letters, sorted(all_slots | {*status.unworked}))
    if not meant:
        raise ConfigError(
            f"no slot lies within {letters}, the day is cut into {', '.join(sorted(all_slots))}"
        )
    await _ask(streams, status.run_id, Move(letters, shard))
    until = time.monotonic() + wait_secs
    while True:
        status = await cluster_status(streams)
        lacks = [slot for slot in meant if slot not in _slots_of(status, shard)]
        others = [
            slot
            for each in status.nodes
            if each.state.name != shard and each.is_alive
            for slot in (one.slot for one in each.state.slots)
            if slot in meant
        ]
        if not lacks and not others:
            return status
        if time.monotonic() > until:
            raise RunError(
                f"{shard} has not taken over {', '.join(lacks or others)} after {wait_secs:g} s: "
                "see 'tradectl cluster status'"
            )
        await asyncio.sleep(0)


def _expect(status: ClusterStatus, shard: str) -> None:
    shards = [e.state.name for e in status.nodes if e.state.role == "shard" and e.is_alive]
    if shard not in shards:
        raise NotFoundError(
            f"no shard {shard!r} lives here, there are {', '.join(shards) or 'none'}"
        )


def _slots_of(status: ClusterStatus, shard: str) -> list[str]:
    return [
        slot.slot
        for each in status.nodes
        if each.state.name == shard and each.is_alive
        for slot in each.state.slots
    ]


async def _ask(streams: Streams, run: str, request: Request) -> None:
    """Put a request to a run's hub behind those before."""
    at = At(time.time_ns() // 1_000_000)
    while not await streams.append(names.requests(run), at, packed(request)):
        at = At(at.major + 1)
