"""The pruned engine is the full engine without the work: same decisions, same fills, same facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from catalog import Catalog
from engine.domain.facts import BracketPlanned, ExitReason, ParamsChanged
from engine.domain.parameters import parameters_from
from engine.domain.parameters.changes import propose
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import session
from engine.runtime import Engine
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import EAGER, Ran, run, story

CROWD = ("concurrent_trading=true", "max_concurrent=5", "max_open_notional=100000")

WAYS_OUT = {
    ExitReason.TAKE_PROFIT,
    ExitReason.STOP_LOSS,
    ExitReason.TIME_STOP,
    ExitReason.FLAT_BY_CLOSE,
}


def assert_same(pruned: Ran, full: Ran) -> None:
    assert pruned.outcome.decision_digest == full.outcome.decision_digest
    assert pruned.outcome.fill_digest == full.outcome.fill_digest
    assert story(pruned.facts) == story(full.facts)
    for one, other in zip(pruned.outcome.days, full.outcome.days, strict=True):
        assert one.verdicts == other.verdicts
        assert one.equity == other.equity
        assert one.trades == other.trades
        assert one.candidates == other.candidates
        assert one.ticks < other.ticks


@pytest.mark.parametrize(
    ("fills", "settings"),
    [
        (
            "pessimistic",
            (
                *("direction=both", "trailing_stop_percent=0.3", "entry_type=limit"),
                *("bucket_seconds=10", *CROWD),
            ),
        ),
        (
            "optimistic",
            ("warm_premarket=true", "late_trade_grace_ms=0", "bucket_seconds=10", "direction=both"),
        ),
    ],
)
def test_synthetic_day(small: Catalog, fills: str, settings: tuple[str, ...]) -> None:
    pruned = run(small, [SYNTHETIC_DAY], settings=(*EAGER, *settings), fills=fills)
    full = run(small, [SYNTHETIC_DAY], Engine.FULL, settings=(*EAGER, *settings), fills=fills)

    assert len(pruned.outcome.trades) >= 20
    assert {trade.exit_reason for trade in pruned.outcome.trades} >= WAYS_OUT
    assert_same(pruned, full)


def test_parameters_that_change_during_the_day(small: Catalog) -> None:
    hours = session(SYNTHETIC_DAY)
    settings = (*EAGER, "direction=both", *CROWD)
    history = ParameterHistory(parameters_from({}, settings))
    for clock, values in (
        ("10:30", {"min_ac_z": 1, "late_trade_grace_ms": 700, "take_profit_percent": 0.6}),
        ("12:00", {"fast_period": 8, "slow_period": 21, "sigma_window": 240}),
        ("13:00", {"stop_loss_percent": 0.3, "symbol_cooldown_seconds": 120}),
        ("14:30", {"direction": "long", "vol_window": 30, "max_concurrent": 2}),
    ):
        change = propose(
            history,
            values,
            base=history.latest,
            now=hours.at(clock) - 1,
            who="ann",
            because="test",
        )
        assert isinstance(change, ParamsChanged)
        history = history.after(change)
    options: dict[str, Any] = {"settings": settings, "changes": history.changed}
    pruned = run(small, [SYNTHETIC_DAY], **options)
    full = run(small, [SYNTHETIC_DAY], Engine.FULL, **options)
    unchanged = run(small, [SYNTHETIC_DAY], settings=settings)

    assert len(pruned.outcome.trades) >= 20
    assert {trade.exit_reason for trade in pruned.outcome.trades} >= WAYS_OUT
    plans = [f.payload for f in pruned.facts if isinstance(f.payload, BracketPlanned)]
    assert {plan.params_version for plan in plans} == {1, 2, 3, 4, 5}
    for plan in plans:
        assert plan.params_version == history.in_force(plan.candidate_ts).version
    told = [fact for fact in pruned.facts if isinstance(fact.payload, ParamsChanged)]
    assert [fact.payload for fact in told] == list(history.changed)
    assert [fact.ts_event for fact in told] == [each.effective_ns for each in history.changed]
    assert [fact.ts_init for fact in pruned.facts] == sorted(f.ts_init for f in pruned.facts)
    assert pruned.outcome.decision_digest != unchanged.outcome.decision_digest
    assert_same(pruned, full)


@pytest.mark.parametrize(
    ("series", "day", "fills"),
    [
        ("highfrequency_multi", date(2014, 9, 17), "pessimistic"),
        ("highfrequency_xxx", date(2018, 1, 2), "base"),
    ],
)
def test_recorded_day(
    recorded: Callable[[str], Catalog], series: str, day: date, fills: str
) -> None:
    market = recorded(series)
    pruned = run(market, [day], fills=fills)
    full = run(market, [day], Engine.FULL, fills=fills)

    assert pruned.outcome.trades
    assert_same(pruned, full)
