"""Versions of the parameters: whole or not at all, from a bucket on, the same after any replay."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.facts import AnyPayload, ParamsChanged, ParamsWithdrawn
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.parameters.changes import (
    ChangeRefusal,
    ChangeRefused,
    open_desk,
    propose,
    roll_back,
    step_ups,
    withdraw,
)
from engine.domain.parameters.versions import ParameterHistory, desk_history
from engine.domain.session import NANOS_PER_SECOND, session
from engine.journal import MemoryJournal
from tests.signals.tapes import DAY

HOURS = session(DAY)
NOON = HOURS.at("12:00") + 1_234_567_890
BUCKET = 5 * NANOS_PER_SECOND


def changed(history: ParameterHistory, now: int = NOON, **values: Any) -> ParamsChanged:
    """Return a change that must be granted."""
    at = values.pop("at", None)
    proposed = propose(
        history, values, base=history.latest, now=now, who="ann", because="test", effective_ns=at
    )
    assert isinstance(proposed, ParamsChanged), proposed
    return proposed


def refused(answer: object) -> ChangeRefused:
    assert isinstance(answer, ChangeRefused), answer
    return answer


def test_a_change_holds_from_the_next_end_of_a_bucket_on() -> None:
    start = ParameterHistory(Parameters())
    history = start.after(changed(start, min_ac_z=5, vol_floor="2000"))
    boundary = HOURS.at("12:00") + BUCKET
    before, after = history.in_force(boundary - 1), history.in_force(boundary)
    assert (before.version, before.params) == (1, Parameters())
    assert (after.version, after.params.min_ac_z, after.params.vol_floor) == (2, 5, 2_000)
    assert history.changed[0].params_hash == after.params.params_hash()


def test_a_change_that_breaks_a_rule_is_refused_whole() -> None:
    history = ParameterHistory(Parameters())
    values = {"min_ac_z": 5, "take_profit_percent": 1, "fast_period": 40}
    answer = refused(propose(history, values, base=1, now=NOON, who="ann", because="x"))
    assert answer.reason is ChangeRefusal.BREAKS_A_RULE
    assert "fast_period 40 must be below" in answer.detail
    assert "take_profit_percent 1 must be at least" in answer.detail


def test_the_second_of_two_writers_sees_what_changed() -> None:
    start = ParameterHistory(Parameters())
    first = changed(start, min_ac_z=5)
    history = start.after(first)
    answer = refused(propose(history, {"vol_floor": 1}, base=1, now=NOON, who="bob", because="x"))
    assert answer.reason is ChangeRefusal.STALE_BASE
    assert answer.since == (first,)


def test_a_scheduled_change_is_laid_over_what_was_changed_before_it() -> None:
    history = ParameterHistory(Parameters())
    history = history.after(changed(history, at=HOURS.at("15:00"), min_ac_z=6))
    history = history.after(changed(history, vol_floor=7))
    later = history.in_force(HOURS.at("15:00"))
    assert (later.version, later.params.min_ac_z, later.params.vol_floor) == (2, 6, 7)
    assert [each.version for each in history.scheduled(NOON)] == [2, 3]
    assert [each.version for each in history.over(NOON, HOURS.close_ns)] == [1, 3, 2]


def test_a_change_that_a_scheduled_one_could_not_follow_is_refused() -> None:
    history = ParameterHistory(Parameters())
    history = history.after(changed(history, at=HOURS.at("15:00"), fast_period=20))
    answer = refused(propose(history, {"slow_period": 18}, base=2, now=NOON, who="a", because="x"))
    assert answer.reason is ChangeRefusal.BREAKS_A_RULE
    assert "fast_period 20 must be below slow_period 18" in answer.detail


def test_only_what_has_not_taken_effect_can_be_withdrawn() -> None:
    history = ParameterHistory(Parameters())
    history = history.after(changed(history, at=HOURS.at("15:00"), min_ac_z=6))
    late = withdraw(history, 2, now=HOURS.at("15:00"), who="ann", because="x")
    assert refused(late).reason is ChangeRefusal.NO_SUCH_VERSION
    withdrawn = withdraw(history, 2, now=NOON, who="ann", because="no")
    assert isinstance(withdrawn, ParamsWithdrawn)
    history = history.after(withdrawn)
    assert history.at(HOURS.at("15:30")) == Parameters()
    assert history.latest == 2


def test_a_rollback_is_a_new_version() -> None:
    history = ParameterHistory(Parameters())
    history = history.after(changed(history, min_ac_z=5))
    history = history.after(changed(history, NOON + BUCKET, vol_floor=3, fast_period=6))
    later = NOON + 3 * BUCKET
    back = roll_back(history, 2, base=3, now=later, who="ann", because="worse")
    assert isinstance(back, ParamsChanged)
    assert {each.name for each in back.changes} == {"vol_floor", "fast_period"}
    history = history.after(back)
    assert history.latest == 4
    assert history.at(later + BUCKET) == parameters_from({"min_ac_z": 5})
    unknown = roll_back(history, 9, base=4, now=later, who="ann", because="x")
    assert refused(unknown).reason is ChangeRefusal.NO_SUCH_VERSION


@pytest.mark.parametrize(
    ("values", "options", "reason"),
    [
        ({"min_ac_z": 4}, {}, ChangeRefusal.CHANGES_NOTHING),
        ({"min_ac_z": 5}, {"because": " "}, ChangeRefusal.NO_REASON),
        ({"min_ac_z": 5}, {"effective_ns": NOON}, ChangeRefusal.IN_THE_PAST),
        ({"min_acz_": 5, "nope": 1}, {}, ChangeRefusal.BREAKS_A_RULE),
        ({"bucket_seconds": 10}, {}, ChangeRefusal.NEEDS_RESTART),
        ({"bucket_seconds": 10}, {"effective_ns": HOURS.close_ns}, ChangeRefusal.NEEDS_RESTART),
    ],
)
def test_refusals(values: dict[str, Any], options: dict[str, Any], reason: ChangeRefusal) -> None:
    asked: dict[str, Any] = {"base": 1, "now": NOON, "who": "ann", "because": "x"} | options
    assert refused(propose(ParameterHistory(Parameters()), values, **asked)).reason is reason


def test_what_needs_a_restart_may_change_between_sessions() -> None:
    start = ParameterHistory(Parameters())
    change = changed(start, at=HOURS.close_ns + 1, bucket_seconds=10)
    assert start.after(change).at(HOURS.close_ns).bucket_seconds == 5


def test_raised_and_loosened_limits_ask_for_a_step_up() -> None:
    history = ParameterHistory(Parameters())
    loosened = changed(
        history, position_notional=6_000, daily_profit_target_percent=None, min_ac_z=1
    )
    assert set(step_ups(loosened.changes)) == {"position_notional", "daily_profit_target_percent"}
    tightened = changed(history, position_notional=4_000, daily_loss_limit_percent="0.5")
    assert step_ups(tightened.changes) == ()
    live = changed(history, at=HOURS.close_ns + BUCKET, alpaca_trading_mode="live")
    assert step_ups(live.changes) == ("alpaca_trading_mode",)


wishes = st.lists(
    st.tuples(
        st.integers(0, 40 * BUCKET),
        st.fixed_dictionaries(
            {},
            optional={
                "min_ac_z": st.integers(0, 20),
                "fast_period": st.integers(2, 60),
                "slow_period": st.integers(5, 240),
                "take_profit_percent": st.decimals("0.2", 5, places=2),
                "max_hold_seconds": st.sampled_from(["off", 60, 600]),
            },
        ),
        st.none() | st.integers(0, 60 * BUCKET),
        st.sampled_from(["set", "set", "set", "withdraw", "roll back"]),
        st.integers(1, 6),
    ),
    max_size=12,
)


def granted(asked: list[tuple[Any, ...]]) -> tuple[list[AnyPayload], ParameterHistory, list[int]]:
    """Return the facts that wishes lead to, the history they make, and when each was asked for."""
    opened = open_desk(Parameters(), NOON, "ann", "start")
    facts: list[AnyPayload] = [opened]
    history, instants = ParameterHistory(Parameters()), [NOON]
    for after, values, ahead, what, version in sorted(asked, key=lambda wish: wish[0]):
        now = NOON + after
        say: dict[str, Any] = {"now": now, "who": "ann", "because": "x"}
        if what == "withdraw":
            answer = withdraw(history, version, **say)
        elif what == "roll back":
            answer = roll_back(history, version, base=history.latest, **say)
        else:
            at = None if ahead is None else now + ahead
            answer = propose(history, values, base=history.latest, effective_ns=at, **say)
        if isinstance(answer, ParamsChanged | ParamsWithdrawn):
            past = [(each, history.in_force(each)) for each in instants]
            facts.append(answer)
            history = history.after(answer)
            assert all(history.in_force(each) == known for each, known in past)
            instants.append(now)
    return facts, history, instants


@given(asked=wishes)
def test_any_stream_of_changes_replays_to_the_same_parameters(
    asked: list[tuple[Any, ...]],
) -> None:
    facts, history, _ = granted(asked)
    journal = MemoryJournal()
    for payload in facts:
        journal.append(payload, ts_event=NOON, ts_init=NOON)
    again = desk_history(fact.payload for fact in journal.facts())
    assert again is not None
    assert again == history
    assert again.stretches == history.stretches


@given(asked=wishes)
def test_what_is_in_force_changes_only_at_the_ends_of_buckets(
    asked: list[tuple[Any, ...]],
) -> None:
    _, history, _ = granted(asked)
    boundary = NOON - NOON % BUCKET
    for start in range(boundary, boundary + 50 * BUCKET, BUCKET):
        inside = {history.in_force(start + k).version for k in (0, 1, BUCKET // 2, BUCKET - 1)}
        assert len(inside) == 1
    assert all(each.start_ns % BUCKET == 0 for each in history.stretches)
