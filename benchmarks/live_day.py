"""A stored day traded live at a simulator of its own, with a probe at each hop.

The process that trades is this one, so that its clock reads every hop: a frame decoded, a bucket
closed, candidates at the strategy, an order on the wire. The simulator grants time as fast as it is
used up, or lets it pass at a pace.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil

from app.live.request import LiveRequest
from app.live.run import live_run
from app.markets import simulated_market
from app.runs.start_wait import DEFAULT_WAIT_SECS, StartWait
from benchmarks.journal import FILL
from engine.domain.candidate import BucketReport
from engine.domain.parameters import parameters_from
from engine.domain.session import NANOS_PER_SECOND, session
from engine.runtime.live import LiveDay
from store import Journals
from tests.accounting.streams import OPEN_NS

LOOSE = (
    "min_ac_z=2", "vol_surge_multiplier=1.5", "vol_floor=100", "min_cumulative_ao_volume=500",
    "min_cumulative_notional=10000", "max_carried_ratio=0.9", "max_volume_share_percent=off",
    "max_price=1000", "use_market_gravity=false", "use_spread_liquidity=false",
    "use_vwap_alignment=false", "take_profit_percent=0.4", "stop_loss_percent=0.3",
    "max_hold_seconds=120", "symbol_cooldown_seconds=30", "concurrent_trading=true",
    "max_concurrent=5", "max_open_notional=50000", "position_notional=5000",
    "max_trades_per_day=10000", "daily_loss_limit_percent=100",
    "daily_profit_target_percent=off",
)  # fmt: skip
"""Gates that let through enough to measure."""

_SHUT = "vol_floor=10000000"
"""The gate that lets nothing through."""

_MIB = 2**20
_WARM_UP_SHARE = 0.25
"""Share of the stretch after which memory is looked at: by then every symbol has traded."""

_NEVER = 0
_APPENDS = 400
_TURN = 3
"""Buckets after which readers of the day's frames come or go."""


class Side:
    """What closes took, in ms, and the processor time from one to the next."""

    def __init__(self) -> None:
        self.closes: list[float] = []
        self.cpu: list[float] = []

    def told(self) -> dict[str, float]:
        """Return medians, and the 99th percentile of the closes."""
        return spread(self.closes) | {"cpu_ms": statistics.median(self.cpu)}


class Probe:
    """Reads the clock at every hop of a running day.

    Attributes
    ----------
    candidates, wire : list of float
        Milliseconds from the last frame of a bucket, decoded, to its candidates at the strategy,
        and from there to the request that leaves.
    closes : list of float
        Milliseconds from the beat that closes a bucket to its report at the strategy.
    buckets : set of int
        Ends of the buckets that were reported, UTC ns.
    shown, unseen : Side
        The closes of buckets while the day shows itself and while it does not, in turns.
    memory : list of (int, int, int)
        Simulated UTC ns, and bytes of this process and of the simulator.
    """

    def __init__(
        self,
        simulator: int,
        start_ns: int,
        until_ns: int,
        *,
        toggles: bool = False,
        watches_memory: bool = True,
    ) -> None:
        self.candidates: list[float] = []
        self.closes: list[float] = []
        self.wire: list[float] = []
        self.buckets: set[int] = set()
        self.memory: list[tuple[int, int, int]] = []
        self.trades = 0
        self.cpu_secs = self.wall_secs = 0.0
        self._start_ns, self._until_ns = start_ns, until_ns
        self._watches_memory = watches_memory
        self._ours, self._theirs = psutil.Process(), psutil.Process(simulator)
        self._framed = self._on_beat = _NEVER
        self.shown, self.unseen = Side(), Side()
        self._toggles = toggles
        self._board: Any = None
        self._readers: tuple[Any, ...] = ()
        self._used = 0.0
        self._decided: dict[str, int] = {}
        self._began: tuple[int, float, float, int] | None = None

    def watch(self, _run_id: str, day: LiveDay, venue: Any) -> None:
        """Put readings between the parts of a day that is about to run."""
        publish, decide = venue.publish, day.strategy.decide
        keep = venue._on_batch  # noqa: SLF001  (what is called with each frame as it arrives)

        def on_batch(batch: Any) -> None:
            self._framed = time.perf_counter_ns()
            if keep is not None:
                keep(batch)

        def on_beat(data: Any) -> None:
            self._on_beat = time.perf_counter_ns()
            publish(data)

        def on_report(report: BucketReport) -> Any:
            arrived = time.perf_counter_ns()
            self._reported(report, arrived, day, venue)
            decision = decide(report)
            for plan in decision.plans:
                self._decided[plan.value.trade_id] = arrived
            return decision

        async def on_request(request: httpx.Request) -> None:
            if request.method == "POST":
                name = json.loads(request.content)["client_order_id"]
                trade = name.split(".", 2)[2].removesuffix("-entry")
                if (arrived := self._decided.pop(trade, None)) is not None:
                    self.wire.append((time.perf_counter_ns() - arrived) / 1e6)

        venue._on_batch = on_batch  # noqa: SLF001  (the same)
        venue.publish = on_beat
        day.strategy.decide = on_report
        if self._toggles:
            display: Any = day._display  # noqa: SLF001  (whose readers come and go)
            self._board = display._board  # noqa: SLF001  (the same)
            self._readers = self._board._readers  # noqa: SLF001  (the same)
        door = venue.rest._door  # noqa: SLF001  (its client tells of each request)
        door._client.event_hooks = {"request": [on_request]}  # noqa: SLF001  (the same)

    def _turn(self, used: float) -> None:
        """Note what the last bucket took, and let readers come or go every few buckets."""
        side = self.shown if self._board.is_read else self.unseen
        if len(self.closes) > 2 * _TURN:  # the first ones load what is loaded once
            side.closes.append(self.closes[-1])
            side.cpu.append(1e3 * (used - self._used))
        self._used = used
        if len(self.closes) % _TURN == 0:
            self._board._readers = () if self._board.is_read else self._readers  # noqa: SLF001

    def _reported(self, report: BucketReport, arrived: int, day: LiveDay, venue: Any) -> None:
        if report.ts_init <= self._start_ns:  # of buckets before the start, all told at once
            return
        now, used = day.pulse.now(), time.process_time()
        trades = venue._feed.trades  # noqa: SLF001  (to ask for its health costs more)
        if self._began is None:
            self._began = now, used, time.perf_counter(), trades
        _, cpu_before, wall_before, trades_before = self._began
        self.trades = trades - trades_before
        self.cpu_secs, self.wall_secs = used - cpu_before, time.perf_counter() - wall_before
        self.buckets.add(report.ts_event)
        self.closes.append((arrived - self._on_beat) / 1e6)
        if self._board is not None:
            self._turn(used)
        if report.candidates:
            self.candidates.append((arrived - self._framed) / 1e6)
        if self._watches_memory and len(self.buckets) % 12 == 0:
            ours, theirs = self._ours.memory_info().rss, self._theirs.memory_info().rss
            self.memory.append((now, ours, theirs))
        if now >= self._until_ns:
            os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Trade the stretch and print what it took."""
    parser = argparse.ArgumentParser(description="Trade a stored day live and measure each hop")
    parser.add_argument("catalog")
    parser.add_argument("day", type=date.fromisoformat)
    parser.add_argument("--start", default="09:30")
    parser.add_argument("--until", default="16:00")
    parser.add_argument("--speed", type=float)
    parser.add_argument(
        "--watch", action="store_true", help="Let no candidate through: only the tape is carried."
    )
    parser.add_argument(
        "--frames", action="store_true", help="Show the day to other processes, in turns."
    )
    options = parser.parse_args()
    gates = (*LOOSE, _SHUT) if options.watch else LOOSE
    hours, params = session(options.day), parameters_from({}, gates)
    until_ns = hours.at(options.until)
    with tempfile.TemporaryDirectory() as place:
        keys = f"SIM{secrets.token_hex(8).upper()}", secrets.token_hex(20)
        with simulator(options, keys) as (url, pid):
            probe = Probe(
                pid,
                hours.at(options.start),
                until_ns,
                toggles=options.frames,
                watches_memory=not options.watch,
            )
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
                display=Path(place) / "display" if options.frames else None,
                wait=StartWait(DEFAULT_WAIT_SECS, print),
            )
            journals = Journals(Path(place) / "journal.sqlite")
            end = asyncio.run(live_run(journals, request, lambda *_: None, probe.watch))
            append_ms = durable_append_ms(journals)
    width_ns = params.bucket_ns
    first, last = min(probe.buckets), max(probe.buckets)
    print(
        json.dumps(
            {
                "buckets": len(probe.buckets),
                "missed_buckets": (last - first) // width_ns + 1 - len(probe.buckets),
                "simulated_secs": (last - first) / NANOS_PER_SECOND,
                "wall_secs": probe.wall_secs,
                "trades": probe.trades,
                "shown": probe.shown.told() if options.frames else None,
                "unseen": probe.unseen.told() if options.frames else None,
                "trades_per_cpu_sec": probe.trades / probe.cpu_secs,
                "orders": end.outcome.orders,
                "frame_to_candidate_ms": spread(probe.candidates),
                "close_to_report_ms": spread(probe.closes),
                "candidate_to_wire_ms": spread(probe.wire),
                "append_ms": append_ms,
                **(
                    {"live": growth(probe.memory, 1), "simulator": growth(probe.memory, 2)}
                    if probe.memory
                    else {}
                ),
                "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


def durable_append_ms(journals: Journals) -> float:
    """Return what one fact takes to become durable in the same file, median of many."""
    taken: list[float] = []
    with journals.start("appends") as journal:
        for _ in range(_APPENDS):
            started = time.perf_counter()
            journal.append(FILL, ts_event=OPEN_NS, ts_init=OPEN_NS)
            taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken)


@contextmanager
def simulator(options: argparse.Namespace, keys: tuple[str, str]) -> Iterator[tuple[str, int]]:
    """Run a simulator from the start of the stretch on; yield its address and its process."""
    pace = ["--stepped"] if options.speed is None else ["--speed", str(options.speed)]
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "cli.main", "sim", "run", "--json", "--port", "0", *pace),
            *("--catalog", options.catalog, "--date", str(options.day), "--start", options.start),
            *("--fills", "paper", "--requests", str(round(200 * max(1.0, options.speed or 1.0)))),
        ],
        env=os.environ | {"TRADECTL_SIM_ACCOUNTS": f"{':'.join(keys)}:1000000"},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        try:
            yield msgspec.json.decode(process.stdout.readline())["url"], process.pid
        finally:
            process.terminate()


def spread(millis: list[float]) -> dict[str, float]:
    """Return how many there were, their median and their 99th percentile."""
    ordered = sorted(millis)
    if not ordered:
        return {"n": 0}
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {"n": len(ordered), "p50": statistics.median(ordered), "p99": p99}


def growth(samples: list[tuple[int, int, int]], column: int) -> dict[str, float]:
    """Return memory after the warm-up: where it stood, and the slope of a line through it."""
    settled = samples[int(len(samples) * _WARM_UP_SHARE) :]
    hours = [(each[0] - settled[0][0]) / NANOS_PER_SECOND / 3_600 for each in settled]
    mebibytes = [each[column] / _MIB for each in settled]
    slope = statistics.linear_regression(hours, mebibytes).slope if len(settled) > 1 else 0.0
    return {
        "first_mib": samples[0][column] / _MIB,
        "settled_mib": mebibytes[0],
        "last_mib": mebibytes[-1],
        "mib_per_hour": slope,
    }


if __name__ == "__main__":
    main()
