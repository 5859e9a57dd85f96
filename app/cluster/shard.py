"""A shard from its start to its end: slots of the alphabet, worked on a hub's word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from app.cluster.shard_host import ShardHost
from app.cluster.shard_post import ShardPost
from app.markets import relay_tape
from cluster import names
from cluster.node_state import SlotState
from cluster.outbox import Outbox
from cluster.slots import slots_of
from cluster.streams.port import Streams
from engine.domain.errors import RunError, StreamsUnavailable, VenueError
from engine.domain.first_cause import FirstCause
from engine.domain.parameters import Parameters
from engine.domain.session import day_of, session, sessions
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.relay_tape import TapeActor, TapePassage
from engine.runtime.live.node import tape_node
from engine.runtime.live.venue_account import RelayAddress
from engine.signals.compiled import load_compiled

if TYPE_CHECKING:
    from app.runs.start_wait import StartWait
    from catalog import Catalog

DRAIN_SECS = 12.0
"""How long other shards may take to go on with our slots before we end."""
_SENT_SECS = 2.0
"""How long the last reports may take to be sent."""
_LOOK_SECS = 0.1

_LONGEST_BREAK = 14
"""Days without a session."""

_RELAY = "relay"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRequest:
    """What was asked for.

    Attributes
    ----------
    name : str
        Under which the hub gives it slots; unique in a cluster.
    letters : str
        Slots as typed, or ``auto``.
    relay : RelayAddress
    open : callable
        Returns the streams between hub and shards.
    catalog : Catalog or None
        Holds what was known before a day.
    wait : StartWait
        For how long relay and streams that are down at the start are waited for.
    """

    name: str
    letters: str
    relay: RelayAddress
    open: Callable[[], Streams]
    catalog: Catalog | None
    wait: StartWait


class ShardReady(msgspec.Struct, frozen=True):
    """A shard that listens to its hub."""

    name: str
    letters: str
    relay: str


class ShardEnd(msgspec.Struct, frozen=True):
    """How a shard ended: ``slots`` are those that nobody had taken over."""

    name: str
    slots: tuple[str, ...]


async def shard_run(
    request: ShardRequest, ready: Callable[[ShardReady], None], stop: asyncio.Event
) -> ShardEnd:
    """Work slots until ``stop`` is set and others have gone on with them.

    Parameters
    ----------
    ready : callable
        Hears once that it listens to its hub.

    Raises
    ------
    ConfigError
        The letters cannot be read.
    VenueError
        The relay refuses the key, or is not there for as long as was asked for.
    StreamsUnavailable
        The server between hub and shards is not there for so long.
    RunError
        A handler failed.
    """
    slots_of(request.letters)
    streams = request.open()
    failures, passage, refused = Failures(), TapePassage(), list[VenueError]()
    try:
        async with Outbox(streams) as outbox:

            def post(slots: Callable[[], tuple[SlotState, ...]]) -> ShardPost:
                return ShardPost(streams, outbox, request.name, request.letters, slots)

            host = ShardHost(streams, request.name, request.catalog, post)
            actor = TapeActor(host, passage, failures)

            def on_state(reason: str) -> None:
                if reason:
                    host.post.issues[_RELAY] = reason
                else:
                    host.post.issues.pop(_RELAY, None)

            tape = relay_tape(request.relay, passage, on_state, refused.append)
            host.tape = tape.groups
            await request.wait.reached_soon(tape.groups.greet)
            await request.wait.reached_soon(lambda: streams.get(names.HUB))
            _load()
            node = tape_node(tape.name, tape.data_client(), actor)
            handle = node.handle()
            running = asyncio.ensure_future(node.run_async())
            cause = FirstCause()
            tasks: list[asyncio.Task[None]] = []
            try:
                await _begun(actor, running)
                tasks += map(asyncio.ensure_future, (host.follow(), host.post.keep_telling()))
                ready(ShardReady(request.name, request.letters, request.relay.url))
                await _until_stopped(stop, [running, *tasks], failures, refused)
                await _drain(host, failures)
            except BaseException as error:  # noqa: BLE001  (raised below, once all has ended)
                cause.take(error, "the shard")
            left = tuple(each.slot for each in host.slots)
            with cause.kept("the stop of the node"):
                handle.stop()
                await running
                node.dispose()
            with cause.kept("the end of what it says"):
                await _say_last(host, outbox, tasks)
            if (failure := failures.first()) is not None:
                cause.precede(failure, "a handler")
            cause.raise_it()
            return ShardEnd(request.name, left)
    finally:
        await streams.close()


def _load() -> None:
    """Have ready what is compiled, so that the first bucket does not wait for it."""
    today = day_of(time.time_ns())
    last = sessions(today - timedelta(days=_LONGEST_BREAK), today)[-1]
    load_compiled(Parameters(), session(last))


async def _begun(actor: TapeActor, running: asyncio.Future[None]) -> None:
    """Wait until the node listens.

    Raises
    ------
    RunError
        It could not start.
    """
    listening = asyncio.ensure_future(actor.begun.wait())
    await asyncio.wait({listening, running}, return_when=asyncio.FIRST_COMPLETED)
    if not actor.begun.is_set():
        listening.cancel()
        raise RunError("the node of the shard could not start; start the same command again")


async def _until_stopped(
    stop: asyncio.Event,
    tasks: list[asyncio.Future[None]],
    failures: Failures,
    refused: list[VenueError],
) -> None:
    """Wait until somebody wants the end, or something has ended by itself."""
    stopping = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            await asyncio.wait(
                {stopping, *tasks}, timeout=_LOOK_SECS, return_when=asyncio.FIRST_COMPLETED
            )
            failures.raise_first()
            if refused:
                raise refused[0]
            for task in tasks:
                if task.done():
                    task.result()
                    raise RunError("a part of the shard has ended by itself")
    finally:
        stopping.cancel()


async def _drain(host: ShardHost, failures: Failures) -> None:
    """Want to be rid of the slots, and wait a while until others have gone on with them."""
    host.post.is_draining = True
    try:
        await host.post.say()
    except StreamsUnavailable:
        return
    ends = time.monotonic() + DRAIN_SECS
    while host.slots and time.monotonic() < ends and not failures:  # noqa: ASYNC110  (orders have no event)
        await asyncio.sleep(_LOOK_SECS)


async def _say_last(host: ShardHost, outbox: Outbox, tasks: list[asyncio.Task[None]]) -> None:
    """Have sent what was told, and end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    host.end()
    try:
        async with asyncio.timeout(_SENT_SECS):
            await outbox.drained()
            await host.post.say()
    except (TimeoutError, StreamsUnavailable):
        pass
