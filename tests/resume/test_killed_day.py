"""A process that is killed at any moment of its orders' lives goes on as if it had not been.

``TRADECTL_KILLS`` sets how often each day's process is killed: a few times by default, 24 for the
whole proof of 48 kills. ``TRADECTL_SEED``, a whole number, 0 by default, chooses other moments and
other troubles. ``--log-cli-level=INFO`` shows in which states of their lives orders were.
"""

from __future__ import annotations

import logging
import os
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from tests.cli.conftest import DAY
from tests.forked_processes import ForkedProcesses
from tests.resume.ended_day import EndedDay
from tests.resume.killed_day import BEGINS_NS, BOUND_NS, ENDS_NS, LOOSE, RUN, KilledDay
from tests.resume.oracle import loss_reached
from tests.resume.steps import Step
from tests.resume.venue import CASH, simulated

_log = logging.getLogger(__name__)

_KILLS = int(os.environ.get("TRADECTL_KILLS", "6"))
_SEED = int(os.environ.get("TRADECTL_SEED", "0"))
_UNTIL_CAP, _UNTIL_LOSS = 1, 2
"""Days on which the cap on trades, or on losses, is to be reached."""
_SOME, _MANY = 6, 20
"""So many kills a day meet some step by chance; so many, each of the following."""
_BY_CHANCE = {Step.UNANSWERED, Step.FILL_UNHEARD, Step.PROTECTED, Step.LEAVING}


@pytest.mark.parametrize(
    ("kind", "limits"),
    [
        (
            _UNTIL_CAP,
            {"max_trades_per_day": str(5 * _KILLS // 2), "daily_loss_limit_percent": "50"},
        ),
        (_UNTIL_LOSS, {"max_trades_per_day": "5000", "daily_loss_limit_percent": "0.15"}),
    ],
    ids=["trades", "loss"],
)
def test_a_day_of_kills_leaves_orders_protection_ledger_and_limits_intact(
    tape: Path,
    nursery: ForkedProcesses,
    tmp_path: Path,
    kind: int,
    limits: dict[str, str],
) -> None:
    seed = 2 * _SEED + kind
    settings = [*LOOSE, *(f"{name}={value}" for name, value in limits.items())]
    words = ("--start", "10:00", "--fills", "nbbo", "--seed", str(seed), "--stepped")
    with simulated(tape, DAY, *words) as venue:
        day = KilledDay(
            venue,
            nursery,
            tmp_path,
            Random(seed),
            [f"--set={each}" for each in settings],
        )
        kills = _KILLS if kind == _UNTIL_CAP or _KILLS >= _MANY else _KILLS // 2
        day.play(kills, begins_ns=BEGINS_NS, ends_ns=ENDS_NS)
        ended = EndedDay.of(venue, day.journals, RUN, day.down)
    found, entered = ended.trades, ended.entered
    _log.info("%d kills: %s", day.kills, dict(day.states.most_common()))
    _log.info("%d trades, %d fills, starts took %s s", len(found), len(ended.fills), day.start_secs)

    assert entered
    assert len(entered) >= min(day.kills, 10)
    if kills >= _SOME:
        assert day.states.keys() - {Step.NOTHING_OPEN}
    if _KILLS >= _MANY and kind == _UNTIL_CAP:  # one that loses ends early
        assert day.states.keys() >= _BY_CHANCE
    assert ended.findings(BOUND_NS, is_over=True) == []

    assert len(entered) <= int(limits["max_trades_per_day"])
    lost_at = loss_reached(found, Decimal(CASH) * Decimal(limits["daily_loss_limit_percent"]) / 100)
    if kind == _UNTIL_CAP:
        assert len(entered) == int(limits["max_trades_per_day"])
    if kind == _UNTIL_LOSS:
        assert lost_at is not None
        late = [trade.name for trade in found if trade.begins > lost_at]
        assert late == []
