"""How long after a hub stops its standby guards what the run holds."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.child import measure
from benchmarks.row import Row
from engine.domain.facts import TradeOpened
from tests.cli.live.steered_run import Run
from tests.forked_processes import CONTROL, ForkedProcesses
from tests.resume.soak import tape
from tests.resume.two_hubs import TwoHubs, two_hubs
from tests.servers import Postgres

ROUNDS = 3
_MOST_SECS = 8.0
_ORDERS = "orders"
"""The issue that is over once the venue's orders and positions have been compared with ours."""


def takeover() -> list[Row]:
    """Stop a hub that holds something, some times over."""
    found = measure("benchmarks.takeover", str(ROUNDS)).result
    worst = found["worst_guarded_secs"]
    return [
        Row(
            f"hub under SIGSTOP, standby on PostgreSQL → run claimed, median of {ROUNDS}",
            f"{found['claimed_secs']:.1f} s (worst {found['worst_claimed_secs']:.1f})",
        ),
        Row(
            "the same → what is held is guarded again: orders compared, market data heard",
            f"{found['guarded_secs']:.1f} s (worst {worst:.1f})",
            f"worst ≤ {_MOST_SECS:g} s", worst <= _MOST_SECS,
        ),
    ]  # fmt: skip


def takeovers(rounds: int) -> dict[str, float]:
    """Return the seconds from a stop to the claim and to the guard, median and worst of some."""
    claimed: list[float] = []
    guarded: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Postgres() as postgres,
        ForkedProcesses() as nursery,
    ):
        market = tape(Path(folder) / "tape")
        for number in range(rounds):
            (place := Path(folder) / f"round-{number}").mkdir()
            with two_hubs(postgres, nursery, market, place) as hubs:
                claim, guard = _taken_over(hubs)
            claimed.append(claim)
            guarded.append(guard)
    return {
        "claimed_secs": statistics.median(claimed),
        "worst_claimed_secs": max(claimed),
        "guarded_secs": statistics.median(guarded),
        "worst_guarded_secs": max(guarded),
    }


def _taken_over(hubs: TwoHubs) -> tuple[float, float]:
    """Stop a hub with an open position while time goes on; return both durations, in seconds."""
    place, (hub, standby) = hubs.place, hubs.pair()
    run = Run(place, hub.process)
    run.with_a_position()
    assert run.of(TradeOpened)
    before = len(run.released(_ORDERS))
    place.turn("resume")
    stopped = time.perf_counter()
    hub.stop()
    hubs.until_taken(standby)
    claimed = time.perf_counter() - stopped

    def guards() -> bool:
        return len(run.released(_ORDERS)) > before and bool(place.listeners())

    place.wait(standby.process, guards)
    return claimed, time.perf_counter() - stopped


if __name__ == "__main__":
    os.environ.update(CONTROL)  # what the simulator goes by, so that it can be asked
    print(json.dumps(takeovers(int(sys.argv[1]))))
