"""A command → granted, with what follows at once, or declined, and when it is done."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import msgspec

from engine.decision.governor.ensemble_answer import changed_ensemble
from engine.decision.governor.move_answer import MoveCommand, move_done, move_refusal
from engine.decision.governor.standing_commands import StandingCommands, Underway
from engine.decision.governor.state import GovernorState
from engine.domain.commands import (
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
    SetWeights,
    StopEntries,
    SwitchStrategy,
    UnlockSymbol,
)
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble
from engine.domain.facts import (
    AnyPayload,
    CommandDone,
    CommandReceived,
    FlatVerified,
    SymbolLocked,
    SymbolUnlocked,
)
from engine.domain.markets.instrument import ALPACA_STOCKS, Instruments
from engine.domain.parameters import parameter_extra
from engine.domain.parameters.changes import ChangeRefused, next_boundary, propose, takes, unproved
from engine.domain.parameters.versions import ParameterHistory

_HOT = ("yes", "step_up_raised", "step_up_loosened")
_TIMED = "late_trade_grace_ms"
"""The clock of a scanner that runs is set to it."""


class Reach(StrEnum):
    """How far a change of parameters can go in a run: each reach includes those before it."""

    DECISIONS = "decisions"
    """The candidates of the day are known already."""
    CANDIDATES = "candidates"
    """The scanner runs along and judges the next bucket by other thresholds."""
    WINDOWS = "windows"
    """The scanner is yet to start, and can keep the buckets that it fills new windows from."""


class DeclineReason(StrEnum):
    """Why a command is not carried out."""

    ALREADY_SO = "already_so"
    NO_SUCH_TRADE = "no_such_trade"
    CHANGE_REFUSED = "change_refused"
    NEEDS_RESTART = "needs_restart"
    NEEDS_STEP_UP = "needs_step_up"
    NO_SUCH_STRATEGY = "no_such_strategy"
    STRATEGY_FAILED = "strategy_failed"
    WRONG_WEIGHT = "wrong_weight"
    NOT_ENTERED = "not_entered"
    OFF_GRID = "off_grid"
    WRONG_SIDE = "wrong_side"


class Granted(msgspec.Struct, frozen=True):
    """A command will be carried out; ``facts`` follow from it at once."""

    facts: tuple[AnyPayload, ...] = ()


class Declined(msgspec.Struct, frozen=True):
    """A command changes nothing: the reason to count by, and the words to read."""

    reason: DeclineReason
    detail: str


def answer(
    received: CommandReceived,
    governor: GovernorState,
    history: ParameterHistory,
    ts: int,
    reach: Reach = Reach.DECISIONS,
    ensemble: Ensemble = ACCELERATION_ALONE,
    failed: Collection[str] = (),
    instruments: Instruments = ALPACA_STOCKS,
) -> Granted | Declined:
    """Return whether a command is carried out at an instant (UTC ns).

    What makes the desk safer, cancelling and flattening, is never declined.

    Parameters
    ----------
    ensemble : Ensemble
        The newest; ``failed`` of its strategies went wrong in this run.
    instruments : Instruments
        What is traded, with its grids of prices.
    """
    standing = governor.standing
    match received.command:
        case Pause() | StopEntries() | Resume() as wish:
            return _entries(wish, standing)
        case (
            CloseTrade(trade_id=trade_id)
            | MoveTradeStop(trade_id=trade_id)
            | MoveTradeTarget(trade_id=trade_id)
        ) if trade_id not in _open(governor):
            known = ", ".join(_open(governor)) or "none"
            detail = f"no trade {trade_id} is open; open are: {known}"
            return Declined(DeclineReason.NO_SUCH_TRADE, detail)
        case MoveTradeStop() | MoveTradeTarget() as wish:
            return _move(wish, received, governor, instruments, ts)
        case LockSymbol() | UnlockSymbol() as wish:
            return _lock(wish, received.who, dict(standing.locked))
        case SetParameters() as wish:
            return _change(wish, received, history, ts, reach)
        case SwitchStrategy() | SetWeights() as wish:
            starts = next_boundary(history.at(ts), ts)
            return _strategies(wish, received.who, ensemble, failed, starts)
        case _:
            return Granted()


def carried_out(
    underway: Underway, governor: GovernorState, live: frozenset[str]
) -> tuple[AnyPayload, ...]:
    """Return the facts that end an accepted command, none while it is under way.

    Parameters
    ----------
    live : frozenset of str
        Symbols on which, as the venue has it, an order works or a position is held.
    """
    done = CommandDone(underway.command_id, "as ordered")
    busy = live | {trade.symbol for trade in governor.open_trades}
    match underway.command:
        case FlattenSymbol(symbol=symbol):
            flat = FlatVerified(symbol), CommandDone(underway.command_id, f"{symbol} is flat")
            return () if symbol in busy else flat
        case FlattenAll():
            flat = FlatVerified(None), CommandDone(underway.command_id, "all is flat")
            return () if busy else flat
        case CloseTrade(trade_id=trade_id):
            return () if trade_id in _open(governor) else (done,)
        case MoveTradeStop() | MoveTradeTarget() as wish:
            trade = next((t for t in governor.open_trades if t.trade_id == wish.trade_id), None)
            outcome = move_done(wish, trade)
            return () if outcome is None else (CommandDone(underway.command_id, outcome),)
        case CancelEntries():
            waiting = any(trade.entered_ns is None for trade in governor.open_trades)
            return () if waiting else (done,)
        case _:
            return (done,)


def _move(
    wish: MoveCommand,
    received: CommandReceived,
    governor: GovernorState,
    instruments: Instruments,
    ts: int,
) -> Granted | Declined:
    """Let a stop or target be moved of a trade that is open."""
    (trade,) = (each for each in governor.open_trades if each.trade_id == wish.trade_id)
    grid = instruments.find(trade.symbol).grid_at(ts)
    refusal = move_refusal(wish, trade, grid, stepped_up=received.stepped_up)
    return Granted() if refusal is None else Declined(DeclineReason(refusal[0]), refusal[1])


def _strategies(
    wish: SwitchStrategy | SetWeights,
    who: str,
    ensemble: Ensemble,
    failed: Collection[str],
    starts: int,
) -> Granted | Declined:
    """Let strategies be switched and weighed from the bucket that ends at an instant."""
    after = changed_ensemble(wish, ensemble, failed)
    if isinstance(after, Ensemble):
        return Granted((after.changed(starts, who, _ordered(wish)),))
    refusal, why = after
    return Declined(DeclineReason(refusal), why)


def _ordered(wish: SwitchStrategy | SetWeights) -> str:
    """Return a command in words, as the fact keeps it."""
    match wish:
        case SwitchStrategy(strategy_id=name, is_on=is_on):
            return f"{name} is switched {'on' if is_on else 'off'} by command"
        case SetWeights(weights=weights):
            return f"weights {', '.join(f'{name}={each:g}' for name, each in weights.items())}"


def _open(governor: GovernorState) -> list[str]:
    return [trade.trade_id for trade in governor.open_trades]


def _entries(wish: Pause | StopEntries | Resume, standing: StandingCommands) -> Granted | Declined:
    match wish:
        case Pause() if standing.paused:
            return _already("entries are paused")
        case StopEntries() if standing.stopped:
            return _already("entries are stopped for the day")
        case Resume() if not standing.stops_entries:
            return _already("entries are neither paused nor stopped")
        case _:
            return Granted()


def _already(what: str) -> Declined:
    return Declined(DeclineReason.ALREADY_SO, what)


def _lock(wish: LockSymbol | UnlockSymbol, who: str, locked: dict[str, str]) -> Granted | Declined:
    symbol, is_locked = wish.symbol, wish.symbol in locked
    match wish:
        case LockSymbol():
            return (
                _already(f"{symbol} is locked {locked[symbol]}")
                if is_locked
                else Granted((SymbolLocked(symbol, f"by {who}"),))
            )
        case UnlockSymbol():
            return (
                Granted((SymbolUnlocked(symbol),))
                if is_locked
                else _already(f"{symbol} is not locked")
            )


def _change(
    wish: SetParameters,
    received: CommandReceived,
    history: ParameterHistory,
    ts: int,
    reach: Reach,
) -> Granted | Declined:
    """Let parameters change that are within reach, and need no proof that is not there."""
    change = propose(
        history,
        wish.values,
        base=wish.base,
        now=ts,
        who=received.who,
        because=wish.because,
        stepped_up=received.stepped_up,
    )
    if isinstance(change, ChangeRefused):
        return Declined(DeclineReason.CHANGE_REFUSED, f"{change.reason}: {change.detail}")
    fixed = [each.name for each in change.changes if not _within(each.name, reach)]
    if fixed:
        return Declined(DeclineReason.NEEDS_RESTART, f"{', '.join(fixed)} {_TO_RESTART[reach]}")
    raised = unproved(change)
    if raised:
        why = "is loosened: that needs the operator to prove who they are"
        return Declined(DeclineReason.NEEDS_STEP_UP, f"{', '.join(raised)} {why}")
    return Granted((change,))


def _within(name: str, reach: Reach) -> bool:
    """Say whether a parameter can change without a restart."""
    if not parameter_extra(name)["scan"]:
        return takes(name) in _HOT
    match reach:
        case Reach.DECISIONS:
            return False
        case Reach.CANDIDATES:
            return takes(name) in _HOT and name != _TIMED
        case Reach.WINDOWS:
            return takes(name) in (*_HOT, "reseed")


_TO_RESTART = {
    Reach.DECISIONS: "cannot change while a recorded day is played: start a session with it",
    Reach.CANDIDATES: "cannot change while the scanner runs: change it with 'tradectl params set', "
    "stop the run and start it again",
    Reach.WINDOWS: "cannot change within a day",
}
