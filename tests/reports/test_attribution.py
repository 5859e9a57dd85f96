"""Counts of what stopped candidates, checked by hand and against the tables."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.candidate import ALL_GATES, Gate
from reports import attribution, funnel
from reports.episodes import Fate, episodes
from reports.view import VERDICTS
from tests.reports.demo_run import demo_view
from tests.reports.demo_tape import typed


def _verdict(symbol: str, reason: str | None, **outcomes: str) -> dict[str, Any]:
    checks = [{"name": n, "outcome": o, "basis": "quoted"} for n, o in outcomes.items()]
    row = {"ts_event": 5, "symbol": symbol, "side": 1, "ac_z": 5.0, "reason": reason}
    return row | {"approved": reason is None, "checks": checks}


VERDICT_ROWS = [
    _verdict("A", None, gravity="pass", spread="pass", futures="off"),
    _verdict("B", "low_confidence", gravity="fail", spread="pass", futures="off"),
    _verdict("C", "low_confidence", gravity="fail", spread="unknown", futures="off"),
    _verdict("D", "low_confidence", gravity="pass", spread="unknown", futures="off"),
    _verdict("E", "symbol_cooldown"),
]


def test_filters_count_what_they_alone_stopped() -> None:
    gravity, spread, futures = attribution.filter_tallies(typed(VERDICT_ROWS, VERDICTS))
    assert (gravity.passed, gravity.failed, gravity.unknown, gravity.sole_failures) == (2, 2, 0, 1)
    assert (spread.passed, spread.failed, spread.unknown, spread.sole_failures) == (2, 0, 2, 1)
    assert (futures.consulted, futures.off, futures.sole_failures) == (0, 4, 0)


def test_hub_stages_follow_the_verdicts_filter_by_filter() -> None:
    verdicts = typed(VERDICT_ROWS, VERDICTS)
    stages = funnel.hub_stages(verdicts, demo_view(trades=1).trades, "all")
    assert {stage.name: stage.count for stage in stages} == {
        "judged": 5,
        "entries open": 4,
        "gravity": 2,
        "spread": 1,
        "selected and planned": 1,
        "filled": 1,
    }


def test_under_the_score_rule_all_filters_are_one_stage() -> None:
    rows = [
        _verdict("A", None, gravity="fail", spread="pass"),
        _verdict("B", "not_confident", gravity="fail", spread="fail"),
        _verdict("C", "max_trades", gravity="fail", spread="pass"),
        _verdict("D", "symbol_cooldown"),
    ]
    stages = funnel.hub_stages(typed(rows, VERDICTS), demo_view(trades=1).trades, "score")
    assert [(stage.name, stage.count) for stage in stages] == [
        ("judged", 4),
        ("entries open", 3),
        ("confident", 2),
        ("selected and planned", 1),
        ("filled", 1),
    ]


def test_refusals_are_counted_by_reason() -> None:
    found = attribution.refusals(typed(VERDICT_ROWS, VERDICTS))
    assert found == [("low_confidence", 3), ("symbol_cooldown", 1)]


@given(st.lists(st.integers(0, ALL_GATES), max_size=300))
def test_gate_counts_agree_with_counting_one_by_one(bits: list[int]) -> None:
    counts = np.bincount(bits, minlength=ALL_GATES + 1).astype(np.int64)
    stages = funnel.scan_stages(counts)
    left = [stage.count for stage in stages]
    assert left == sorted(left, reverse=True)
    assert (left[0], left[-1]) == (len(bits), bits.count(ALL_GATES))
    for gate, tally in zip(Gate, funnel.gate_tallies(counts), strict=True):
        assert tally.passed == sum(b >> gate & 1 for b in bits)
        assert tally.sole_failures == bits.count(ALL_GATES ^ (1 << gate))


def test_slices_of_the_trades_add_up_to_all_of_them() -> None:
    view = demo_view(trades=40, days=5)
    pnl = np.array(view.trades.column("realized_pnl")).sum()
    for by in (
        attribution.by_exit_reason,
        attribution.by_symbol,
        attribution.by_side,
        partial(attribution.by_day, days=()),
        attribution.by_half_hour,
    ):
        parts = by(view.trades)
        assert sum(part.trades for part in parts) == 40
        assert sum(part.net_pnl for part in parts) == pytest.approx(pnl)


def test_days_without_a_trade_are_days_of_the_run() -> None:
    view = demo_view(trades=4, days=2)
    traded = {part.name: part.trades for part in attribution.by_day(view.trades, ())}
    idle = date(2026, 12, 24)
    parts = attribution.by_day(view.trades, [idle, *map(date.fromisoformat, traded)])
    assert {part.name: part.trades for part in parts} == traded | {str(idle): 0}
    assert [part.name for part in parts] == sorted(part.name for part in parts)


def test_every_traded_candidate_is_an_episode_that_traded() -> None:
    view = demo_view(trades=12)
    lives = episodes(view)
    raised = view.candidates.column("phase").to_pylist().count("raised")
    assert len(lives) == raised
    assert sum(life.fate is Fate.TRADED for life in lives) == 12
    assert all(life.refusal for life in lives if life.fate is Fate.REFUSED)
    assert all(life.raised_ts <= life.ended_ts for life in lives)
