"""A shard that is killed in mid-day is replaced by one that says the same."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec

from cluster.coding import packed
from cluster.relay import Waiting
from cluster.reports import SlotReport
from cluster.splitting import equal_slots
from cluster.streams.address import PASSWORD_VARIABLE
from cluster.streams.embedded import EmbeddedServer
from cluster.streams.redis import RedisStreams
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.session import session
from tests.cluster.relay_in_thread import KEY, RelayInThread
from tests.cluster.seam_day import Recorded
from tests.cluster.shard_day import day_of, play
from tests.forked_processes import Child, ForkedProcesses
from tests.signals.tapes import EAGER, batch, recorded

_PATIENCE_SECS = 90
_BUCKETS = 360


def test_a_shard_that_was_killed_is_replaced_by_one_that_says_the_same(
    shared: Path, tmp_path: Path, nursery: ForkedProcesses
) -> None:
    date, frame = recorded(shared, "ticks/highfrequency_multi/2014-09-17.parquet")
    hours, prints = session(date), batch(frame)
    until = hours.open_ns + _BUCKETS * EAGER.bucket_ns + EAGER.grace_ns
    quotes = QuoteBatch(prints.symbol_id[:0], prints.symbols, *[prints.price[:0]] * 6)
    day = day_of(Recorded(hours, prints.rows(prints.ts_init < until), quotes, until, EAGER))
    slots, third = equal_slots(13), _BUCKETS // 3
    keys = tmp_path / "relay.keys"
    keys.touch(0o600)
    keys.write_text(f"{KEY.key}:{KEY.secret}")

    def shard(name: str, relay: RelayInThread, server: EmbeddedServer) -> Child:
        words = ("live", "--role", "shard", "--json", "--name", name, "--letters", "auto")
        places = ("--relay", relay.url, "--relay-keys", str(keys))
        address = server.address
        added = {PASSWORD_VARIABLE: address.password}
        return nursery.child((*words, *places, "--redis", address.shown), added, tmp_path)

    async def run(relay: RelayInThread, server: EmbeddedServer) -> None:
        hub = day.hub(RedisStreams(server.address), slots)
        await hub.claim()
        with shard("one", relay, server) as one:
            said = await asyncio.to_thread(one.first_line)
            assert json.loads(said)["name"] == "one", one.communicate()[1]
            await hub.assign("one", slots.names, 0)
            await asyncio.to_thread(play, relay, day, 0, third)
            await hub.reported(day.ends[third - 1], slots.names)
            one.kill()
        await asyncio.to_thread(play, relay, day, third, 2 * third)
        with shard("two", relay, server) as two:
            assert await asyncio.to_thread(two.first_line), two.communicate()[1]
            await hub.assign("two", slots.names, 0)
            await hub.reported(day.ends[2 * third - 1], slots.names)
            await asyncio.to_thread(play, relay, day, 2 * third, _BUCKETS)
            await hub.reported(day.last, slots.names)
            two.send_signal(15)
            while not (await hub.node("two")).is_draining:  # noqa: ASYNC110  (it says so now and then)
                await asyncio.sleep(0.02)
            await hub.release()
            assert await asyncio.to_thread(two.wait, 30) == 0
        for slot in slots.names:
            told = await hub.reports(slot)
            before, again = told[:third], told[third:]
            assert [each.report.ts_event for each in again] == day.ends
            pairs = zip(before, again, strict=False)
            assert all(_content(one) == _content(other) for one, other in pairs)
        assert await hub.digest(day.merge(slots)) == day.digest
        await hub.streams.close()

    async def timed() -> None:
        with (
            RelayInThread(tmp_path / "blocks", Waiting()) as relay,
            EmbeddedServer(tmp_path / "server") as server,
        ):
            async with asyncio.timeout(_PATIENCE_SECS):
                await run(relay, server)

    asyncio.run(timed())


def _content(told: SlotReport) -> bytes:
    """Return what a report says of the market, whoever said it."""
    return packed(SlotReport("", msgspec.structs.replace(told.owner, number=0), 1, told.report))
