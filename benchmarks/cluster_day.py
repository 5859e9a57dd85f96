"""A stretch of a stored day traded by a cluster of its own: relay, shards and simulator beside.

This process is the hub, so that its clock reads when buckets close, come together and are decided.
Others are read from outside: processor time and memory of each, and what the rest of the machine
was busy with meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

from app.cluster.processes import Processes
from app.live.request import LiveRequest
from app.live.run import live_run
from app.markets import simulated_market
from app.rehearsal.shards import Shards, shards_at
from app.runs.start_wait import DEFAULT_WAIT_SECS, StartWait
from benchmarks.live_day import LOOSE, simulator, spread
from cluster import names
from cluster.coding import unpacked_node
from cluster.hub.slot_reports import SlotReports
from cluster.merge import Taken
from cluster.reports import SlotReport
from engine.domain.parameters import parameters_from
from engine.domain.session import NANOS_PER_SECOND, session
from engine.hub.merged_day import MergedReport
from engine.runtime.live import LiveDay
from store import Journals

KILLED = "shard-1"
_MIB = 2**20
_LOOK_SECS = 0.01
_LOOKS = 12
"""Buckets between two looks at memory."""
_WARM_UP = 5
"""First buckets that do not count: they load what is loaded once."""


class Machine:
    """Processor time and memory of the processes of a cluster, and of all others together."""

    def __init__(self, simulator_pid: int) -> None:
        self.peaks: dict[str, int] = {}
        self._known = {"hub": psutil.Process(), "simulator": psutil.Process(simulator_pid)}
        self._began: tuple[float, float, dict[str, float]] | None = None

    def know(self, nodes: Processes) -> None:
        """Learn which processes there are beside hub and simulator."""
        for name, node in nodes.nodes.items():
            if node.pid is not None:
                self._known[name] = psutil.Process(node.pid)
        for child in psutil.Process().children():
            if "valkey" in child.name() or "redis" in child.name():
                self._known["streams"] = child

    def begin(self) -> None:
        """Count from now on."""
        self._began = time.perf_counter(), _busy(), self._used()

    def used(self) -> dict[str, float]:
        """Return the processor seconds of each since the beginning; ``others`` in cores."""
        assert self._began is not None
        wall, busy, before = self._began
        used = {name: secs - before.get(name, 0.0) for name, secs in self._used().items()}
        secs = time.perf_counter() - wall
        others = (_busy() - busy - sum(used.values())) / secs
        return used | {"others": max(0.0, others)}

    def look(self) -> None:
        """Keep how large each has been."""
        for name, process in self._known.items():
            with suppress(psutil.Error):
                size = process.memory_info().rss
                self.peaks[name] = max(size, self.peaks.get(name, 0))

    def _used(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, process in self._known.items():
            with suppress(psutil.Error):
                times = process.cpu_times()
                found[name] = times.user + times.system
        return found


class Hops:
    """Reads the clock when a bucket closes at the hub, and when all slots of it are there.

    Attributes
    ----------
    merged : list of float
        Milliseconds from the closing instant until the merged report is handed out.
    arrived : list of (float, float)
        Milliseconds from there until the first slot's report is taken, and the last one's.
    begun, reached : asyncio.Event
        Set once buckets count, and once the stretch is over.
    missing : int
        Buckets in which a slot was silent.
    """

    def __init__(self, machine: Machine, start_ns: int, until_ns: int) -> None:
        self.merged: list[float] = []
        self.arrived: list[tuple[float, float]] = []
        self.buckets: list[int] = []
        self.missing = 0
        self.wall_secs = 0.0
        self.used: dict[str, float] = {}
        self.begun, self.reached = asyncio.Event(), asyncio.Event()
        self.on_report: Callable[[SlotReport, Taken], None] = lambda *_: None
        self._machine = machine
        self._start_ns, self._until_ns = start_ns, until_ns
        self._began = 0.0
        self._closed: dict[int, int] = {}
        self._taken: dict[int, list[int]] = {}

    def watch(self, _run_id: str, day: LiveDay, _venue: Any) -> None:
        """Put readings between the parts of a day that is about to run."""
        reports: Any = day._merged  # noqa: SLF001  (what is between the shards and the day)
        assert isinstance(reports, SlotReports)
        time_at_venue: Any = day._time  # noqa: SLF001  (by which it closes buckets)
        mark, due, take = reports.mark, reports.due, reports.merge.take

        def on_mark(ts_event: int, ts_init: int) -> None:
            late = (time_at_venue() - ts_init) / time_at_venue.speed
            self._closed.setdefault(ts_event, time.monotonic_ns() - int(late))
            mark(ts_event, ts_init)

        def on_due() -> list[MergedReport]:
            found = due()
            for each in found:
                self._merged(each)
            return found

        def on_take(told: SlotReport) -> Taken:
            taken = take(told)
            self._taken.setdefault(told.report.ts_event, []).append(time.monotonic_ns())
            self.on_report(told, taken)
            return taken

        reports.mark, reports.due, reports.merge.take = on_mark, on_due, on_take

    def _merged(self, merged: MergedReport) -> None:
        report = merged.report
        closed = self._closed.pop(report.ts_event, None)
        taken = self._taken.pop(report.ts_event, [])
        if report.ts_init <= self._start_ns or self.reached.is_set() or closed is None:
            return
        if len(self.buckets) == _WARM_UP:
            self._began = time.perf_counter()
            self._machine.begin()
            self.begun.set()
        self.buckets.append(report.ts_event)
        if len(self.buckets) > _WARM_UP:
            self.merged.append((time.monotonic_ns() - closed) / 1e6)
            self.missing += bool(report.missing)
            if taken:
                self.arrived.append(((taken[0] - closed) / 1e6, (taken[-1] - closed) / 1e6))
        if len(self.buckets) % _LOOKS == 0:
            self._machine.look()
        if report.ts_event >= self._until_ns:
            self._machine.look()
            self.wall_secs = time.perf_counter() - self._began
            self.used = self._machine.used()
            self.reached.set()


class Led(NamedTuple):
    """Rows that the relay handed on in the stretch, and what the loss of a shard took."""

    rows: int
    loss: dict[str, float] | None


class Loss:
    """When others report of the slots of a shard that was killed.

    Parameters
    ----------
    slots : collection of str
        What it worked.
    """

    def __init__(self, slots: Collection[str]) -> None:
        self.first: dict[str, float] = {}
        self.is_whole = asyncio.Event()
        self._orders = dict.fromkeys(slots, 0)
        self._killed: float | None = None

    @property
    def knows_orders(self) -> bool:
        """Whether each slot has said under which order it is worked."""
        return all(self._orders.values())

    def begin(self) -> None:
        """Note that the shard is killed now: who reports under a later order replaces it."""
        self._killed = time.perf_counter()

    def take(self, told: SlotReport, taken: Taken) -> None:
        """Take a report that came to the hub."""
        slot, number = told.slot, told.owner.number
        if slot not in self._orders:
            return
        if self._killed is None:
            self._orders[slot] = max(self._orders[slot], number)
        elif number > self._orders[slot] and taken in {Taken.TAKEN, Taken.LATE}:
            self.first.setdefault(slot, time.perf_counter() - self._killed)
            if self.first.keys() == self._orders.keys():
                self.is_whole.set()


async def replaced(at: Shards, hops: Hops) -> dict[str, float]:
    """Kill a shard; return when others report of its slots, and what they had to replay."""
    streams = at.place.open()
    try:
        states = map(unpacked_node, (await streams.found(names.NODES)).values())
        own = next(each.slots for each in states if each.name == KILLED)
    finally:
        await streams.close()
    loss = Loss([each.slot for each in own])
    hops.on_report = loss.take
    while not loss.knows_orders:  # noqa: ASYNC110  (reports have no event)
        await asyncio.sleep(_LOOK_SECS)
    pid = at.processes.nodes[KILLED].pid
    assert pid is not None
    loss.begin()
    os.kill(pid, signal.SIGKILL)
    await loss.is_whole.wait()
    return {
        "first_secs": min(loss.first.values()),
        "all_secs": max(loss.first.values()),
        "slots": len(own),
        "prints": sum(each.prints for each in own),
    }


async def traded(options: argparse.Namespace) -> dict[str, Any]:
    """Trade the stretch; return what it took."""
    hours, params = session(options.day), parameters_from({}, LOOSE)
    start_ns, until_ns = hours.at(options.start), hours.at(options.until)
    keys = f"SIM{secrets.token_hex(8).upper()}", secrets.token_hex(20)
    with tempfile.TemporaryDirectory() as place, simulator(options, keys) as (url, pid):
        machine = Machine(pid)
        hops = Hops(machine, start_ns, until_ns)
        async with shards_at(url, keys, "sip", options.shards, options.catalog) as at:
            request = LiveRequest(
                venue=simulated_market(url, *keys),
                feed="sip",
                params=params,
                letters=(),
                symbols=(),
                run_id="bench",
                sends=True,
                verdicts=Path(place) / "runs",
                spool=Path(place) / "spool",
                relay=at.relay,
                cluster=replace(at.place, slots=None),  # by letter, as ``cluster up`` cuts it
                wait=StartWait(DEFAULT_WAIT_SECS, print),
            )
            journals = Journals(Path(place) / "journal.sqlite")
            running = asyncio.ensure_future(
                live_run(journals, request, lambda *_: machine.know(at.processes), hops.watch)
            )
            ending = asyncio.ensure_future(_led(options, at, hops))
            await asyncio.wait({running, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                ending.cancel()
                running.result()
                raise RuntimeError("the day ended before the stretch was over")
            led = ending.result()
            os.kill(os.getpid(), signal.SIGTERM)
            end = await running
    first, last = hops.buckets[_WARM_UP], hops.buckets[-1]
    counted = len(hops.merged)
    shards = [name for name in hops.used if name.startswith("shard")]
    return {
        "buckets": counted,
        "missing": hops.missing,
        "close_to_merged_ms": spread(hops.merged),
        "close_to_first_ms": spread([first for first, _ in hops.arrived]),
        "close_to_last_ms": spread([last for _, last in hops.arrived]),
        "simulated_secs": (last - first) / NANOS_PER_SECOND,
        "wall_secs": hops.wall_secs,
        "orders": end.outcome.orders,
        "others_cores": hops.used.pop("others"),
        "cpu_ms_per_bucket": {
            name: 1e3 * secs / counted for name, secs in hops.used.items() if name not in shards
        }
        | {"shards": 1e3 * sum(hops.used[name] for name in shards) / counted},
        "shard_mib": max(machine.peaks[name] for name in shards) / _MIB,
        "peaks_mib": {name: size / _MIB for name, size in machine.peaks.items()},
        "rows": led.rows,
        "loss": led.loss,
    }


async def _led(options: argparse.Namespace, at: Shards, hops: Hops) -> Led:
    """Wait for the end of the stretch; then kill a shard, if that is asked for."""
    await hops.begun.wait()
    before = await _rows(at)
    await hops.reached.wait()
    rows = await _rows(at) - before
    return Led(rows, await replaced(at, hops) if options.kill else None)


async def _rows(at: Shards) -> int:
    """Return how many rows the relay has handed on."""
    relay = at.relay
    keys = {"APCA-API-KEY-ID": relay.key, "APCA-API-SECRET-KEY": relay.secret}
    async with httpx.AsyncClient(headers=keys, trust_env=False) as client:
        answer = await client.get(f"{relay.url.replace('ws', 'http', 1)}/health")
    return answer.raise_for_status().json()["rows"]


def _busy() -> float:
    """Return the processor seconds that the machine has spent on anything."""
    times = psutil.cpu_times()
    return times.user + times.system + times.nice + times.irq + times.softirq


def main() -> None:
    """Trade the stretch and print what it took."""
    parser = argparse.ArgumentParser(description="Trade a stored day with a cluster and measure it")
    parser.add_argument("catalog")
    parser.add_argument("day", type=date.fromisoformat)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--start", default="09:30")
    parser.add_argument("--until", default="16:00")
    parser.add_argument("--speed", type=float)
    parser.add_argument("--kill", action="store_true", help="Kill a shard behind the stretch.")
    print(json.dumps(asyncio.run(traded(parser.parse_args()))))


if __name__ == "__main__":
    main()
