"""Commands to a run that is played: obeyed to the second, verified, and the same when replayed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from app.strategies import hosted
from catalog import Catalog
from engine.accounting import Trade
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
    UnlockSymbol,
)
from engine.domain.errors import JournalError
from engine.domain.facts import (
    BracketPlanned,
    Channel,
    CommandAccepted,
    CommandDone,
    CommandReceived,
    CommandRefused,
    ExitReason,
    Fact,
    FlatVerified,
    OrderUpdated,
    ParamsChanged,
    SymbolLocked,
    TradeClosed,
)
from engine.domain.parameters import parameters_from
from engine.domain.session import NANOS_PER_SECOND, session
from engine.hub import RecordedCommands
from engine.journal import MemoryJournal, ResumedJournal
from engine.runtime import Engine, run_backtest
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import EAGER, Ran, cut_off, run, story

HOURS = session(SYNTHETIC_DAY)
SECOND = NANOS_PER_SECOND


def given(*commands: tuple[int, AnyCommand]) -> RecordedCommands:
    """Return commands that come in at these instants, named by their place from c0 on."""
    journal = MemoryJournal()
    for n, (ts, command) in enumerate(commands):
        received = CommandReceived(
            f"c{n}", "test", "ann", command, channel=Channel.COMMAND_LOG, stepped_up=False
        )
        journal.append(received, ts_event=ts, ts_init=ts)
    return RecordedCommands(journal.facts())


def resume(small: Catalog, left: MemoryJournal, commands: RecordedCommands | None) -> bool:
    """Go on with a run that was cut off; say whether all that was recorded came again."""
    journal = ResumedJournal(left)
    run_backtest(
        small,
        [SYNTHETIC_DAY],
        parameters_from({}, EAGER),
        strategies=hosted().strategies,
        journal=journal,
        starting_balance=Decimal(100_000),
        attendant=commands,
    )
    return journal.caught_up


def payloads[P](facts: Sequence[Fact], kind: type[P]) -> list[tuple[int, P]]:
    return [(fact.ts_event, fact.payload) for fact in facts if isinstance(fact.payload, kind)]


def planned_between(ran: Ran, start: int, end: int) -> list[BracketPlanned]:
    return [plan for ts, plan in payloads(ran.facts, BracketPlanned) if start < ts <= end]


@pytest.fixture(scope="module")
def alone(small: Catalog) -> Ran:
    """Return the day as it is when nobody says a word."""
    return run(small, [SYNTHETIC_DAY])


def _held(ran: Ran) -> list[Trade]:
    """Return the trades that lasted more than a minute."""
    return [trade for trade in ran.outcome.trades if (trade.hold_secs or 0) > 60]


def _whole(ts: int) -> int:
    return ts // SECOND * SECOND


@pytest.fixture(scope="module")
def script(small: Catalog, alone: Ran) -> list[tuple[int, AnyCommand]]:
    """Return commands that meet trades where they are."""
    first = _held(alone)[0]
    flatten = [
        (_whole(first.entry_ts) + 20 * SECOND, FlattenSymbol(first.symbol)),
        (_whole(first.entry_ts) + 21 * SECOND, LockSymbol(first.symbol)),
    ]
    then = run(small, [SYNTHETIC_DAY], attendant=given(*flatten))
    second = next(trade for trade in _held(then) if trade.entry_ts > flatten[1][0])
    return [
        *flatten,
        (_whole(second.entry_ts) + 10 * SECOND, CloseTrade("none such")),
        (_whole(second.entry_ts) + 20 * SECOND, CloseTrade(second.trade_id)),
        (HOURS.at("12:00"), Pause()),
        (HOURS.at("12:30"), SetParameters({"max_hold_seconds": 120}, "calm", 1)),
        (HOURS.at("13:00"), Resume()),
        (HOURS.at("13:00"), CancelEntries()),
        (HOURS.at("14:00"), UnlockSymbol(first.symbol)),
        (HOURS.at("15:00"), FlattenAll()),
    ]


def test_commands_are_obeyed_verified_and_replayed(
    small: Catalog, alone: Ran, script: list[tuple[int, AnyCommand]]
) -> None:
    ran = run(small, [SYNTHETIC_DAY], attendant=given(*script))

    facts = ran.facts
    answered = {payload.command_id for _, payload in payloads(facts, CommandAccepted)}
    refused = [payload for _, payload in payloads(facts, CommandRefused)]
    done = {payload.command_id for _, payload in payloads(facts, CommandDone)}
    assert [each.command_id for each in refused] == ["c2"]
    assert answered == done == {f"c{n}" for n in range(len(script))} - {"c2"}
    came = [(ts, payload.command) for ts, payload in payloads(facts, CommandReceived)]
    assert came == script

    first, second = script[0][1], script[3][1]
    assert isinstance(first, FlattenSymbol)
    assert isinstance(second, CloseTrade)
    out = [end for _, end in payloads(facts, TradeClosed) if end.exit_reason is ExitReason.OPERATOR]
    assert [out[0].symbol, out[1].trade_id] == [first.symbol, second.trade_id]
    (flat, *_) = payloads(facts, FlatVerified)
    assert flat[1].symbol == first.symbol
    assert script[0][0] < flat[0] <= script[0][0] + 5 * SECOND

    assert [lock.symbol for _, lock in payloads(facts, SymbolLocked)] == [first.symbol]
    locked = planned_between(ran, script[1][0], HOURS.at("14:00"))
    assert locked
    assert first.symbol not in {plan.symbol for plan in locked}
    paused = HOURS.at("12:00"), HOURS.at("13:00")
    assert planned_between(alone, *paused)
    assert not planned_between(ran, *paused)
    assert planned_between(ran, HOURS.at("13:00"), HOURS.at("15:00"))
    assert planned_between(alone, HOURS.at("15:00"), HOURS.close_ns)
    assert not planned_between(ran, HOURS.at("15:00"), HOURS.close_ns)
    (change,) = [payload for _, payload in payloads(facts, ParamsChanged)]
    assert (change.version, change.who) == (2, "ann")
    assert {plan.params_version for plan in planned_between(ran, *paused[1:], HOURS.close_ns)} == {
        2
    }

    again = run(small, [SYNTHETIC_DAY], attendant=RecordedCommands(facts))
    assert again.facts[-1].hash == facts[-1].hash
    assert again.outcome.decision_digest == ran.outcome.decision_digest
    assert again.outcome.fill_digest == ran.outcome.fill_digest != alone.outcome.fill_digest
    full = run(small, [SYNTHETIC_DAY], Engine.FULL, attendant=RecordedCommands(facts))
    assert story(full.facts) == story(facts)
    assert full.outcome.fill_digest == ran.outcome.fill_digest


def test_a_stop_and_a_target_are_moved_when_the_venue_has_confirmed_it(
    small: Catalog, alone: Ran
) -> None:
    trade = _held(alone)[0]
    at, side = _whole(trade.entry_ts) + 10 * SECOND, int(trade.side)
    cent = side * Decimal("0.01")
    assert trade.stop_loss is not None
    assert trade.take_profit is not None
    stop = MoveTradeStop(trade.trade_id, trade.stop_loss + cent)
    target = MoveTradeTarget(trade.trade_id, trade.take_profit - cent)
    through = MoveTradeStop(trade.trade_id, trade.take_profit - 2 * cent)
    commands = given((at, stop), (at, target), (at + 10 * SECOND, through))
    ran = run(small, [SYNTHETIC_DAY], attendant=commands)
    facts = ran.facts
    moved = [update for _, update in payloads(facts, OrderUpdated)]
    assert [each.trigger_price for each in moved if each.trigger_price][:1] == [stop.price]
    assert [each.price for each in moved if each.trigger_price is None][:1] == [target.price]
    ends = {end.command_id: end.outcome for _, end in payloads(facts, CommandDone)}
    assert ends == {
        "c0": f"the stop is at {stop.price:f}, confirmed by the venue",
        "c1": f"the target is at {target.price:f}, confirmed by the venue",
    }
    (refused,) = payloads(facts, CommandRefused)
    assert refused[1].command_id == "c2"
    assert refused[1].reason.startswith("not moved: the market is at ")
    confirmed = {payload.command_id: ts for ts, payload in payloads(facts, CommandDone)}
    came = {fact.payload: fact.ts_event for fact in facts if isinstance(fact.payload, OrderUpdated)}
    assert came[moved[0]] <= confirmed["c0"]
    again = run(small, [SYNTHETIC_DAY], Engine.FULL, attendant=RecordedCommands(facts))
    assert story(again.facts) == story(facts)


def test_thresholds_change_while_the_scanner_runs(small: Catalog, alone: Ran) -> None:
    at, stricter = HOURS.at("11:00"), {"min_ac_z": 3, "max_hold_seconds": 120}
    commands = given((at, SetParameters(stricter, "noisy", 1)))
    told = run(small, [SYNTHETIC_DAY], Engine.FULL, attendant=commands)
    ((_, change),) = payloads(told.facts, ParamsChanged)
    known = run(small, [SYNTHETIC_DAY], changes=[change])
    assert change.effective_ns == at + 5 * SECOND
    assert told.outcome.decision_digest == known.outcome.decision_digest
    assert told.outcome.fill_digest == known.outcome.fill_digest
    assert alone.outcome.candidates > known.outcome.candidates > 0


def test_an_attendant_who_is_silent_changes_nothing(small: Catalog, alone: Ran) -> None:
    attended = run(small, [SYNTHETIC_DAY], attendant=given())
    assert attended.outcome.trades
    assert story(attended.facts) == story(alone.facts)


def test_a_run_cut_off_anywhere_goes_on_as_if_it_had_not_been(
    small: Catalog, script: list[tuple[int, AnyCommand]]
) -> None:
    whole = run(small, [SYNTHETIC_DAY], attendant=given(*script)).facts
    accepted = next(n for n, f in enumerate(whole) if isinstance(f.payload, CommandAccepted))
    for cut in (accepted, len(whole) // 2):
        left = cut_off(whole[:cut])
        assert resume(small, left, given(*script))
        assert [fact.hash for fact in left.facts()] == [fact.hash for fact in whole]


def test_a_run_that_goes_another_way_is_not_resumed(
    small: Catalog, script: list[tuple[int, AnyCommand]]
) -> None:
    recorded = run(small, [SYNTHETIC_DAY], attendant=given()).facts
    left = cut_off(recorded)
    with pytest.raises(JournalError, match="played again it is command_received"):
        resume(small, left, given(*script))
    assert len(left) == len(recorded)
