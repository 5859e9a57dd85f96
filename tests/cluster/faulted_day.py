"""A day traded by a cluster of real processes while its parts are killed, stopped and emptied.

Time is granted step by step, so that a fault costs no market time: whatever happened, the day must
have the digests of a backtest. The venue alone says whether a share was ever unprotected.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any

import redis

from cluster.coding import packed, unpacked_node
from cluster.names import NODES, requests
from cluster.node_state import NodeState
from cluster.requests import Drain, Move
from cluster.streams.address import PASSWORD_VARIABLE
from cluster.streams.embedded import EmbeddedServer
from engine.domain.session import NANOS_PER_SECOND, session
from tests.forked_processes import Child, ForkedProcesses
from tests.resume.oracle import lasting, sent_twice, trades
from tests.resume.venue import KEYS, Venue

BUCKET_SECS = 60
SETTINGS = (
    f"bucket_seconds={BUCKET_SECS}",
    "bucket_ttl=20000",
    "max_hold_seconds=300",
    "letters_per_shard=5",
)
PATIENCE_SECS = 240
_STOPPED_SECS = 2.5
_LOOK_SECS = 0.02


class Fault(StrEnum):
    """What befalls a part."""

    KILL_SHARD = "a shard is killed"
    STOP_SHARD = "a shard is stopped for some seconds"
    KILL_RELAY = "the relay is killed"
    STOP_RELAY = "the relay is stopped for some seconds"
    KILL_HUB = "the hub is killed"
    STOP_HUB = "the hub is stopped for some seconds"
    KILL_STREAMS = "the server between is killed"
    STOP_STREAMS = "the server between is stopped for some seconds"
    EMPTY_STREAMS = "the server between is emptied"
    DRAIN = "a shard is drained"
    MOVE = "a letter is moved"
    MOVE_CUT = "a letter is moved, and its new shard killed"


@dataclass(frozen=True, slots=True)
class Blow:
    """A fault at a bucket of the day, counted from its first."""

    bucket: int
    fault: Fault
    shard: int


def drawn(seed: int, count: int, buckets: int, shards: int) -> list[Blow]:
    """Return random faults in order of the day; each kind once before any comes twice.

    The relay is not killed here: the prints that it missed are fetched, but no venue sends the
    quotes of a gap again, so a candidate may carry an older one than in one process.
    """
    chance = Random(seed)
    kinds = [fault for fault in Fault if fault is not Fault.KILL_RELAY]
    chance.shuffle(kinds)
    faults = [kinds[number % len(kinds)] for number in range(count)]
    at = sorted(chance.randrange(2, buckets - 8) for _ in faults)
    return [
        Blow(bucket, fault, chance.randint(1, shards))
        for bucket, fault in zip(at, faults, strict=True)
    ]


@dataclass
class FaultedDay:
    """The processes of one cluster, and what is done to them.

    Parameters
    ----------
    venue : Venue
        A simulator that grants time.
    market : Path
        Catalog of the day.
    words : sequence of str
        Further options of the hub.
    settings : sequence of str
        Its parameters beside those.
    moved : str
        The slot that is moved.
    letters : sequence of str
        What each shard is started for; none for what the hub gives it.
    """

    nursery: ForkedProcesses
    folder: Path
    venue: Venue
    market: Path
    day: date
    shards: int
    words: Sequence[str] = ()
    settings: Sequence[str] = SETTINGS
    moved: str = "A-E"
    letters: Sequence[str] = ()
    struck: list[Blow] = field(default_factory=list[Blow])
    children: dict[str, Child] = field(default_factory=dict[str, Child])
    commands: dict[str, tuple[list[str], dict[str, str]]] = field(default_factory=dict)

    async def run(self, blows: Sequence[Blow]) -> dict[str, Any]:
        """Trade the day under blows and return what the hub said of it in the end."""
        async with self._whole() as keep:
            for blow in blows:
                await self._reach(session(self.day).open_ns + blow.bucket * _width())
                await self._strike(blow)
                self.struck.append(blow)
            return await self._until(self._ended, "the end of the day", keep)

    def findings(self) -> list[str]:
        """Return what the venue holds against the day: orders sent twice, shares without a stop."""
        found = [
            f"{name} was sent twice: {ids}" for name, ids in sent_twice(self.venue.orders()).items()
        ]
        kept = trades(self.venue.orders(), self.venue.groups(), self.venue.fills())
        for trade in kept:
            long = lasting(trade.unprotected(self.venue.now), [])
            found += [
                f"{trade.entry['symbol']} was unprotected for {ns} ns"
                for ns in long
                if ns > _width()
            ]
        found += [f"{each['symbol']} is held after the day" for each in self.venue.positions()]
        return found

    @asynccontextmanager
    async def _whole(self) -> AsyncIterator[Callable[[], None]]:
        """Start all parts; end them with the block. Yields what starts again whoever has ended."""
        self.server = EmbeddedServer(self.folder / "streams", port=0)
        self.server.start()
        try:
            port = _free_port()
            broker = {
                "TRADECTL_SIM_URL": self.venue.url,
                "APCA_API_KEY_ID": KEYS[0],
                "APCA_API_SECRET_KEY": KEYS[1],
            }
            between = {PASSWORD_VARIABLE: self.server.address.password}
            database = str(self.folder / "facts.sqlite")
            relay = f"ws://127.0.0.1:{port}"
            heard = ("--relay", relay, "--relay-keys", str(self.folder / "spool" / "relay.keys"))
            redis_at = ("--redis", self.server.address.shown)
            self.commands["relay"] = (
                ["live", "--role", "relay", "--json", "--venue", "alpaca-sim", "--feed", "sip",
                 "--listen", f"127.0.0.1:{port}", "--database", database, *redis_at],
                broker | between,
            )  # fmt: skip
            for number in range(1, self.shards + 1):
                name = f"shard-{number}"
                own = ("--letters", self.letters[number - 1]) if self.letters else ()
                self.commands[name] = (
                    ["live", "--role", "shard", "--json", "--name", name, *own, *heard, *redis_at],
                    between,
                )
            settings = [word for each in self.settings for word in ("--set", each)]
            self.commands["hub"] = (
                ["live", "--role", "hub", "--json", "--no-view", "--venue", "alpaca-sim",
                 "--shards", str(self.shards), *heard, *redis_at, "--database", database,
                 "--runs", str(self.folder / "runs"), "--run", "faulted", *self.words, *settings],
                broker | between,
            )  # fmt: skip
            self._start("relay")
            await self._until(self._relay_says, "the relay")
            for name in self.commands:
                if name != "relay":
                    self._start(name)
            yield self._revive
        finally:
            for child in self.children.values():
                child.send_signal(signal.SIGCONT)
                child.kill()
            for child in self.children.values():
                child.wait()
            self.server.stop()

    def log(self, name: str) -> Path:
        """Return the file that a part logs to, in all its lives."""
        return self.folder / f"{name}.log"

    def _start(self, name: str) -> None:
        words, added = self.commands[name]
        logged = ["--log-file", str(self.log(name)), *words]
        self.children[name] = self.nursery.child(logged, added, self.folder)

    def _relay_says(self) -> bool:
        child = self.children["relay"]
        assert child.poll() is None, child.communicate()
        return bool(child.first_line())

    def _revive(self) -> None:
        """Start again what has ended by itself, as whoever keeps a cluster running does."""
        for name, child in list(self.children.items()):
            if (code := child.poll()) is not None and not (name == "hub" and code == 0):
                assert code in {-9, 1, 75}, (name, code, child.communicate())
                self._start(name)

    def _ended(self) -> dict[str, Any] | None:
        hub = self.children["hub"]
        if hub.poll() != 0:
            return None
        return json.loads(hub.communicate()[0].splitlines()[-1])

    async def _reach(self, ts: int) -> None:
        """Wait until the market is there, or the hub has ended."""
        await self._until(
            lambda: self.venue.now >= ts or self._ended() is not None,
            f"market time {ts}",
            self._revive,
        )

    async def _strike(self, blow: Blow) -> None:
        shard = f"shard-{blow.shard}"
        other = f"shard-{blow.shard % self.shards + 1}"
        killed = {
            Fault.KILL_SHARD: shard,
            Fault.KILL_RELAY: "relay",
            Fault.KILL_HUB: "hub",
        }
        stopped = {
            Fault.STOP_SHARD: shard,
            Fault.STOP_RELAY: "relay",
            Fault.STOP_HUB: "hub",
        }
        match blow.fault:
            case fault if fault in killed:
                self.children[killed[fault]].kill()
            case fault if fault in stopped:
                await self._stop(self.children[stopped[fault]].pid)
            case Fault.STOP_STREAMS:
                await self._stop(self.server.pid)
            case Fault.KILL_STREAMS:
                self._kill_server()
            case Fault.EMPTY_STREAMS:
                with self._client() as client:
                    client.flushall()
            case Fault.DRAIN:
                self._ask(Drain(shard))
            case Fault.MOVE:
                self._ask(Move(self.moved, shard))
            case _:
                await self._cut_a_move(shard, other)

    async def _cut_a_move(self, shard: str, other: str) -> None:
        """Have a letter moved, and kill its new shard before or after it has reported."""
        self._ask(Move(self.moved, shard))
        has_begun = lambda: any(  # noqa: E731
            slot.slot == self.moved
            for node in self.nodes()
            if node.name == shard
            for slot in node.slots
        )
        await self._until(has_begun, "the move", self._revive)
        self.children[shard].kill()
        self._ask(Move(self.moved, other))

    def _kill_server(self) -> None:
        """Kill the server between and start it on what it has on disk."""
        port = self.server.address.port
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.stop()
        self.server = EmbeddedServer(self.folder / "streams", port=port)
        self.server.start()

    def nodes(self) -> list[NodeState]:
        """Return what the processes say of themselves."""
        with suppress(redis.RedisError), self._client() as client:
            names = list(client.scan_iter(f"{NODES}*"))
            values = client.mget(names) if names else []
            return [unpacked_node(value) for value in values if isinstance(value, bytes)]
        return []

    def _ask(self, request: Drain | Move) -> None:
        with suppress(redis.ResponseError), self._client() as client:
            client.xadd(requests("faulted"), {"d": packed(request)})

    def _client(self) -> redis.Redis:
        address = self.server.address
        return redis.Redis(
            host=address.host, port=address.port, password=address.password, socket_timeout=5
        )

    async def _stop(self, pid: int) -> None:
        """Stop a process for some seconds: longer than its silence is borne."""
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(_STOPPED_SECS)
        os.kill(pid, signal.SIGCONT)

    async def _until(
        self, reached: Callable[[], Any], what: str, meanwhile: Callable[[], None] = lambda: None
    ) -> Any:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECS
        while not (found := reached()):
            meanwhile()
            if loop.time() > deadline:
                raise AssertionError(f"{what} did not come: {self._last_words()}")
            await asyncio.sleep(_LOOK_SECS)
        return found

    def _last_words(self) -> str:
        said: list[str] = [f"market time {self.venue.now}", f"struck {self.struck}"]
        said += [f"{each.name} {each.epoch} {each.issues} {each.slots}" for each in self.nodes()]
        for name, child in self.children.items():
            child.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                said.append(f"{name}: {child.communicate(10)[1][-1500:]}")
        return "\n".join(said)


def _width() -> int:
    return BUCKET_SECS * NANOS_PER_SECOND


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
