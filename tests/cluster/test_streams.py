"""The port between hub and shards, in memory and over a server; and what befalls a server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cluster import names
from cluster.outbox import Outbox
from cluster.reports import Owner
from cluster.streams.access import Role, acl_lines
from cluster.streams.memory import MemoryStreams
from cluster.streams.port import START, At, Entry, Streams
from cluster.streams.redis import RedisStreams
from engine.domain.errors import StreamsDenied, StreamsUnavailable
from tests.cluster.servers import Server

ROOT = Path(__file__).parents[2]
PATIENCE_SECS = 60.0
"""Only what never ends takes so long."""
SLOT = Owner(1, 1)

type Opens = Callable[[], Streams]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(params=["memory", "server"])
def opens(request: pytest.FixtureRequest) -> Opens:
    """Return what opens the streams of each kind in turn, empty to begin with."""
    if request.param == "memory":
        memory = MemoryStreams()
        return lambda: memory
    server: Server = request.getfixturevalue("server")
    server.ask("FLUSHALL")
    return lambda: RedisStreams(server.address)


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_SECS):
            await test

    asyncio.run(bounded())


@asynccontextmanager
async def opened(*made: Streams) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for each in made:
            await each.close()


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110  (nobody tells)
        await asyncio.sleep(0.005)


async def everything(streams: Streams, stream: str) -> list[Entry]:
    """Return all of a stream, in as many answers as it takes."""
    found: list[Entry] = []
    while more := await streams.read({stream: found[-1].at if found else START}, 0):
        found += more
    return found


def test_entries_stand_in_order_and_once(opens: Opens) -> None:
    async def test() -> None:
        streams = opens()
        async with opened(streams):
            for at, is_new in (
                (At(5), True),
                (At(5), False),
                (At(5, 2), True),
                (At(5, 1), False),
                (At(4, 9), False),
                (At(1_789_740_000_000), True),
            ):
                assert await streams.append("a", at, repr(at).encode()) is is_new
            assert await streams.append("b", At(1), b"")
            ordered = [At(5), At(5, 2), At(1_789_740_000_000)]
            written = [Entry("a", at, repr(at).encode()) for at in ordered]
            assert await everything(streams, "a") == written
            assert await streams.read({"a": At(5), "b": START}, 0) == [
                *written[1:],
                Entry("b", At(1), b""),
            ]
            assert await streams.read({"a": ordered[-1], "none": START}, 0.01) == []
            assert await streams.read({}, 0.01) == []
            with pytest.raises(ValueError, match="behind"):
                await streams.append("a", START, b"")

    run(test())


def test_a_long_stream_is_read_to_its_end(opens: Opens) -> None:
    async def test() -> None:
        streams = opens()
        async with opened(streams):
            wanted = [Entry("a", At(1, n), b"%d" % n) for n in range(1, 701)]
            added = await asyncio.gather(*(streams.append("a", e.at, e.data) for e in wanted))
            assert all(added)
            assert await everything(streams, "a") == wanted

    run(test())


def test_readers_that_wait_all_hear_of_it_and_hold_up_nobody(opens: Opens) -> None:
    async def test() -> None:
        writer, reader = opens(), opens()
        async with opened(writer, reader):
            waits = [
                asyncio.create_task(reader.read({"a": START, "b": At(7)}, PATIENCE_SECS))
                for _ in range(3)
            ]
            for n in range(1, 6):
                assert await reader.append("other", At(n), b"")  # not behind those who wait
                await asyncio.sleep(0)
            assert not any(each.done() for each in waits)
            assert await writer.append("b", At(8), b"said")
            assert await asyncio.gather(*waits) == 3 * [[Entry("b", At(8), b"said")]]

    run(test())


def test_values_are_found_by_the_beginning_of_their_names_until_they_expire(opens: Opens) -> None:
    async def test() -> None:
        streams = opens()
        async with opened(streams):
            await streams.put("node*[a]:1", b"one")
            await streams.put("node*[a]:2", b"two", 0.05)
            await streams.put("nodes-a:3", b"three", 60)
            assert await streams.append("node*[a]:stream", At(1), b"")
            while await streams.get("node*[a]:2") is not None:  # noqa: ASYNC110  (nobody tells)
                await asyncio.sleep(0.005)
            assert await streams.found("node*[a]:") == {"node*[a]:1": b"one"}
            assert await streams.found("none") == {}
            await streams.put("node*[a]:1", b"again")
            assert await streams.get("node*[a]:1") == b"again"
            await streams.forget("node*[a]:1")
            await streams.forget("node*[a]:stream")
            assert await streams.get("node*[a]:1") is None
            assert await streams.append("node*[a]:stream", At(1), b"anew")

    run(test())


def test_streams_and_values_of_a_server_are_gone_two_days_later(server: Server) -> None:
    async def test() -> None:
        streams = RedisStreams(server.address)
        async with opened(streams):
            await streams.append("kept:stream", At(1), b"")
            await streams.put("kept:value", b"")
            for name in ("kept:stream", "kept:value"):
                assert 86_400 < server.ask("TTL", name) <= 129_600

    run(test())


def test_a_killed_server_comes_back_with_what_it_held(server: Server) -> None:
    async def test() -> None:
        writer, reader = RedisStreams(server.address), RedisStreams(server.address)
        async with opened(writer, reader), Outbox(writer) as outbox:
            outbox.put("killed", At(1), b"before")
            await outbox.drained()
            waits = asyncio.create_task(reader.read({"killed": At(1)}, PATIENCE_SECS))
            restarts = asyncio.create_task(asyncio.to_thread(server.restart))
            with pytest.raises(StreamsUnavailable, match="does not answer") as caught:
                await waits
            assert server.address.password not in str(caught.value)
            assert server.address.shown in str(caught.value)
            outbox.put("killed", At(2), b"meanwhile")
            await restarts
            outbox.put("killed", At(3), b"after")
            await outbox.drained()
            found = await everything(reader, "killed")
            assert [each.data for each in found] == [b"before", b"meanwhile", b"after"]
            assert (writer.losses, reader.losses) == (0, 0)
            assert (outbox.waiting, outbox.issue, outbox.is_behind) == (0, "", False)

    run(test())


@pytest.mark.parametrize("is_replaced", [False, True])
def test_what_an_emptied_server_held_is_sent_again_before_anything_else(
    server: Server, *, is_replaced: bool
) -> None:
    lost = f"lost-{is_replaced}"

    async def test() -> None:
        writer, reader = RedisStreams(server.address), RedisStreams(server.address)
        beside = RedisStreams(server.address)
        async with opened(writer, reader, beside), Outbox(writer) as outbox:
            for n in (1, 2, 3):
                outbox.put(lost, At(n), b"%d" % n)
            await outbox.drained()
            assert len(await everything(reader, lost)) == 3
            assert await beside.get("value") is None
            waits = asyncio.create_task(reader.read({lost: At(9)}, PATIENCE_SECS))
            if is_replaced:
                await asyncio.to_thread(server.restart, is_replaced=True)
                with pytest.raises(StreamsUnavailable):
                    await waits
                assert await reader.read({lost: At(9)}, 0) == []
            else:
                await reader.read({lost: At(9)}, 0)  # a connection that is open is used again
                server.ask("FLUSHALL")
                assert await waits == []
            outbox.put(lost, At(4), b"4")
            with pytest.raises(StreamsUnavailable, match="has lost what it held"):
                await beside.append(lost, At(5), b"would come first")
            assert reader.losses == beside.losses == 1
            await until(lambda: writer.losses == 1)
            await outbox.drained()
            found = await everything(reader, lost)
            assert [each.data for each in found] == [b"1", b"2", b"3", b"4"]
            assert reader.losses == writer.losses == 1

    run(test())


def test_what_waits_behind_the_call_that_finds_a_loss_does_not_come_first(server: Server) -> None:
    async def test() -> None:
        streams = RedisStreams(server.address, timeout_secs=PATIENCE_SECS)
        async with opened(streams):
            await streams.get("a")
            server.ask("FLUSHALL")
            with server.hanging():
                looks = asyncio.create_task(streams.get("a"))
                await asyncio.sleep(0.01)
                behind = asyncio.create_task(streams.append("behind", At(9), b""))
                await asyncio.sleep(0.01)
                assert streams.losses == 0
            await looks
            with pytest.raises(StreamsUnavailable, match="has lost what it held"):
                await behind
            assert await streams.append("behind", At(8), b"")
            assert streams.losses == 1

    run(test())


def test_an_idle_outbox_finds_out_that_its_server_was_emptied(server: Server) -> None:
    async def test() -> None:
        writer, reader = RedisStreams(server.address), RedisStreams(server.address)
        async with opened(writer, reader), Outbox(writer) as outbox:
            outbox.put("idle", At(1), b"1")
            await outbox.drained()
            server.ask("FLUSHALL")
            found = await reader.read({"idle": START}, PATIENCE_SECS)
            assert [each.data for each in found] == [b"1"]

    run(test())


def test_a_server_that_hangs_holds_nobody_up(server: Server) -> None:
    async def test() -> None:
        streams = RedisStreams(server.address, timeout_secs=0.3)
        async with opened(streams):
            assert await streams.append("hung", At(1), b"before")
            with server.hanging():
                asked = (
                    streams.append("hung", At(2), b""),
                    streams.get("a"),
                    streams.found("a"),
                    streams.read({"hung": At(1)}, 0.1),
                )
                ends = await asyncio.gather(*asked, return_exceptions=True)
                assert all("has not answered within" in str(end) for end in ends), ends
                with pytest.raises(StreamsUnavailable, match="has not answered within"):
                    await streams.put("a", b"")  # over a connection that is new
            await streams.append("hung", At(2), b"")
            assert [each.at for each in await everything(streams, "hung")] == [At(1), At(2)]

    run(test())


def test_a_full_server_says_so_and_throws_nothing_away(server: Server) -> None:
    async def test() -> None:
        streams = RedisStreams(server.address)
        async with opened(streams), Outbox(streams) as outbox:
            assert await streams.append("full", At(1), b"before")
            with server.full():
                outbox.put("full", At(2), b"kept")
                await until(lambda: outbox.is_behind)
                assert "is full: raise its maxmemory" in outbox.issue
                assert len(await everything(streams, "full")) == 1
            await outbox.drained()
            assert [each.at for each in await everything(streams, "full")] == [At(1), At(2)]

    run(test())


def test_a_wrong_password_is_named_and_never_shown(server: Server) -> None:
    async def test() -> None:
        streams = RedisStreams(replace(server.address, password="wrong-" * 4))
        async with opened(streams):
            with pytest.raises(StreamsDenied, match="TRADECTL_REDIS_PASSWORD") as caught:
                await streams.get("a")
            assert "wrong-" not in str(caught.value)

    run(test())


def test_each_role_writes_its_own_and_nothing_else(server: Server) -> None:
    """Every role tries every name; only what is listed here goes through."""
    streams = {
        "setup": names.setup("run", 1),
        "claim": names.HUB,
        **dict(zip(("positions", "prices", "weights"), names.held("run"), strict=True)),
        **{f"node {role}": names.node(f"{role}-1") for role in Role},
    }
    lines = {
        "orders": names.orders("run", 1),
        "reports": names.reports("run", "A", SLOT),
        "rests": names.rests("run", "A", SLOT),
        "exits": names.exits("run", "A", SLOT),
        "buckets": names.buckets("run", "A"),
    }
    said = {"reports", "rests", "exits", "buckets"}
    held = {"positions", "prices", "weights"}
    writes = {
        Role.HUB: {"setup", "claim", "orders", "node hub"} | held,
        Role.SHARD: said | {"node shard"},
        Role.RELAY: {"node relay"},
        Role.SCREEN: set[str](),
    }
    reads = {
        Role.HUB: {*streams, *lines},
        Role.SHARD: {"setup", "claim", "orders"},
        Role.RELAY: {"claim"},
        Role.SCREEN: {*streams, *lines},
    }

    async def allowed(asked: Coroutine[Any, Any, object]) -> bool:
        try:
            await asked
        except StreamsDenied:
            return False
        return True

    async def test(role: Role) -> None:
        port = RedisStreams(server.role_address(role))
        async with opened(port):
            wrote = {key for key, name in streams.items() if await allowed(port.put(name, b"x"))}
            wrote |= {
                key for key, name in lines.items() if await allowed(port.append(name, At(1), b"x"))
            }
            read = {key for key, name in streams.items() if await allowed(port.get(name))}
            read |= {
                key for key, name in lines.items() if await allowed(port.read({name: START}, 0))
            }
            assert (wrote, read) == (writes[role], reads[role])
            assert await allowed(port.found(names.NODES)) is (role in {Role.HUB, Role.SCREEN})
            assert await allowed(port.get(names.NONCE))
            assert await allowed(port.put(names.NONCE, b"x")) is (role is not Role.SCREEN)

    server.ask("FLUSHALL")
    for role in Role:
        run(test(role))
    with pytest.raises(ValueError, match="same secret"):
        acl_lines({Role.HUB: "x" * 16, Role.SHARD: "x" * 16})


def test_the_docs_show_the_lines_of_the_acl() -> None:
    page = (ROOT / "docs" / "how-to" / "run-a-cluster.md").read_text()
    for line in acl_lines({role: role.value * 16 for role in Role}):
        assert re.sub("#[0-9a-f]{64} ", "#… ", line) in page
