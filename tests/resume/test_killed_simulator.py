"""A simulator that is killed goes on where it was, and a live run at it goes on, too."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from catalog import Catalog
from catalog.spool import Spooled, spool_folder
from engine.domain.facts import BracketPlanned, EntriesHeld, EntriesReleased
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND
from tests.catalog.spool.tape import rows
from tests.cli.conftest import DAY
from tests.forked_processes import ForkedProcesses
from tests.resume.ended_day import EndedDay
from tests.resume.killed_day import BOUND_NS, LOOSE, RUN, KilledDay
from tests.resume.simulator import Simulator
from tests.resume.venue import Venue, until

_MINUTE_NS = 60 * NANOS_PER_SECOND


def _known(venue: Venue) -> tuple[int, dict[str, Any], set[str]]:
    """Return what the venue has told: its time, how far each order has come, and every fill."""
    orders = {each["id"]: each for each in venue.orders()}
    return venue.now, orders, {each["id"] for each in venue.fills()}


def _assert_kept(venue: Venue, before: tuple[int, dict[str, Any], set[str]]) -> None:
    """Assert that nothing that was told before is otherwise now."""
    now, orders, fills = _known(venue)
    assert now >= before[0]
    assert fills >= before[2]
    assert list(orders)[: len(before[1])] == list(before[1])
    for name, then in before[1].items():
        for stamp in ("created_at", "filled_at", "canceled_at", "replaced_at", "expired_at"):
            assert then[stamp] in {None, orders[name][stamp]}
        assert float(orders[name]["filled_qty"]) >= float(then["filled_qty"])


def _planned(day: KilledDay) -> int:
    return sum(isinstance(payload, BracketPlanned) for payload in day.facts())


def test_a_day_goes_on_at_a_simulator_that_is_killed_twice_in_a_row(
    tape: Path, nursery: ForkedProcesses, tmp_path: Path
) -> None:
    words = ("--start", "15:38", "--fills", "paper", "--seed", "3", "--stepped")
    words += ("--requests", "1000000")
    with Simulator(nursery, tape, DAY, tmp_path / "state", *words) as simulator:
        venue = simulator.venue
        limits = ("max_trades_per_day=5000", "daily_loss_limit_percent=50")
        day = KilledDay(
            venue, nursery, tmp_path, Random(3), [f"--set={each}" for each in (*LOOSE, *limits)]
        )
        pid = day.start()
        for aim in (2, 4):
            until(lambda aim=aim: _planned(day) >= aim, "plans")
            os.kill(pid, signal.SIGSTOP)
            before = _known(venue)
            simulator.kill()
            simulator.start(wait=False)
            simulator.kill()
            simulator.start()
            _assert_kept(venue, before)
            os.kill(pid, signal.SIGCONT)
            if aim == 4:
                day.kill(pid)
                pid = day.start()
        assert day.nursery.ended(pid, wait=True) == 0, day.said()
        assert simulator.kills == 4
        ended = EndedDay.of(venue, day.journals, RUN, day.down)
    assert len(ended.entered) >= 4
    assert ended.findings(BOUND_NS, is_over=True) == []


def test_paced_time_that_was_told_never_goes_back(
    tape: Path, nursery: ForkedProcesses, tmp_path: Path
) -> None:
    words = ("--start", "10:00", "--speed", "40", "--seed", "3", "--requests", "1000000")
    with Simulator(nursery, tape, DAY, tmp_path / "state", *words) as simulator:
        venue = simulator.venue
        for _ in range(3):
            start = venue.now
            until(lambda start=start: venue.now > start + 5 * NANOS_PER_SECOND, "time")
            before = _known(venue)
            simulator.again()
            _assert_kept(venue, before)


def test_a_run_goes_on_when_its_simulator_forgot_the_time(
    tape: Path, nursery: ForkedProcesses, tmp_path: Path
) -> None:
    words = ("--start", "10:00", "--seed", "3", "--stepped")
    with Simulator(nursery, tape, DAY, tmp_path / "state", *words) as simulator:
        venue = simulator.venue
        day = KilledDay(venue, nursery, tmp_path, Random(3), ["--set=max_trades_per_day=1"])
        began = venue.now

        def live_until(ts: int) -> None:
            pid = day.start()
            until(lambda: nursery.ended(pid, wait=False) is not None or venue.now > ts, "time")
            os.kill(pid, signal.SIGINT)  # what it heard last is written by then
            nursery.ended(pid, wait=True)

        live_until(began + 10 * _MINUTE_NS)
        stood = venue.now
        simulator.again(forgets=True)
        assert venue.now < stood
        live_until(stood)
        live_until(stood + _MINUTE_NS)
        facts, last = day.facts(), venue.now
    assert "venue clock" in {each.trouble for each in facts if isinstance(each, EntriesHeld)}
    assert EntriesReleased("venue clock") in facts
    market, cut = Catalog(str(tape)), stood - _MINUTE_NS
    heard = list(Spooled(spool_folder(tmp_path / "spool", RUN)).trades())
    recorded = [market.trades(DAY, list(market.tapes(DAY)), began, last)]
    assert _until(heard, cut) == _until(recorded, cut) != Counter()


def _until(batches: list[TradeBatch], ts: int) -> Counter[tuple[object, ...]]:
    """Return the prints up to an exchange time, without arrival and conditions."""
    found = ((name, event, *rest) for name, _, event, _, *rest in rows(batches))
    return Counter(row for row in found if row[1] <= ts)
