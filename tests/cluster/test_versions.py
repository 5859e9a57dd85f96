"""Relay, hub and shards of different versions: nobody works with the other, and all say so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from cluster import names
from cluster.coding import VERSION, packed
from cluster.node_state import NodeState
from cluster.relay import Waiting
from cluster.streams.address import PASSWORD_VARIABLE
from cluster.streams.embedded import EmbeddedServer
from cluster.streams.redis import RedisStreams
from tests.cluster.hub_by_hand import HubByHand, member
from tests.cluster.relay_in_thread import KEY, RelayInThread
from tests.forked_processes import ForkedProcesses
from tests.signals.tapes import EAGER

_PATIENCE_SECS = 60
_OTHER = VERSION + 1


def test_a_shard_works_nothing_for_a_hub_of_another_version_and_says_so(
    nursery: ForkedProcesses, tmp_path: Path
) -> None:
    keys = tmp_path / "relay.keys"
    keys.touch(0o600)
    keys.write_text(f"{KEY.key}:{KEY.secret}")

    async def run(relay: RelayInThread, server: EmbeddedServer) -> None:
        streams = RedisStreams(server.address)
        added = {PASSWORD_VARIABLE: server.address.password}
        redis = ("--redis", server.address.shown)
        places = ("--relay", relay.url, "--relay-keys", str(keys), *redis)
        log = tmp_path / "shard.log"
        words = (
            "--log-file",
            str(log),
            "live",
            "--role",
            "shard",
            "--json",
            "--name",
            "shard-1",
            *places,
        )

        def status() -> dict[str, Any]:
            answer = nursery.answer(("cluster", "status", "--json", *redis), added, tmp_path)
            assert answer.code == 1, answer.err
            return answer.json

        async def shard_is(wanted: Callable[[NodeState], bool]) -> NodeState:
            while not wanted(state := await hub.node("shard-1")):  # noqa: ASYNC110  (it says so now and then)
                await asyncio.sleep(0.02)
            return state

        hub = HubByHand(streams, date(2026, 9, 18), EAGER, ("A-Z",), (), {"A": "A"})
        hub.members = (member("acceleration"),)
        await hub.claim(tradectl="0.0.1")
        await hub.assign("shard-1", ("A-Z",), 0)
        with nursery.child(words, added, tmp_path) as shard:
            assert await asyncio.to_thread(shard.first_line), shard.communicate()[1]
            state = await shard_is(lambda said: bool(said.issues))
            assert "runs tradectl 0.0.1" in state.issues["hub"]
            assert f"this shard {state.version}" in state.issues["hub"]
            said = await asyncio.to_thread(status)
            assert f"shard-1: hub: {state.issues['hub']}" in said["issues"]
            assert said["unworked"] == ["A-Z"]

            claim = await streams.get(names.HUB)
            assert claim is not None
            await streams.put(names.HUB, bytes([_OTHER]) + claim[1:])
            await shard_is(lambda said: f"found version {_OTHER}" in said.issues.get("hub", ""))
            stranger = packed(NodeState("shard-2", "x", "shard", "h", 1, "1", 0, 0))
            await streams.put(names.node("shard-2"), bytes([_OTHER]) + stranger[1:], 60)
            said = await asyncio.to_thread(status)
            told = [each for each in said["issues"] if f"found version {_OTHER}" in each]
            assert {each.partition(":")[0] for each in told} == {"hub", "shard-1", "shard-2"}
            assert all(f"version {VERSION}" in each for each in told)
            assert not any("no hub has begun" in each for each in said["issues"])

            await hub.claim()
            state = await shard_is(lambda said: bool(said.slots))
            assert not state.issues
            shard.send_signal(9)
        await streams.close()
        for version in ("0.0.1", f"found version {_OTHER}"):
            assert version in log.read_text()

    async def timed() -> None:
        with (
            RelayInThread(tmp_path / "blocks", Waiting()) as relay,
            EmbeddedServer(tmp_path / "server") as server,
        ):
            async with asyncio.timeout(_PATIENCE_SECS):
                await run(relay, server)

    asyncio.run(timed())
