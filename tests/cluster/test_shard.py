"""A shard hears a real relay and says of its slots what one process says of the whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app.cluster.shard import ShardRequest, shard_run
from app.runs.start_wait import StartWait
from cluster.merge import ReportMerge
from cluster.relay import Waiting
from cluster.slots import Slots
from cluster.splitting import equal_slots
from cluster.streams.memory import MemoryStreams
from cluster.streams.port import Streams
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.pipeline import observe
from engine.runtime.live import RelayAddress
from engine.signals import Scanner
from tests.cluster.hub_by_hand import HubByHand, member
from tests.cluster.relay_in_thread import KEY, RelayInThread
from tests.cluster.seam_day import synthetic
from tests.cluster.tape_frames import Stamped, frames

_PATIENCE_SECS = 60


@dataclass
class Day:
    """A tape in stretches that end where buckets close, and what one scanner says of it."""

    stretches: list[list[Stamped]]
    closes: list[int]
    params: Parameters
    prints: TradeBatch
    quotes: QuoteBatch | None
    digest: str

    def hub(self, streams: Streams, slots: Slots) -> HubByHand:
        day = np.datetime64(self.closes[0], "ns").astype("datetime64[D]").item()
        tapes = dict.fromkeys(self.prints.symbols, "A")
        return HubByHand(streams, day, self.params, slots.names, (member("acceleration"),), tapes)

    def merge(self, slots: Slots) -> ReportMerge:
        return ReportMerge(
            slots, self.closes[0] - self.params.grace_ns, self.params.bucket_ns,
            version_at=lambda _: 1, wait_ns=None,
        )  # fmt: skip


def day_of(prints: TradeBatch, quotes: QuoteBatch | None, params: Parameters, until: int) -> Day:
    hours = session(np.datetime64(int(prints.ts_event[0]), "ns").astype("datetime64[D]").item())
    tapes = dict.fromkeys(prints.symbols, "A")
    first = hours.open_ns + params.bucket_ns + params.grace_ns
    closes = list(range(first, until + 1, params.bucket_ns))
    scanner = Scanner(params, hours, tapes)
    heard = [] if quotes is None else [quotes.rows(quotes.ts_init < closes[-1])]
    observe(scanner, heard, [prints.rows(prints.ts_init < closes[-1])], closes[-1])
    return Day([*frames(prints, quotes, closes)], closes, params, prints, quotes, scanner.digest())


@pytest.fixture(scope="module")
def lively() -> Day:
    tape = synthetic()
    return day_of(tape.prints, tape.quotes, tape.params, tape.until_ns)


@asynccontextmanager
async def shard(
    relay: RelayInThread, streams: Streams, name: str, letters: str = "auto"
) -> AsyncIterator[asyncio.Event]:
    """Run a shard in this process until it is left."""
    stop, listens = asyncio.Event(), asyncio.Event()
    request = ShardRequest(
        name=name, letters=letters, relay=RelayAddress(relay.url, KEY.key, KEY.secret),
        open=lambda: streams, catalog=None, wait=StartWait(5, lambda _: None),
    )  # fmt: skip
    running = asyncio.ensure_future(shard_run(request, lambda _: listens.set(), stop))
    await asyncio.wait(
        {running, asyncio.ensure_future(listens.wait())}, return_when=asyncio.FIRST_COMPLETED
    )
    try:
        yield stop
    finally:
        stop.set()
        await running


def play(relay: RelayInThread, day: Day, start: int, end: int) -> None:
    """Have stretches of the tape arrive, and the relay mark the end of each."""
    for stretch, close in zip(day.stretches[start:end], day.closes[start:end], strict=True):
        for frame, stamp in stretch:
            relay.hear(frame, stamp)
        relay.mark(close)


def test_slots_say_what_one_process_says(tmp_path: Path, lively: Day) -> None:
    slots = equal_slots(26)

    async def run() -> None:
        streams = MemoryStreams()
        hub = lively.hub(streams, slots)
        with RelayInThread(tmp_path, Waiting()) as relay:
            async with asyncio.timeout(_PATIENCE_SECS), shard(relay, streams, "one"):
                await hub.claim()
                half = len(lively.closes) // 2
                await hub.assign("one", slots.names[:20], 0)
                while len(relay.state()["receivers"]) < 1:
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(play, relay, lively, 0, half)
                await hub.assign("one", slots.names[20:], 0)  # they are replayed
                await asyncio.to_thread(play, relay, lively, half, len(lively.closes))
                last = lively.closes[-1] - lively.params.grace_ns
                await hub.reported(last, slots.names)
                assert {each["is_counted"] for each in relay.state()["receivers"]} == {True}
                assert len(relay.state()["receivers"]) == 2
        assert await hub.digest(lively.merge(slots)) == lively.digest

    asyncio.run(run())
