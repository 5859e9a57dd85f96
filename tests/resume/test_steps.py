"""A process that is killed at a named step of its orders' lives goes on as if it had not been."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from cli.terminal.output import INTERRUPTED
from engine.domain.facts import BracketPlanned, ExitRequested, OrderRejected
from tests.cli.conftest import DAY
from tests.forked_processes import ForkedProcesses
from tests.resume.ended_day import EndedDay
from tests.resume.killed_day import BOUND_NS, LOOSE, RUN, KilledDay
from tests.resume.steps import Step
from tests.resume.venue import Ear, simulated, until

_UNLIMITED = ("max_trades_per_day=5000", "daily_loss_limit_percent=50")

_LOST = {"lost_replies": 1000, "slow_rest_secs": 1.0}
"""What is asked for takes effect and is told of; it is known a while after that."""


@dataclass(frozen=True)
class _Kill:
    """How a process is caught at a step.

    Attributes
    ----------
    begun : callable
        Counts how often it has come near the step.
    by_hand : callable
        What somebody else does, while a position is open.
    """

    step: Step
    begun: Callable[[KilledDay, Ear], int]
    chaos: dict[str, Any] = field(default_factory=dict[str, Any])
    by_hand: Callable[[KilledDay], object] | None = None


def _told(kind: type) -> Callable[[KilledDay, Ear], int]:
    return lambda day, _: sum(isinstance(payload, kind) for payload in day.facts())


def _heard(event: str) -> Callable[[KilledDay, Ear], int]:
    return lambda _, ear: ear.heard.count(event)


def _cancel_a_target(day: KilledDay) -> None:
    """Cancel, as somebody at the broker's page would, what takes the profits of a position."""
    target = next(
        order
        for trade in day.trades()
        if trade.held
        for order in trade.orders
        if order["type"] == "limit" and order["side"] == "sell" and order["status"] == "new"
    )
    day.venue.cancel(target["id"])


def _flatten(day: KilledDay) -> None:
    words = ["do", "flatten", "all", "--yes", "--run", RUN, "--timeout", "0.1"]
    words += ["--database", str(day.folder / "journal.sqlite")]
    day.nursery.start(words, {}, day.folder / "told")


_KILLS = (
    _Kill(Step.UNANSWERED, _heard("pending_new"), _LOST),
    _Kill(Step.FILL_UNHEARD, _heard("fill")),
    _Kill(Step.PARTLY_FILLED, _heard("partial_fill")),
    _Kill(Step.STOP_MOVES, _heard("pending_replace"), _LOST),
    _Kill(Step.CANCEL_THEN_SELL, _heard("canceled"), {"slow_rest_secs": 1.0}, _cancel_a_target),
    _Kill(Step.FLATTENED, _told(ExitRequested), {"slow_rest_secs": 1.0}, _flatten),
)


def _bring(day: KilledDay, ear: Ear, pid: int, kill: _Kill) -> None:
    """Let a process live until it stands still at a step."""
    day.until_it_trades(pid, day.venue.now)
    while True:
        if kill.by_hand is not None:
            _stop_at(day, pid, Step.PROTECTED)
            before = kill.begun(day, ear)
            kill.by_hand(day)
            os.kill(pid, signal.SIGCONT)
        else:
            before = kill.begun(day, ear)
        day.venue.admin("chaos", **kill.chaos)
        until(lambda before=before: kill.begun(day, ear) > before, f"something like {kill.step}")
        os.kill(pid, signal.SIGSTOP)
        day.venue.admin("chaos/calm")
        if kill.step in day.steps():
            return
        os.kill(pid, signal.SIGCONT)


def _plan_unsent(day: KilledDay) -> str:
    """Write down a plan as a process that died before it was sent; return its trade."""
    with day.journals.resume(RUN) as journal:
        last = [fact for fact in journal.facts() if isinstance(fact.payload, BracketPlanned)][-1]
        assert isinstance(last.payload, BracketPlanned)
        plan = replace(last.payload, trade_id=f"{last.payload.trade_id[:-1]}X")
        journal.append(
            plan, ts_event=last.ts_event, ts_init=last.ts_init, correlation_id=plan.trade_id
        )
    return plan.trade_id


def _stop_at(day: KilledDay, pid: int, step: Step) -> None:
    def is_there() -> bool:
        os.kill(pid, signal.SIGSTOP)
        if step in day.steps():
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    until(is_there, step)


def test_a_process_killed_at_each_step_of_an_order_s_life_goes_on_as_if_it_had_not_been(
    tape: Path, nursery: ForkedProcesses, tmp_path: Path
) -> None:
    words = ("--start", "10:00", "--fills", "size_limited", "--seed", "1", "--stepped")
    with simulated(tape, DAY, *words) as venue:
        settings = [f"--set={each}" for each in (*LOOSE, *_UNLIMITED)]
        day = KilledDay(venue, nursery, tmp_path, Random(1), settings)
        unsent: list[str] = []
        ear, pid = Ear(venue), day.start()
        try:
            for kill in _KILLS:
                _bring(day, ear, pid, kill)
                day.kill(pid)
                if kill is _KILLS[-1]:
                    unsent.append(_plan_unsent(day))
                pid = day.start()
        finally:
            ear.close()
        day.go_home(pid)
        assert nursery.ended(pid, wait=True) == INTERRUPTED, day.said()
        ended = EndedDay.of(venue, day.journals, RUN, day.down)
    assert day.kills == len(_KILLS)
    assert len(unsent) == 1
    assert not {trade.name for trade in ended.trades} & {*unsent}
    refused = [payload for payload in day.facts() if isinstance(payload, OrderRejected)]
    assert {payload.trade_id for payload in refused} >= {*unsent}
    assert ended.entered
    assert ended.findings(BOUND_NS, is_over=False) == []
