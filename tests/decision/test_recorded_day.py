"""Decisions on a recorded day, from its own candidates."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec

from engine.decision import Basis, BucketDecision, DeskState, Filter, GovernorState, decide, evolve
from engine.domain.account import ALPACA_MAIN
from engine.domain.facts import DayStarted
from engine.domain.parameters import parameters_from
from engine.domain.session import session
from tests.signals.tapes import EAGER, batch, recorded, run


def test_a_recorded_day_without_quotes_gives_plans_and_refusals(shared: Path) -> None:
    day, prints = recorded(shared, "ticks/highfrequency_multi/2014-09-17.parquet")
    loose = {"use_market_gravity": False, "max_price": 5_000}
    params = parameters_from(EAGER.model_dump(mode="json") | loose)
    hours = session(day)
    started = DayStarted(day.isoformat(), "", Decimal(100_000))
    state = evolve(GovernorState(), started, hours.open_ns, params)
    desk = DeskState(ALPACA_MAIN, state, (), Decimal(100_000), day_has_quotes=False)

    _, reports = run(batch(prints), params, day)
    decisions = [decide(report, desk, params, hours) for report in reports]

    verdicts = [verdict for decision in decisions for verdict in decision.verdicts]
    qualified = [each for report in reports for each in report.candidates if each.qualified]
    assert len(verdicts) == len(qualified) > 0
    assert {verdict.approved for verdict in verdicts} == {True, False}
    spreads = [check for each in verdicts for check in each.checks if check.name is Filter.SPREAD]
    assert {check.basis for check in spreads} == {Basis.ESTIMATED}
    for decision in decisions:
        assert msgspec.json.decode(msgspec.json.encode(decision), type=BucketDecision) == decision
