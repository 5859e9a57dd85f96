"""A shard hears a real relay and says of its slots what one process says of the whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from app.cluster.shard import ShardEnd, ShardRequest, shard_run
from app.runs.start_wait import StartWait
from app.strategies import Hosted
from cluster.node_state import NodeState
from cluster.orders import Unwatch, Watch
from cluster.relay import Waiting
from cluster.slots import ACROSS
from cluster.splitting import equal_slots
from cluster.streams.memory import MemoryStreams
from engine.domain.ensemble import Ensemble
from engine.domain.errors import ConfigError, VenueRejected
from engine.domain.market_data.eligibility import moves_orders
from engine.runtime.live import RelayAddress
from tests.cluster.hub_by_hand import HubByHand
from tests.cluster.relay_in_thread import KEY, RelayInThread
from tests.cluster.seam_day import NAMES, strategies, synthetic
from tests.cluster.shard_day import Day, day_of, play

_PATIENCE_SECS = 60


@pytest.fixture(scope="module")
def lively() -> Day:
    return day_of(synthetic())


@pytest.fixture
def whole_tape(monkeypatch: pytest.MonkeyPatch) -> Day:
    """Return the same with strategies over the tape, one of them across symbols."""
    found = {each.strategy_id: each for each in strategies()}

    def again(ensemble: Ensemble) -> Hosted:
        return Hosted(tuple(found[each.strategy_id] for each in ensemble.members[1:]), ensemble)

    monkeypatch.setattr("app.cluster.shard_host.hosted_again", again)
    return day_of(synthetic(), NAMES)


@asynccontextmanager
async def shard(
    relay: RelayInThread, hub: HubByHand, name: str, letters: str = "auto"
) -> AsyncIterator[asyncio.Future[ShardEnd]]:
    """Run a shard in this process until it is left; its hub gives its slots to nobody then."""
    stop, listens = asyncio.Event(), asyncio.Event()
    request = ShardRequest(
        name=name, letters=letters, relay=RelayAddress(relay.url, KEY.key, KEY.secret),
        open=lambda: hub.streams, catalog=None, wait=StartWait(5, lambda _: None),
    )  # fmt: skip
    running = asyncio.ensure_future(shard_run(request, lambda _: listens.set(), stop))
    listening = asyncio.ensure_future(listens.wait())
    await asyncio.wait({running, listening}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield running
    finally:
        stop.set()
        await hub.release()
        assert (await running).slots == ()


async def until(hub: HubByHand, condition: Callable[[NodeState], bool]) -> None:
    """Wait until the shard says that something is so."""
    while not condition(await hub.node("one")):  # noqa: ASYNC110  (it says so now and then)
        await asyncio.sleep(0.02)


async def heard(relay: RelayInThread, receivers: int = 1) -> None:
    """Wait until so many connections of shards are open."""
    while sum(each["is_counted"] for each in relay.state()["receivers"]) != receivers:  # noqa: ASYNC110  (it has no event)
        await asyncio.sleep(0.01)


def test_slots_say_what_one_process_says(tmp_path: Path, lively: Day) -> None:
    slots, half = equal_slots(26), len(lively.closes) // 2

    async def run() -> None:
        hub = lively.hub(MemoryStreams(), slots)
        with RelayInThread(tmp_path, Waiting()) as relay:
            async with asyncio.timeout(_PATIENCE_SECS), shard(relay, hub, "one"):
                await hub.claim()
                await hub.assign("one", slots.names[:20], 0)
                await heard(relay)
                await asyncio.to_thread(play, relay, lively, 0, half)
                await hub.assign("one", slots.names[20:], 0)  # the day is sent again for them
                await heard(relay, 2)
                await asyncio.to_thread(play, relay, lively, half, len(lively.closes))
                await hub.reported(lively.last, slots.names)
        assert await hub.digest(lively.merge(slots)) == lively.digest

    asyncio.run(run())


def test_another_hub_takes_scanners_over_and_a_slot_of_all_is_heard_whole(
    tmp_path: Path, whole_tape: Day
) -> None:
    """Strategies across symbols have a slot of their own; nothing is sent again for a new hub."""
    day, slots, third = whole_tape, equal_slots(2), len(whole_tape.closes) // 3
    names = (*slots.names, ACROSS)

    async def run() -> None:
        old = day.hub(MemoryStreams(), slots)
        with RelayInThread(tmp_path, Waiting()) as relay:
            async with asyncio.timeout(_PATIENCE_SECS):
                new = replace(old, epoch=2, orders=0, owners={}, read={})
                async with shard(relay, new, "one"):
                    await old.claim()
                    await old.assign("one", names, 0)
                    await heard(relay)
                    await asyncio.to_thread(play, relay, day, 0, third)
                    await old.reported(day.ends[third - 1], names)
                    rows = relay.state()["receivers"][0]["rows"]
                    await new.claim()
                    await until(new, lambda state: state.epoch == new.epoch)
                    await asyncio.to_thread(play, relay, day, third, 2 * third)
                    # it says nothing before its orders come, and then from where they begin
                    await new.assign("one", names, day.ends[third - 2])
                    await new.reported(day.ends[2 * third - 1], names)
                    await old.assign("one", names, 0)  # nobody hears a hub that was replaced
                    await asyncio.to_thread(play, relay, day, 2 * third, len(day.closes))
                    await new.reported(day.last, names)
                    (state,) = relay.state()["receivers"]  # the same, and nothing came twice
                    assert rows < state["rows"] <= relay.relay.rows + relay.relay.number
        for name in names:
            told = [each.report.ts_event for each in await old.reports(name)]
            assert told == day.ends[:third]
            again = [each.report.ts_event for each in await new.reports(name)]
            assert again == day.ends[third - 2 :]
            new.owners[name] = [(old.owners[name][0][0], 0), *new.owners[name]]
        assert await new.digest(day.merge(slots, across=True)) == day.digest

    asyncio.run(run())


def test_prints_beyond_a_level_of_an_open_trade_are_told_once(tmp_path: Path, lively: Day) -> None:
    third = len(lively.closes) // 3
    aapl = lively.prints.rows(lively.prints.symbol_id == lively.prints.symbols.index("AAPL"))
    later = aapl.rows(aapl.ts_init >= lively.closes[third - 1])
    before = aapl.rows(aapl.ts_init < lively.closes[third - 1])
    low, high = (
        int(at(each(before.price), each(later.price)))
        for at, each in ((max, np.min), (min, np.max))
    )
    levels = (3 * low + high) // 4, (low + 3 * high) // 4  # passed before, and again later
    counts = moves_orders(later, {"AAPL": "A"})
    below, above = (
        int(np.flatnonzero(rows & counts)[0])
        for rows in (later.price <= levels[0], later.price >= levels[1])
    )

    async def run() -> None:
        slots = equal_slots(3)
        hub = lively.hub(MemoryStreams(), slots)
        slot = slots.slot_of("AAPL").name
        with RelayInThread(tmp_path, Waiting()) as relay:
            async with asyncio.timeout(_PATIENCE_SECS), shard(relay, hub, "one"):
                await hub.claim()
                await asyncio.to_thread(play, relay, lively, 0, third)
                for number, (stop, target, side) in enumerate(
                    [(*levels, 1), (*reversed(levels), -1), (1, 2, -1)]
                ):
                    await hub.order(Watch(slot, f"t{number}", "AAPL", side, stop, target))
                await hub.order(Unwatch("t2"))
                await hub.assign("one", slots.names, 0)  # what is sent again raises no alarm
                await hub.reported(lively.ends[third - 1], slots.names)
                await asyncio.to_thread(play, relay, lively, third, len(lively.closes))
                await hub.reported(lively.last, slots.names)
                told = [
                    (each.trade_id, each.level, each.price, each.ts_event, each.ts_init)
                    for each in await hub.alerts(slot)
                ]
                assert sorted(told) == sorted(
                    (trade, level, *(int(column[row]) for column in columns))
                    for columns in [(later.price, later.ts_event, later.ts_init)]
                    for trade, level, row in [
                        ("t0", "stop", below), ("t0", "target", above),
                        ("t1", "stop", above), ("t1", "target", below),
                    ]
                )  # fmt: skip

    asyncio.run(run())


def test_who_speaks_otherwise_than_the_hub_says_so_and_works_nothing(
    tmp_path: Path, lively: Day
) -> None:
    async def run() -> None:
        slots = equal_slots(2)
        hub = lively.hub(MemoryStreams(), slots)
        with RelayInThread(tmp_path, Waiting()) as relay:
            async with asyncio.timeout(_PATIENCE_SECS), shard(relay, hub, "one", "A-C"):
                await hub.claim(tradectl="0.0.1")
                await hub.assign("one", slots.names, 0)
                await until(hub, lambda state: "hub" in state.issues)
                state = await hub.node("one")
                ours = version("tradectl")
                assert (
                    f"tradectl 0.0.1 (messages of version 1), this shard {ours}"
                    in (state.issues["hub"])
                )
                assert (state.letters, state.slots) == ("A-C", ())
                await hub.claim()  # the right one came
                await until(hub, lambda state: bool(state.slots))
                assert not (await hub.node("one")).issues

    asyncio.run(run())


@pytest.mark.parametrize(
    ("letters", "secret", "error", "words"),
    [
        (
            "A-C",
            "another-secret-of-16",
            VenueRejected,
            "does not know the key; check the key of the relay",
        ),
        ("C-A", KEY.secret, ConfigError, "runs backwards"),
    ],
)
def test_what_nobody_can_work_with_is_refused_at_the_start(
    tmp_path: Path, letters: str, secret: str, error: type[Exception], words: str
) -> None:
    async def run(relay: RelayInThread) -> None:
        request = ShardRequest(
            name="one", letters=letters, relay=RelayAddress(relay.url, KEY.key, secret),
            open=MemoryStreams, catalog=None, wait=StartWait(0, lambda _: None),
        )  # fmt: skip
        await shard_run(request, lambda _: None, asyncio.Event())

    with RelayInThread(tmp_path, Waiting()) as relay, pytest.raises(error, match=words):
        asyncio.run(run(relay))
