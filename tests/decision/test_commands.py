"""What becomes of each command, by table, and of the day's end when nobody says a word."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.decision import (
    Declined,
    DeclineReason,
    FlattenStep,
    Granted,
    Reach,
    Underway,
    answer,
    carried_out,
    entry_cancel_due,
    entry_refusal,
    exit_due,
    flatness_due,
    flatten_step,
)
from engine.domain.commands import (
    AnyCommand,
    CancelEntries,
    CloseTrade,
    FlattenAll,
    FlattenSymbol,
    LockSymbol,
    MoveTradeStop,
    MoveTradeTarget,
    Pause,
    Resume,
    SetParameters,
    StopEntries,
    UnlockSymbol,
)
from engine.domain.facts import (
    Alarm,
    AlarmRaised,
    AnyPayload,
    Channel,
    CommandDone,
    ExitReason,
    FlatVerified,
    OrderRole,
    OrderUpdated,
    ParamsChanged,
    SymbolLocked,
    SymbolUnlocked,
)
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session
from tests.decision.scene import (
    HALF_DAY,
    NOON,
    PAUSED,
    SESSION,
    closed,
    governor,
    ordered,
    planned,
    received,
)
from tests.decision.test_governor import filled, submitted

ONE, TWO = planned("one"), planned("two", symbol="NVDA")
HELD: list[AnyPayload] = [ONE, submitted("one"), filled("one")]
STOPPED = ordered(StopEntries(), "stop")
LOCK = SymbolLocked("MSFT", "by ann")


def updated(role: OrderRole, price: str) -> OrderUpdated:
    """Return what the venue says of an order of trade one that has another price."""
    is_stop = role is OrderRole.STOP_LOSS
    return OrderUpdated(
        client_order_id=f"one-{role}",
        trade_id="one",
        symbol="MSFT",
        venue="ALPACA",
        account="main",
        quantity=Decimal(50),
        price=None if is_stop else Decimal(price),
        trigger_price=Decimal(price) if is_stop else None,
    )


MOVED = [*HELD, updated(OrderRole.STOP_LOSS, "99")]
NEARER = MoveTradeStop("one", Decimal(99))


def wish(base: int = 1, **values: object) -> SetParameters:
    return SetParameters(values, "calm day", base)


# fmt: off
ANSWERS: list[tuple[list[AnyPayload], AnyCommand, DeclineReason | tuple[AnyPayload, ...]]] = [
    # facts before    command                     declined, or the facts that follow at once
    ([],              Pause(),                    ()),
    (STOPPED,         Pause(),                    ()),
    (PAUSED,          Pause(),                    DeclineReason.ALREADY_SO),
    ([],              Resume(),                   DeclineReason.ALREADY_SO),
    (PAUSED,          Resume(),                   ()),
    (STOPPED,         Resume(),                   ()),
    (PAUSED,          StopEntries(),              ()),
    (STOPPED,         StopEntries(),              DeclineReason.ALREADY_SO),
    ([],              CancelEntries(),            ()),
    ([],              FlattenSymbol("MSFT"),      ()),
    ([],              FlattenAll(),               ()),
    (HELD,            CloseTrade("one"),          ()),
    (HELD,            CloseTrade("two"),          DeclineReason.NO_SUCH_TRADE),
    (HELD,            MoveTradeStop("one", Decimal("98.51")),   ()),
    (HELD,            MoveTradeStop("one", Decimal("98.50")),   DeclineReason.ALREADY_SO),
    (HELD,            MoveTradeStop("one", Decimal("98.49")),   DeclineReason.NEEDS_STEP_UP),
    (HELD,            MoveTradeStop("one", Decimal("98.505")),  DeclineReason.OFF_GRID),
    (HELD,            MoveTradeStop("one", Decimal("NaN")),     DeclineReason.OFF_GRID),
    (HELD,            MoveTradeStop("one", Decimal(103)),       DeclineReason.WRONG_SIDE),
    (HELD,            MoveTradeStop("two", Decimal(99)),        DeclineReason.NO_SUCH_TRADE),
    ([ONE],           MoveTradeStop("one", Decimal(99)),        DeclineReason.NOT_ENTERED),
    (HELD,            MoveTradeTarget("one", Decimal("102.99")), ()),
    (HELD,            MoveTradeTarget("one", Decimal("103.01")), DeclineReason.NEEDS_STEP_UP),
    (HELD,            MoveTradeTarget("one", Decimal("98.50")), DeclineReason.WRONG_SIDE),
    (MOVED,           MoveTradeStop("one", Decimal("98.60")),   DeclineReason.NEEDS_STEP_UP),
    ([],              LockSymbol("MSFT"),         (LOCK,)),
    ([LOCK],          LockSymbol("MSFT"),         DeclineReason.ALREADY_SO),
    ([LOCK],          UnlockSymbol("MSFT"),       (SymbolUnlocked("MSFT"),)),
    ([LOCK],          UnlockSymbol("NVDA"),       DeclineReason.ALREADY_SO),
    ([],              wish(max_hold_seconds=9),   DeclineReason.CHANGE_REFUSED),
    ([],              wish(max_hold_seconds=60),  ()),
    ([],              wish(min_ac_z=3),           DeclineReason.NEEDS_RESTART),
    ([],              wish(letters_per_shard=2),  DeclineReason.NEEDS_RESTART),
    ([],              wish(position_notional=9_000), DeclineReason.NEEDS_STEP_UP),
]
# fmt: on


@pytest.mark.parametrize(("facts", "command", "expected"), ANSWERS)
def test_answer(
    facts: list[AnyPayload],
    command: AnyCommand,
    expected: DeclineReason | tuple[AnyPayload, ...],
) -> None:
    found = answer(received(command), governor(*facts), ParameterHistory(Parameters()), NOON)
    if isinstance(expected, DeclineReason):
        assert isinstance(found, Declined)
        assert found.reason is expected
    elif isinstance(command, SetParameters):
        assert isinstance(found, Granted)
        (change,) = found.facts
        assert isinstance(change, ParamsChanged)
        assert (change.version, change.who, change.effective_ns) == (2, "ann", NOON + 5 * 10**9)
    else:
        assert found == Granted(expected)


# fmt: off
REACHES: list[tuple[SetParameters, list[bool]]] = [
    # change                         in Reach.DECISIONS, CANDIDATES, WINDOWS
    (wish(max_hold_seconds=60),             [True, True, True]),
    (wish(min_ac_z=3),                      [False, True, True]),
    (wish(min_ac_z=3, max_hold_seconds=60), [False, True, True]),
    (wish(late_trade_grace_ms=300),         [False, False, True]),
    (wish(fast_period=6),                   [False, False, True]),
    (wish(letters_per_shard=2),             [False, False, False]),
]
# fmt: on


@pytest.mark.parametrize(("change", "expected"), REACHES)
def test_a_change_goes_as_far_as_its_host_can_follow(
    change: SetParameters, expected: list[bool]
) -> None:
    found = [
        answer(received(change), governor(), ParameterHistory(Parameters()), NOON, reach)
        for reach in Reach
    ]
    assert [isinstance(each, Granted) for each in found] == expected
    declined = [each.reason for each in found if isinstance(each, Declined)]
    assert declined == [DeclineReason.NEEDS_RESTART] * expected.count(False)


def test_a_stop_moves_away_for_who_has_proved_who_they_are() -> None:
    away = received(MoveTradeStop("one", Decimal("98.20")))
    history = ParameterHistory(Parameters())
    assert isinstance(answer(away, governor(*HELD), history, NOON), Declined)
    proved = msgspec.structs.replace(away, stepped_up=True)
    assert answer(proved, governor(*HELD), history, NOON) == Granted()


def test_a_limit_is_loosened_by_who_has_proved_who_they_are_and_by_no_name() -> None:
    loosened = received(wish(position_notional=9_000))
    history = ParameterHistory(Parameters())
    for claimed in (
        msgspec.structs.replace(loosened, source="parameter desk"),
        msgspec.structs.replace(loosened, who="parameter desk"),
        msgspec.structs.replace(loosened, channel=Channel.PARAMETER_DESK),
    ):
        declined = answer(claimed, governor(), history, NOON)
        assert isinstance(declined, Declined)
        assert declined.reason is DeclineReason.NEEDS_STEP_UP
    proved = msgspec.structs.replace(loosened, stepped_up=True)
    granted = answer(proved, governor(), history, NOON)
    assert isinstance(granted, Granted)
    (change,) = granted.facts
    assert isinstance(change, ParamsChanged)
    assert change.stepped_up


MSFT, NVDA = frozenset({"MSFT"}), frozenset({"NVDA"})
NONE: frozenset[str] = frozenset()
CLOSED = [*HELD, closed("one", 10)]
FLAT_MSFT, FLAT_ALL = FlatVerified("MSFT"), FlatVerified(None)
DONE = CommandDone("c1", "as ordered")
CONFIRMED = CommandDone("c1", "the stop is at 99, confirmed by the venue")
OVER = CommandDone("c1", "the trade is over")
MSFT_IS_FLAT, ALL_IS_FLAT = (CommandDone("c1", f"{what} is flat") for what in ("MSFT", "all"))

# fmt: off
ENDS: list[tuple[list[AnyPayload], AnyCommand, frozenset[str], list[AnyPayload]]] = [
    # facts so far     command                the venue has  facts that end it
    ([],               Pause(),               NONE,          [DONE]),
    ([ONE],            CancelEntries(),       MSFT,          []),
    (HELD,             CancelEntries(),       MSFT,          [DONE]),
    (HELD,             FlattenSymbol("MSFT"), MSFT,          []),
    (HELD,             FlattenSymbol("MSFT"), NONE,          []),
    (CLOSED,           FlattenSymbol("MSFT"), MSFT,          []),
    (CLOSED,           FlattenSymbol("MSFT"), NVDA,          [FLAT_MSFT, MSFT_IS_FLAT]),
    (CLOSED,           FlattenAll(),          NVDA,          []),
    ([*CLOSED, TWO],   FlattenAll(),          NONE,          []),
    (CLOSED,           FlattenAll(),          NONE,          [FLAT_ALL, ALL_IS_FLAT]),
    (HELD,             NEARER,                MSFT,          []),
    (MOVED,            NEARER,                MSFT,          [CONFIRMED]),
    (CLOSED,           NEARER,                NONE,          [OVER]),
    (HELD,             CloseTrade("one"),     MSFT,          []),
    (CLOSED,           CloseTrade("one"),     NONE,          [DONE]),
]
# fmt: on


@pytest.mark.parametrize(("facts", "command", "live", "expected"), ENDS)
def test_a_command_ends_when_what_it_ordered_is_seen_at_the_venue(
    facts: list[AnyPayload], command: AnyCommand, live: frozenset[str], expected: list[AnyPayload]
) -> None:
    state = governor(*facts, *ordered(command))
    assert list(carried_out(Underway("c1", command, accepted=True), state, live)) == expected


# fmt: off
ORDERS: list[tuple[AnyCommand, str]] = [
    # command               a trade in MSFT is closed, its entry cancelled, no symbol entered
    (Pause(),                "no entry"),
    (StopEntries(),          "no entry"),
    (CancelEntries(),        "cancel"),
    (FlattenSymbol("MSFT"),  "close cancel"),
    (FlattenSymbol("NVDA"),  ""),
    (FlattenAll(),           "close cancel no entry"),
    (CloseTrade("one"),      "close cancel"),
    (LockSymbol("MSFT"),     ""),
]
# fmt: on


@pytest.mark.parametrize(("command", "expected"), ORDERS)
def test_an_accepted_command_moves_orders_until_it_is_done(
    command: AnyCommand, expected: str
) -> None:
    params = Parameters()
    state = governor(*HELD, *ordered(command))
    (trade,) = state.open_trades
    due = exit_due(trade, state, NOON, params, SESSION)
    assert due is (ExitReason.OPERATOR if "close" in expected else None)
    assert entry_cancel_due(trade, state, NOON, params, SESSION) is ("cancel" in expected)
    refused = entry_refusal(state, "NVDA", NOON, params, SESSION)
    assert (refused is not None) is ("no entry" in expected)
    over = governor(*HELD, *ordered(command), DONE)
    assert exit_due(trade, over, NOON, params, SESSION) is None
    assert not entry_cancel_due(trade, over, NOON, params, SESSION)
    only_received = governor(*HELD, received(command))
    assert exit_due(trade, only_received, NOON, params, SESSION) is None


# fmt: off
STEPS = [
    # session   at          step
    (SESSION,   "15:53:59", None),
    (SESSION,   "15:54",    FlattenStep.CANCEL),
    (SESSION,   "15:55",    FlattenStep.EXIT),
    (SESSION,   "15:57",    FlattenStep.VERIFY),
    (HALF_DAY,  "12:54",    FlattenStep.CANCEL),
    (HALF_DAY,  "12:57",    FlattenStep.VERIFY),
]
# fmt: on


@pytest.mark.parametrize(("day", "at", "step"), STEPS)
def test_the_ladder_goes_down_with_the_clock(
    day: Session, at: str, step: FlattenStep | None
) -> None:
    assert flatten_step(day.at(at), Parameters(), day) is step


ALARM = AlarmRaised(Alarm.NOT_FLAT, "MSFT not flat 120 s after flatten_by 15:55 ET")

# fmt: off
FLATNESS: list[tuple[list[AnyPayload], frozenset[str], str, AnyPayload | None]] = [
    # facts so far        the venue has  at          recorded
    ([],                  NONE,          "15:54:59", None),
    ([],                  NONE,          "15:55",    FLAT_ALL),
    ([FLAT_ALL],          NONE,          "15:55",    None),
    ([FLAT_ALL, *CLOSED], NONE,          "15:55",    FLAT_ALL),
    (HELD,                MSFT,          "15:56:59", None),
    (HELD,                MSFT,          "15:57",    ALARM),
    (CLOSED,              MSFT,          "15:57",    ALARM),
    ([*HELD, ALARM],      MSFT,          "15:58",    None),
    ([*CLOSED, ALARM],    NONE,          "15:58",    FLAT_ALL),
]
# fmt: on


@pytest.mark.parametrize(("facts", "live", "at", "expected"), FLATNESS)
def test_flat_is_verified_once_or_a_person_is_called_once(
    facts: list[AnyPayload], live: frozenset[str], at: str, expected: AnyPayload | None
) -> None:
    found = flatness_due(governor(*facts), live, SESSION.at(at), Parameters(), SESSION)
    assert found == expected
