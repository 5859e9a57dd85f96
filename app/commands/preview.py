"""What a command would do to a run as its journal has it now."""

from __future__ import annotations

from collections.abc import Sequence

from app.commands.governor_view import GovernorView, strategies_in_words
from engine.decision import Declined, OpenTrade, Reach, answer
from engine.domain.commands import (
    CancelEntries,
    CloseTrade,
    Command,
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
from engine.domain.ensemble import Ensemble
from engine.domain.facts import CommandReceived, EnsembleChanged, ParamsChanged

_PLAIN: dict[type[Command], str] = {
    Pause: "nothing is entered until resumed; what is open stays managed",
    Resume: "entries are allowed again",
    StopEntries: "nothing is entered for the rest of the day",
    LockSymbol: "the symbol is not entered until it is unlocked",
    UnlockSymbol: "the symbol may be entered again",
}


def preview(received: CommandReceived, view: GovernorView) -> str:
    """Return in one line what would happen; the engine decides anew when the command arrives.

    It knows how far parameters can change in it, which is taken for granted here.
    """
    answered = answer(
        received,
        view.state,
        view.history,
        view.now,
        Reach.CANDIDATES,
        view.ensemble,
        view.failed,
    )
    if isinstance(answered, Declined):
        return f"would be refused: {answered.detail}"
    trades = view.state.open_trades
    command = received.command
    match command:
        case CancelEntries():
            told = f"cancels {_named([each for each in trades if each.entered_ns is None])}"
        case FlattenSymbol(symbol=symbol):
            own = [each for each in trades if each.symbol == symbol]
            told = f"cancels and closes {_named(own)} until {symbol} is verified flat"
        case FlattenAll():
            told = f"stops entries, cancels and closes {_named(trades)} until all is verified flat"
        case CloseTrade(trade_id=trade_id):
            told = f"closes {trade_id}"
        case MoveTradeStop(trade_id=trade_id, price=price):
            told = f"moves the stop of {trade_id} to {price:f}{_from(trade_id, view, 'stop')}"
        case MoveTradeTarget(trade_id=trade_id, price=price):
            told = f"moves the target of {trade_id} to {price:f}{_from(trade_id, view, 'target')}"
        case SetParameters():
            versions = [each for each in answered.facts if isinstance(each, ParamsChanged)]
            changes = [each for version in versions for each in version.changes]
            told = ", ".join(f"{each.name} {each.old} → {each.new}" for each in changes)
        case SwitchStrategy() | SetWeights():
            told = "; ".join(
                f"strategies from the next bucket on: {strategies_in_words(Ensemble.of(each))}"
                for each in answered.facts
                if isinstance(each, EnsembleChanged)
            )
        case _:
            told = _PLAIN[type(command)]
    return told


def _named(trades: Sequence[OpenTrade]) -> str:
    return ", ".join(each.trade_id for each in trades) or "nothing at present"


def _from(trade_id: str, view: GovernorView, what: str) -> str:
    (trade,) = (each for each in view.state.open_trades if each.trade_id == trade_id)
    return f" from {getattr(trade, what):f}"
