"""A bucket's candidates to verdicts and plans: each refusal, the pick, what cannot change it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import BucketDecision, DeskState, GovernorState, RefusalReason, Verdict, decide
from engine.decision.decide import NOTHING
from engine.domain.account import ACCELERATION
from engine.domain.candidate import BucketReport, Candidate, Side
from engine.domain.ensemble import Ensemble
from engine.domain.facts import BucketIncomplete, Member
from engine.domain.markets.instrument import ListedInstruments, us_stock
from engine.domain.parameters import Parameters
from tests.decision.scene import (
    NOON,
    PAUSED,
    SESSION,
    candidate,
    closed,
    desk,
    governor,
    open_trade,
    parameters,
    planned,
    report,
    units,
)


def decided(*candidates: Candidate, at: DeskState | None = None, **changes: Any) -> BucketDecision:
    return decide(report(*candidates), at or desk(), parameters(**changes), SESSION)


def verdict(decision: BucketDecision, symbol: str = "AAPL") -> Verdict:
    return next(each for each in decision.verdicts if each.symbol == symbol)


def picks(decision: BucketDecision) -> list[str]:
    return [plan.value.symbol for plan in decision.plans]


def at_time(clock: str) -> BucketReport:
    ts = SESSION.at(clock)
    return report(candidate(ts=ts), ts=ts)


TWO_SLOTS = parameters(concurrent_trading=True, max_concurrent=2, max_open_notional=5_000)

Scene = tuple[BucketReport, DeskState, Parameters]

GOOD = report(candidate())
PENNY = report(candidate(last=units("0.01"), quote=None, vwap=0.0099))
SILENT = msgspec.structs.replace(GOOD, missing=("S", "TA-TM"))
USUAL = Parameters()
ALONE = parameters(use_market_gravity=False, use_futures_trend=False)
COOLING = governor(planned("x", "AAPL"), closed("x", 1, "AAPL"), ts=SESSION.at("11:50"))
AAPL = frozenset({"AAPL"})
LONG_ONLY = msgspec.structs.replace(
    desk(),
    instruments=ListedInstruments(
        [msgspec.structs.replace(us_stock("AAPL", "ALPACA"), shortable=False)]
    ),
)

TWO = msgspec.structs.replace(
    desk(),
    ensemble=Ensemble(
        1,
        tuple(
            Member(name, "", 0.5, is_on=True, parameters={}, bracket={})
            for name in (ACCELERATION, "other")
        ),
    ),
)
BOTH = report(candidate(), candidate(strategy_id="other", strength=0.5))
FULL_TWO = msgspec.structs.replace(TWO, open_trades=(open_trade("MSFT"),))

# fmt: off
REFUSALS: Mapping[RefusalReason, Scene] = {
    RefusalReason.DAY_NOT_STARTED: (GOOD, desk(state=GovernorState()), USUAL),
    RefusalReason.GOVERNOR_HALTED: (GOOD, desk(state=governor(*PAUSED)), USUAL),
    RefusalReason.DONE_TARGET: (GOOD, desk(state=governor(closed("x", 5_000))), USUAL),
    RefusalReason.DONE_LOSS: (GOOD, desk(state=governor(closed("x", -5_000))), USUAL),
    RefusalReason.FLATTENING: (at_time("15:55"), desk(), USUAL),
    RefusalReason.NO_ENTRY_AFTER: (at_time("15:30"), desk(), USUAL),
    RefusalReason.WARMUP: (at_time("09:34"), desk(), USUAL),
    RefusalReason.MAX_TRADES: (
        GOOD, desk(state=governor(planned("x"))), parameters(max_trades_per_day=1)
    ),
    RefusalReason.COOLDOWN: (GOOD, desk(state=COOLING), USUAL),
    RefusalReason.SYMBOL_IN_TRADE: (GOOD, desk(open_trade("AAPL")), TWO_SLOTS),
    RefusalReason.SYMBOL_LOCKED: (GOOD, desk(locked=AAPL), USUAL),
    RefusalReason.SYMBOL_HALTED: (GOOD, desk(halted=AAPL), USUAL),
    RefusalReason.TOO_LATE: (GOOD, desk(late_ns=USUAL.bucket_ns + 1), USUAL),
    RefusalReason.TAPE_INCOMPLETE: (SILENT, desk(), USUAL),
    RefusalReason.NOT_CONFIDENT: (report(candidate(quote=None)), desk(), USUAL),
    RefusalReason.NO_FREE_SLOT: (GOOD, desk(open_trade("MSFT")), USUAL),
    RefusalReason.OUTRANKED: (report(candidate(), candidate("MSFT", score=9.0)), desk(), USUAL),
    RefusalReason.NOT_SHORTABLE: (
        report(candidate(side=Side.SHORT)), LONG_ONLY, ALONE
    ),
    RefusalReason.NO_ROOM: (PENNY, desk(day_has_quotes=False), parameters(min_price=0.01)),
    RefusalReason.NOTIONAL_CAP: (GOOD, desk(open_trade("MSFT", 4_950)), TWO_SLOTS),
    RefusalReason.TOO_SMALL: (GOOD, desk(equity=90), USUAL),
    RefusalReason.OPPOSED: (
        report(candidate(), candidate(strategy_id="other", side=Side.SHORT)), TWO, USUAL
    ),
    RefusalReason.TOO_WEAK: (
        GOOD, desk(), parameters(ensemble_rule="weighted", ensemble_threshold=0.9)
    ),
    RefusalReason.JOINED: (BOTH, FULL_TWO, parameters(ensemble_rule="weighted")),
}
# fmt: on


def test_own_parameters_that_no_longer_go_with_the_accounts_are_refused_not_raised() -> None:
    wide = msgspec.structs.replace(TWO.ensemble.members[1], bracket={"stop_loss_percent": 5.0})
    ensemble = Ensemble(1, (TWO.ensemble.members[0], wide))
    at = msgspec.structs.replace(TWO, ensemble=ensemble)
    (refused,) = decide(report(candidate(strategy_id="other")), at, USUAL, SESSION).verdicts
    assert refused.reason is RefusalReason.NO_ROOM
    assert "do not go with the account's" in refused.detail
    (plan,) = decide(GOOD, at, USUAL, SESSION).plans
    assert plan.value.strategy_id == ACCELERATION


def test_the_table_of_refusals_is_complete() -> None:
    assert set(REFUSALS) == set(RefusalReason)


@pytest.mark.parametrize("reason", REFUSALS)
def test_every_refusal_is_reached_and_says_why(reason: RefusalReason) -> None:
    decision = decide(*REFUSALS[reason], SESSION)
    found = verdict(decision)
    assert (found.approved, found.reason) == (False, reason)
    assert found.detail
    assert "AAPL" not in picks(decision)


def test_a_bucket_without_a_slot_is_a_fact_and_enters_nothing_whoever_is_qualified() -> None:
    silent = BucketIncomplete(NOON, ("S", "TA-TM"))
    assert decide(GOOD, desk(), USUAL, SESSION).plans
    decision = decide(SILENT, desk(), USUAL, SESSION)
    (refused,) = decision.verdicts
    assert (decision.plans, decision.incomplete) == ((), silent)
    assert refused.reason is RefusalReason.TAPE_INCOMPLETE
    assert "slot S, TA-TM" in refused.detail
    nobody = msgspec.structs.replace(SILENT, candidates=())
    assert decide(nobody, desk(), USUAL, SESSION) == BucketDecision(incomplete=silent)


def test_a_good_candidate_becomes_an_approved_plan() -> None:
    decision = decided(candidate())
    (plan,) = decision.plans
    found = verdict(decision)
    assert (found.approved, found.reason, found.rank, found.confidence) == (True, None, 1, 1.0)
    assert (plan.value.side, plan.value.quantity) == (Side.LONG, 49)
    assert plan.value.reference_price == Decimal("100.01")
    assert msgspec.json.decode(msgspec.json.encode(decision), type=BucketDecision) == decision


def test_a_short_is_the_mirror_of_a_long() -> None:
    (plan,) = decided(candidate(side=Side.SHORT), use_market_gravity=False).plans
    assert (plan.value.stop_loss, plan.value.take_profit) == (Decimal("101.49"), Decimal("96.99"))


def test_unqualified_candidates_are_not_judged() -> None:
    assert decided(candidate(qualified=False)) is NOTHING
    assert decided() is NOTHING


# fmt: off
PICKS = [
    # candidates                                                                      pick
    ([candidate("A", score=5.0), candidate("B", score=7.0)],                            "B"),
    ([candidate("A", notional=1e6), candidate("B", notional=2e6)],            "B"),
    ([candidate("B"), candidate("A")],                                                "A"),
    ([candidate("A", score=5.0), candidate("B", score=7.0, quote=None)],                "A"),
    ([candidate("A", score=5.0), candidate("B", score=7.0, side=Side.SHORT)],          "B"),
    ([candidate("A", score=5.0), candidate("B", score=7.0, session_volume=50)],         "A"),
]
# fmt: on


@pytest.mark.parametrize(("candidates", "pick"), PICKS)
def test_the_strongest_confident_one_is_picked(candidates: list[Candidate], pick: str) -> None:
    assert picks(decided(*candidates, use_market_gravity=False)) == [pick]


def test_slots_are_given_by_strength_up_to_the_notional_cap() -> None:
    several = [candidate(symbol, score=z) for symbol, z in (("A", 5.0), ("B", 8.0), ("C", 6.0))]
    room = {"concurrent_trading": True, "max_concurrent": 3}
    decision = decided(*several, **room, max_open_notional=9_000)
    assert picks(decision) == ["B", "C"]
    assert sum(plan.value.notional for plan in decision.plans) <= 9_000
    assert verdict(decision, "A").reason is RefusalReason.NOTIONAL_CAP
    one_left = decided(*several, **room, at=desk(state=governor(*map(planned, "vwxy"))))
    assert picks(one_left) == ["B"]


strengths = st.floats(4, 20)
crowds = st.dictionaries(
    st.text("ABCDEFGH", min_size=1, max_size=3),
    st.tuples(strengths, st.floats(1e5, 1e9), st.sampled_from(["good", "doubtful", "tiny"])),
    max_size=8,
)


def crowd(members: Mapping[str, tuple[float, float, str]]) -> list[Candidate]:
    kinds: dict[str, dict[str, Any]] = {
        "good": {},
        "doubtful": {"vwap": 500.0},
        "tiny": {"session_volume": 10},
    }
    return [
        candidate(symbol, score=score, notional=notional, **kinds[kind])
        for symbol, (score, notional, kind) in members.items()
    ]


@given(members=crowds, slots=st.integers(1, 4))
def test_irrelevant_candidates_do_not_change_the_pick(
    members: Mapping[str, tuple[float, float, str]], slots: int
) -> None:
    concurrent = {"concurrent_trading": slots > 1, "max_concurrent": slots}
    decision = decided(*crowd(members), **concurrent)
    good = {symbol: member for symbol, member in members.items() if member[2] == "good"}
    assert decision.plans == decided(*crowd(good), **concurrent).plans
    assert len(decision.plans) == min(slots, len(good))
    assert [each.symbol for each in decision.verdicts] == sorted(members)
    for each in decision.verdicts:
        assert each.approved is (each.symbol in picks(decision))
        assert each.approved is (each.reason is None)


@given(members=crowds)
def test_a_higher_rank_is_never_weaker(members: Mapping[str, tuple[float, float, str]]) -> None:
    decision = decided(*crowd(members))
    ranked = sorted((each.rank, each.score) for each in decision.verdicts if each.rank is not None)
    assert [rank for rank, _ in ranked] == list(range(1, len(ranked) + 1))
    assert all(stronger >= weaker for (_, stronger), (_, weaker) in pairwise(ranked))
