"""Several strategies' signals of one bucket: what competes, how it ranks, who owns it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from engine.decision import RefusalReason
from engine.decision.contenders import Contest, contest
from engine.domain.candidate import Candidate, Phase, Side
from engine.domain.ensemble import Ensemble
from engine.domain.facts import EnsembleRule, Member
from tests.decision.scene import candidate, parameters

LONG, SHORT = Side.LONG, Side.SHORT


def ensemble(*off: str, **weights: float) -> Ensemble:
    """Return strategies by weight in order of precedence."""
    members = (
        Member(name, "", weight, is_on=name not in off, parameters={}, bracket={})
        for name, weight in weights.items()
    )
    return Ensemble(1, tuple(members))


THREE = ensemble(a=0.5, b=0.3, c=0.2)


def signal(name: str, symbol: str = "X", side: Side = LONG, **changes: Any) -> Candidate:
    return candidate(symbol, strategy_id=name, side=side, **changes)


def held(
    rule: str, told: list[Candidate], among: Ensemble = THREE, threshold: float = 0.3
) -> Contest:
    params = parameters(ensemble_rule=rule, ensemble_threshold=threshold)
    qualified = [each for each in told if each.qualified and among.is_on(each.strategy_id)]
    return contest(qualified, told, among, params)


def ranks(found: Contest) -> dict[tuple[str, str], float]:
    return {
        (each.candidate.strategy_id, each.candidate.symbol): each.rank_score
        for each in found.contenders
    }


def refusals(found: Contest) -> dict[tuple[str, str], RefusalReason]:
    return {(each.strategy_id, each.symbol): why.reason for each, why in found.refused}


def names(found: Contest) -> list[list[str]]:
    return [[part.strategy_id for part in each.contributions] for each in found.contenders]


# --- any ---------------------------------------------------------------------------------------

scores = st.floats(0, 20)
crowds = st.dictionaries(st.text("ABC", min_size=1, max_size=3), scores, min_size=1, max_size=8)


@given(crowd=crowds, weight=st.floats(0.01, 100))
def test_one_strategy_competes_by_its_score(crowd: Mapping[str, float], weight: float) -> None:
    told = [signal("a", symbol, score=score) for symbol, score in crowd.items()]
    found = held(EnsembleRule.ANY, told, ensemble(a=weight))
    assert ranks(found) == {("a", symbol): score for symbol, score in crowd.items()}
    assert names(found) == [["a"]] * len(crowd)
    assert not found.refused


def test_any_ranks_by_weight_times_number_of_strategies_times_score() -> None:
    found = held(EnsembleRule.ANY, [signal("a", score=4.0), signal("b", "Y", score=9.0)])
    assert ranks(found) == pytest.approx({("a", "X"): 0.5 * 3 * 4, ("b", "Y"): 0.3 * 3 * 9})
    two = ensemble("c", a=0.5, b=0.3, c=0.2)
    found = held(EnsembleRule.ANY, [signal("a", score=4.0), signal("c", "Y")], two)
    assert ranks(found) == pytest.approx({("a", "X"): 0.625 * 2 * 4})


def test_any_lets_both_of_one_side_compete_and_each_names_the_other_after_itself() -> None:
    told = [signal("c", strength=0.1), signal("a", strength=0.9), signal("b", qualified=False)]
    found = held(EnsembleRule.ANY, told)
    assert names(found) == [["c", "a"], ["a", "c"]]
    first = found.contenders[0].contributions[0]
    assert (first.strength, first.weight, first.confidence) == (0.1, 0.2, 1.0)


def test_any_refuses_both_where_two_oppose_each_other_and_nobody_else() -> None:
    told = [signal("a"), signal("b", side=SHORT), signal("c", "Y")]
    found = held(EnsembleRule.ANY, told)
    assert refusals(found) == {
        ("a", "X"): RefusalReason.OPPOSED,
        ("b", "X"): RefusalReason.OPPOSED,
    }
    assert ranks(found).keys() == {("c", "Y")}


@pytest.mark.parametrize(
    "against",
    [
        signal("b", side=SHORT, qualified=False),
        signal("b", side=SHORT, qualified=False, phase=Phase.FADED),
    ],
)
def test_any_is_not_opposed_by_what_is_not_qualified(against: Candidate) -> None:
    found = held(EnsembleRule.ANY, [signal("a"), against])
    assert not found.refused
    assert names(found) == [["a"]]


def test_a_strategy_that_is_off_neither_opposes_nor_contributes() -> None:
    among = ensemble("b", a=0.5, b=0.5)
    for side in Side:
        for rule in EnsembleRule:
            found = held(rule, [signal("a"), signal("b", side=side)], among)
            assert names(found) == [["a"]]
            assert not found.refused


def test_what_the_day_forbids_still_opposes() -> None:
    told = [signal("a"), signal("b", side=SHORT)]
    found = contest(told[:1], told, THREE, parameters())
    assert refusals(found) == {("a", "X"): RefusalReason.OPPOSED}


# --- weighted ----------------------------------------------------------------------------------


def test_weighted_adds_weight_times_confidence_times_strength_by_side() -> None:
    told = [
        signal("a", strength=0.8, confidence=0.5),  # 0.5 · 0.5 · 0.8 = 0.20
        signal("b", strength=1.0, confidence=1.0),  # 0.3 · 1   · 1   = 0.30
        signal("c", side=SHORT, strength=0.5),  #     0.2 · 1   · 0.5 = 0.10
    ]
    found = held(EnsembleRule.WEIGHTED, told)
    assert ranks(found) == pytest.approx({("b", "X"): 0.40})
    assert names(found) == [["b", "a"]]
    assert refusals(found) == {
        ("a", "X"): RefusalReason.JOINED,
        ("c", "X"): RefusalReason.OPPOSED,
    }


def test_weighted_takes_the_short_side_where_it_is_stronger() -> None:
    told = [signal("a", side=SHORT, strength=1.0), signal("b", strength=0.5)]
    found = held(EnsembleRule.WEIGHTED, told)
    assert ranks(found) == pytest.approx({("a", "X"): 0.35})
    assert refusals(found) == {("b", "X"): RefusalReason.OPPOSED}


def test_silence_weakens() -> None:
    told = [signal("a", strength=0.59)]
    assert refusals(held(EnsembleRule.WEIGHTED, told)) == {("a", "X"): RefusalReason.TOO_WEAK}
    alone = ensemble("b", "c", a=0.5, b=0.3, c=0.2)
    assert ranks(held(EnsembleRule.WEIGHTED, told, alone)) == pytest.approx({("a", "X"): 0.59})


def test_weighted_counts_what_lives_unqualified_but_enters_on_none_such_alone() -> None:
    living = signal("a", strength=0.9, qualified=False, phase=Phase.UPDATED, quote=None)
    found = held(EnsembleRule.WEIGHTED, [living, signal("b", strength=0.5)])
    assert ranks(found) == pytest.approx({("a", "X"): 0.45 + 0.15})
    assert names(found) == [["a", "b"]]
    assert found.contenders[0].candidate.quote is not None
    assert not held(EnsembleRule.WEIGHTED, [living]).contenders


@pytest.mark.parametrize("unknown", [math.nan, math.inf, -0.5])
def test_weighted_leaves_out_what_knows_no_strength_of_its_own(unknown: float) -> None:
    told = [signal("a", strength=0.8), signal("b", strength=unknown, qualified=False)]
    found = held(EnsembleRule.WEIGHTED, told)
    assert ranks(found) == pytest.approx({("a", "X"): 0.5 * 0.8})
    assert names(found) == [["a"]]


def test_a_tie_belongs_to_the_first_in_precedence() -> None:
    equal = ensemble(a=1.0, b=1.0)
    told = [signal("b", strength=0.8), signal("a", strength=0.8)]
    assert names(held(EnsembleRule.WEIGHTED, told, equal)) == [["a", "b"]]


parts = st.dictionaries(
    st.sampled_from("abc"),
    st.tuples(st.sampled_from(list(Side)), st.floats(0.01, 1), st.floats(0, 1), st.booleans()),
    min_size=1,
)


# a signal without any confidence stands on a side, and behind no trade
@example(parts={"a": (LONG, 1.0, 0.0, False), "b": (LONG, 1.0, 1.0, True)}, threshold=0.25)
@given(parts=parts, threshold=st.floats(0.01, 0.9))
def test_weighted_is_the_sum_of_section_seven(
    parts: Mapping[str, tuple[Side, float, float, bool]], threshold: float
) -> None:
    weights = {"a": 0.5, "b": 0.3, "c": 0.2}
    told = [
        signal(name, side=side, strength=strength, confidence=confidence, qualified=qualified)
        for name, (side, strength, confidence, qualified) in parts.items()
    ]
    each = {name: weights[name] * c * strength for name, (_, strength, c, _) in parts.items()}
    total = sum(each[name] * side for name, (side, *_) in parts.items())
    assume(abs(abs(total) - threshold) > 1e-9)
    found = held(EnsembleRule.WEIGHTED, told, threshold=threshold)

    same_side = {name for name, (side, *_) in parts.items() if side * total > 0}
    backs = {name for name in same_side if each[name] > 0}
    enters = abs(total) >= threshold and any(parts[name][3] for name in same_side)
    assert len(found.contenders) == enters
    for contender in found.contenders:
        assert contender.rank_score == pytest.approx(abs(total))
        assert {part.strategy_id for part in contender.contributions} == backs
        assert each[contender.candidate.strategy_id] == max(each[name] for name in backs)
    qualified = {name for name, (*_, is_qualified) in parts.items() if is_qualified}
    owners = {contender.candidate.strategy_id for contender in found.contenders}
    assert {refused.strategy_id for refused, _ in found.refused} == qualified - owners
