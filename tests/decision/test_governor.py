"""The day's limits: by table, and as a fold that a restart cannot change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import (
    GovernorPhase,
    GovernorState,
    RefusalReason,
    entry_refusal,
    evolve,
    exit_due,
    phase,
)
from engine.domain.commands import (
    AnyCommand,
    CancelEntries,
    CloseTrade,
    FlattenAll,
    FlattenSymbol,
    Pause,
    Resume,
    StopEntries,
)
from engine.domain.facts import (
    Alarm,
    AlarmRaised,
    AnyPayload,
    CommandAccepted,
    CommandDone,
    CommandRefused,
    DayStarted,
    ExitReason,
    FlatVerified,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderRole,
    OrderSubmitted,
    SymbolLocked,
    SymbolUnlocked,
)
from engine.domain.parameters import Parameters
from engine.domain.parameters.changes import differences, step_ups
from engine.domain.session import NANOS_PER_SECOND, Session
from tests.decision.scene import (
    HALF_DAY,
    PAUSED,
    SESSION,
    closed,
    governor,
    ordered,
    parameters,
    planned,
    received,
)

RESUMED = ordered(Resume(), "resume")
STOPPED = ordered(StopEntries(), "stop")
COMMANDS: list[AnyCommand] = [
    Pause(),
    Resume(),
    StopEntries(),
    CancelEntries(),
    FlattenSymbol("MSFT"),
    FlattenAll(),
    CloseTrade("one"),
]


def submitted(trade_id: str, role: OrderRole = OrderRole.ENTRY) -> OrderSubmitted:
    return OrderSubmitted(
        client_order_id=f"{trade_id}-{role}",
        trade_id=trade_id,
        symbol="MSFT",
        venue="ALPACA",
        account="main",
        role=role,
        number=1,
        order_side="BUY",
        order_type="MARKET",
        quantity=Decimal(50),
        price=None,
        trigger_price=None,
    )


def filled(trade_id: str, role: OrderRole = OrderRole.ENTRY) -> OrderFilled:
    return OrderFilled(
        client_order_id=f"{trade_id}-{role}",
        trade_id=trade_id,
        symbol="MSFT",
        venue="ALPACA",
        account="main",
        role=role,
        order_side="BUY",
        venue_trade_id="V-1",
        last_qty=Decimal(50),
        last_px=Decimal(100),
        commission=Decimal(0),
        liquidity_side="TAKER",
    )


def rejected(trade_id: str, role: OrderRole = OrderRole.ENTRY) -> OrderRejected:
    return OrderRejected(f"{trade_id}-{role}", trade_id, "MSFT", "ALPACA", "main", reason="no")


def canceled(trade_id: str, role: OrderRole = OrderRole.ENTRY) -> OrderCanceled:
    return OrderCanceled(f"{trade_id}-{role}", trade_id, "MSFT", "ALPACA", "main")


ONE, TWO = planned("one"), planned("two", symbol="NVDA")

# fmt: off
PHASES = [
    # facts at 11:00                                        at          phase
    ([],                                                    "09:34:59", GovernorPhase.WARMUP),
    ([],                                                    "09:35",    GovernorPhase.HUNTING),
    ([ONE],                                                 "11:00",    GovernorPhase.IN_TRADE),
    ([ONE, submitted("one"), filled("one")],                "11:00",    GovernorPhase.IN_TRADE),
    ([ONE, closed("one", 10)],                              "11:14:59", GovernorPhase.COOLDOWN),
    ([ONE, closed("one", 10)],                              "11:15",    GovernorPhase.HUNTING),
    ([ONE, submitted("one"), rejected("one")],              "11:14:59", GovernorPhase.COOLDOWN),
    ([ONE, rejected("one")],                                "11:15",    GovernorPhase.HUNTING),
    ([ONE, closed("one", -999)],                            "11:15",    GovernorPhase.HUNTING),
    ([ONE, closed("one", -1_000)],                          "11:15",    GovernorPhase.DONE_LOSS),
    ([ONE, closed("one", 3_000)],                           "11:15",    GovernorPhase.DONE_TARGET),
    ([ONE, TWO, closed("one", 3_000), closed("two", -5_000)], "11:15",  GovernorPhase.DONE_TARGET),
    (PAUSED,                                                "11:15",    GovernorPhase.HALTED),
    ([ONE, closed("one", -1_000), *PAUSED],                    "15:56",    GovernorPhase.HALTED),
    ([*PAUSED, *STOPPED, *RESUMED],                         "11:15",    GovernorPhase.HUNTING),
    ([ONE],                                                 "15:54:59", GovernorPhase.IN_TRADE),
    ([ONE],                                                 "15:55",    GovernorPhase.FLATTENING),
]
# fmt: on


@pytest.mark.parametrize(("facts", "at", "expected"), PHASES)
def test_phase_follows_from_facts_and_clock(
    facts: list[AnyPayload], at: str, expected: GovernorPhase
) -> None:
    assert phase(governor(*facts), SESSION.at(at), Parameters(), SESSION) is expected


WON = [ONE, TWO, closed("one", 10), closed("two", 10)]
LOST = msgspec.structs.replace(closed("two", 10), exit_reason=ExitReason.TRAILING_STOP)


@pytest.mark.parametrize(
    ("facts", "wins", "expected"),
    [
        (WON, "off", None),
        (WON, 3, None),
        (WON, 2, GovernorPhase.DONE_TARGET),
        ([ONE, TWO, closed("one", 10), LOST], 2, None),
        ([ONE, TWO, closed("one", 10), LOST], 1, GovernorPhase.DONE_TARGET),
    ],
)
def test_so_many_trades_at_their_target_end_the_day(
    facts: list[AnyPayload], wins: object, expected: GovernorPhase | None
) -> None:
    params, noon = parameters(stop_after_wins=wins, symbol_cooldown_seconds=0), SESSION.at("12:00")
    state = governor(*facts, planned("three"), params=params)
    assert phase(state, noon, params, SESSION) is (expected or GovernorPhase.IN_TRADE)
    refused = entry_refusal(state, "MSFT", noon, params, SESSION)
    assert (refused and refused.reason) == (expected and RefusalReason(expected))
    (open_trade,) = state.open_trades
    reason = ExitReason.DAY_LIMIT if expected else None
    assert exit_due(open_trade, state, noon, params, SESSION) is reason
    tomorrow = DayStarted(day="2025-09-19", data_hash="", equity=Decimal(100_000))
    assert evolve(state, tomorrow, SESSION.close_ns, params).day_end(params) is None


def test_fewer_wins_end_a_day_that_has_them_and_more_do_not_open_it_again() -> None:
    off, two, three = (parameters(stop_after_wins=wins) for wins in ("off", 2, 3))
    assert governor(*WON, params=off).day_end(two) is GovernorPhase.DONE_TARGET
    assert governor(*WON, params=two).day_end(three) is GovernorPhase.DONE_TARGET
    assert step_ups(differences(two, three)) == step_ups(differences(two, off))
    assert step_ups(differences(two, off)) == ("stop_after_wins",)
    assert step_ups(differences(off, two)) == step_ups(differences(three, two)) == ()


COOLING = [ONE, closed("one", 0)]

# fmt: off
ENTRIES = [
    # facts      changes                     session    at          symbol   reason
    ([],         {},                         SESSION,   "09:34:59", "MSFT",  "warmup"),
    ([],         {},                         SESSION,   "15:29:59", "MSFT",  None),
    ([],         {},                         SESSION,   "15:30",    "MSFT",  "no_entry_after"),
    ([],         {},                         SESSION,   "15:55",    "MSFT",  "flattening"),
    ([ONE, TWO], {"max_trades_per_day": 2},  SESSION,   "11:00",    "MSFT",  "max_trades"),
    (COOLING,    {},                         SESSION,   "11:01",    "MSFT",  "cooldown"),
    (COOLING,    {},                         SESSION,   "11:01",    "NVDA",  None),
    ([],         {},                         HALF_DAY,  "11:00",    "MSFT",  "day_not_started"),
]
# fmt: on


@pytest.mark.parametrize(("facts", "changes", "day", "at", "symbol", "reason"), ENTRIES)
def test_entry_is_refused(
    facts: list[AnyPayload],
    changes: dict[str, Any],
    day: Session,
    at: str,
    symbol: str,
    reason: str | None,
) -> None:
    found = entry_refusal(governor(*facts), symbol, day.at(at), parameters(**changes), day)
    assert (found and found.reason) == reason


# fmt: off
HALF_DAYS = [
    # no_entry_after  at          reason
    ("15:30",         "12:29:59", None),
    ("15:30",         "12:30",    RefusalReason.NO_ENTRY_AFTER),
    ("15:30",         "12:55",    RefusalReason.FLATTENING),
    ("11:00",         "10:59:59", None),
    ("11:00",         "11:00",    RefusalReason.NO_ENTRY_AFTER),
    ("12:59",         "12:53:59", None),
    ("12:59",         "12:54:40", RefusalReason.NO_ENTRY_AFTER),  # entries are being cancelled
]
# fmt: on


@pytest.mark.parametrize(("no_entry_after", "at", "reason"), HALF_DAYS)
def test_a_half_day_keeps_the_distance_from_its_close(
    no_entry_after: str, at: str, reason: RefusalReason | None
) -> None:
    params = parameters(no_entry_after=no_entry_after)
    start = DayStarted(day=HALF_DAY.day.isoformat(), data_hash="", equity=Decimal(100_000))
    state = evolve(GovernorState(), start, HALF_DAY.open_ns, params)
    found = entry_refusal(state, "MSFT", HALF_DAY.at(at), params, HALF_DAY)
    assert (found and found.reason) == reason


def test_an_entry_that_ends_without_a_fill_gives_its_slot_back() -> None:
    planned_one = governor(ONE, submitted("one"))
    assert (planned_one.trades, len(planned_one.open_trades)) == (1, 1)
    for ended in (rejected("one"), canceled("one")):
        state = governor(ONE, submitted("one"), ended)
        assert (state.trades, state.open_trades) == (0, ())


def test_a_leg_that_ends_or_an_entry_partly_filled_keeps_the_trade_open() -> None:
    leg = governor(ONE, submitted("one"), rejected("one", OrderRole.STOP_LOSS))
    rest = governor(ONE, submitted("one"), filled("one"), canceled("one"))
    for state in (leg, rest):
        assert [trade.trade_id for trade in state.open_trades] == ["one"]
        assert state.trades == 1


def test_a_new_day_forgets_the_result_but_not_a_pause_a_lock_or_an_open_trade() -> None:
    lock = SymbolLocked("MSFT", "by ann")
    state = governor(ONE, TWO, closed("one", -2_000), *PAUSED, *STOPPED, lock)
    following = DayStarted(day="2025-09-19", data_hash="", equity=Decimal(98_000))
    state = evolve(state, following, SESSION.close_ns, Parameters())
    assert (state.realized_pnl, state.trades, state.done, state.cooldowns) == (0, 0, None, ())
    standing = state.standing
    assert (standing.paused, standing.stopped, standing.locked) == (
        True,
        False,
        (("MSFT", "by ann"),),
    )
    assert [trade.trade_id for trade in state.open_trades] == ["two"]


trade_ids = st.sampled_from(["one", "two", "three"])
command_ids = st.sampled_from(["c1", "c2", "c3"])
commands = st.sampled_from(COMMANDS)
payloads = st.one_of(
    st.just(DayStarted(day="2025-09-18", data_hash="", equity=Decimal(100_000))),
    st.builds(received, commands, command_ids),
    command_ids.map(CommandAccepted),
    st.builds(CommandDone, command_ids, st.just("done")),
    st.builds(CommandRefused, command_ids, st.just("no")),
    st.just(SymbolLocked("MSFT", "by ann")),
    st.just(SymbolUnlocked("MSFT")),
    st.just(FlatVerified(None)),
    st.just(AlarmRaised(Alarm.NOT_FLAT, "MSFT")),
    trade_ids.map(planned),
    trade_ids.map(submitted),
    trade_ids.map(filled),
    trade_ids.map(rejected),
    trade_ids.map(canceled),
    st.builds(closed, trade_ids, st.integers(-2_000, 4_000)),
)
histories = st.lists(st.tuples(payloads, st.integers(0, 600)), max_size=40)


def replay(state: GovernorState, history: list[tuple[AnyPayload, int]], ts: int) -> GovernorState:
    for payload, later_secs in history:
        ts += later_secs * NANOS_PER_SECOND
        state = evolve(state, payload, ts, Parameters())
    return state


@given(history=histories, cut=st.integers(0, 40))
def test_a_restart_anywhere_gives_the_same_state(
    history: list[tuple[AnyPayload, int]], cut: int
) -> None:
    whole = replay(GovernorState(), history, SESSION.open_ns)
    before, after = history[:cut], history[cut:]
    stored = msgspec.json.encode(replay(GovernorState(), before, SESSION.open_ns))
    elapsed = sum(secs for _, secs in before) * NANOS_PER_SECOND
    resumed = msgspec.json.decode(stored, type=GovernorState)
    assert replay(resumed, after, SESSION.open_ns + elapsed) == whole


@given(history=histories)
def test_a_limit_once_reached_holds_for_the_day(history: list[tuple[AnyPayload, int]]) -> None:
    state, done = GovernorState(), None
    for payload, _ in history:
        state = evolve(state, payload, SESSION.at("11:00"), Parameters())
        done = None if isinstance(payload, DayStarted) else done or state.done
        assert state.done is done
        if state.done is not None and state.day:
            found = entry_refusal(state, "TSLA", SESSION.at("12:00"), Parameters(), SESSION)
            assert found is not None
