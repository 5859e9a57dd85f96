"""Runs that differ in who traded: fills that are not the same, strategies and their weights."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.strategies import hosted
from catalog import Catalog
from engine.comparison import Cause, Kind, compare
from engine.domain.commands import AnyCommand, SetWeights, SwitchStrategy
from engine.domain.facts import BracketPlanned, Fact, OrderFilled
from engine.domain.session import NANOS_PER_SECOND, session
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import EAGER, Ran, run
from tests.runtime.test_commands import given
from tests.runtime.test_comparison import SETTINGS, check, judgements, told

BOTH = ("acceleration", "reversion")


@pytest.fixture(scope="module")
def base(synthetic: Catalog) -> Ran:
    return run(synthetic, [SYNTHETIC_DAY], settings=SETTINGS)


def ran(market: Catalog, weights: dict[str, float], *commands: tuple[int, AnyCommand]) -> Ran:
    asked = hosted(BOTH, weights)
    return run(
        market,
        [SYNTHETIC_DAY],
        settings=[*EAGER, "ensemble_rule=weighted", "ensemble_threshold=0.1"],
        strategies=asked.strategies,
        ensemble=asked.ensemble,
        attendant=given(*commands) if commands else None,
    )


@pytest.fixture(scope="module")
def both(synthetic: Catalog) -> Ran:
    return ran(synthetic, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [("order_side", "SELL"), ("account", "2nd"), ("liquidity_side", "MAKER"), ("venue", "XNAS")],
)
def test_a_fill_of_another_side_account_or_liquidity_is_not_the_same(
    base: Ran, name: str, value: str
) -> None:
    place, fact = next(
        (n, fact)
        for n, fact in enumerate(base.facts)
        if isinstance(fact.payload, OrderFilled) and getattr(fact.payload, name) != value
    )
    payload = msgspec.structs.replace(fact.payload, **{name: value})
    facts = [*base.facts]
    facts[place] = msgspec.structs.replace(fact, payload=payload)
    compared = check(compare(told("a", base), told("b", base, facts=facts)))
    assert not compared.same_fills
    assert [each.kind for each in compared.differences] == [Kind.FILL]


def test_a_trade_of_one_run_alone_was_not_filled_in_both(base: Ran) -> None:
    plan = next(fact.payload for fact in base.facts if isinstance(fact.payload, BracketPlanned))
    facts = [fact for fact in base.facts if not _is_of(fact, plan.trade_id)]
    judged = [each for each in judgements(base) if each.ts_event != plan.candidate_ts]
    story = told("b", base, facts=facts, judged=judged)
    compared = check(compare(told("a", base), story))
    assert not compared.same_decisions
    assert not compared.same_fills
    assert compared.fills_apart >= 2, "its entry and its exit"
    assert Kind.FILL not in {each.kind for each in compared.differences}


def _is_of(fact: Fact, trade_id: str) -> bool:
    return getattr(fact.payload, "trade_id", None) == trade_id


def test_strategies_switched_or_weighed_by_somebody_are_a_human_s_doing(
    synthetic: Catalog, both: Ran
) -> None:
    noon = session(SYNTHETIC_DAY).open_ns + 5_400 * NANOS_PER_SECOND
    for command, kind in (
        (SwitchStrategy("reversion", is_on=False), "switch_strategy"),
        (SetWeights({"acceleration": 3, "reversion": 1}), "set_weights"),
    ):
        other = ran(synthetic, {}, (noon, command))
        compared = check(compare(told("a", both), told("b", other)))
        first = compared.differences[0]
        assert (first.cause, first.because) == (Cause.HUMAN, f"ann gave {kind} to b (command c0)")
        assert first.ts > noon
        assert Cause.UNEXPLAINED not in compared.causes
        assert Cause.DATA not in compared.causes


def test_other_weights_and_another_strategy_are_named_as_what_went_in(
    synthetic: Catalog, both: Ran
) -> None:
    weighed = ran(synthetic, {"reversion": 4})
    compared = check(compare(told("a", both), told("b", weighed)))
    first = compared.differences[0]
    assert first.cause is Cause.PARAMETER
    assert "reversion.weight 0.5 against 0.8" in first.because
    alone = run(synthetic, [SYNTHETIC_DAY], settings=[*EAGER])
    compared = check(compare(told("a", both), told("b", alone)))
    of_reversion: list[Any] = [
        each
        for each in compared.differences
        if each.kind is Kind.DECISION and each.only_in == "a" and "reversion" in each.what
    ]
    assert of_reversion
    assert {each.cause for each in of_reversion} == {Cause.PARAMETER}
    assert all("reversion on against absent" in each.because for each in of_reversion)
