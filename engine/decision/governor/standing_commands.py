"""What is in force: what people have ordered, and trouble; folded from facts."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from engine.domain.commands import (
    AnyCommand,
    CancelEntries,
    CloseTrade,
    FlattenAll,
    FlattenSymbol,
    MoveTradeStop,
    MoveTradeTarget,
    Pause,
    Resume,
    StopEntries,
)
from engine.domain.facts import (
    AnyPayload,
    CommandAccepted,
    CommandDone,
    CommandReceived,
    CommandRefused,
    DayStarted,
    EntriesHeld,
    EntriesReleased,
    SymbolLocked,
    SymbolUnlocked,
)


class Underway(msgspec.Struct, frozen=True):
    """A command that was received and is neither refused nor done."""

    command_id: str
    command: AnyCommand
    accepted: bool = False


class StandingCommands(msgspec.Struct, frozen=True):
    """What is in force because somebody ordered it, or something is wrong.

    Attributes
    ----------
    paused : bool
        Nothing is entered until resumed, over days and restarts.
    stopped : bool
        Nothing is entered for the rest of the day, or until resumed.
    locked : tuple of (str, str)
        Symbols that may not be entered and why, by symbol; over days and restarts.
    troubles : tuple of (str, str)
        What is wrong, and how, by name; nothing is entered until it is over.
    underway : tuple of Underway
        In order of receipt.
    """

    paused: bool = False
    stopped: bool = False
    locked: tuple[tuple[str, str], ...] = ()
    troubles: tuple[tuple[str, str], ...] = ()
    underway: tuple[Underway, ...] = ()

    @property
    def halts_entries(self) -> bool:
        """Whether nothing may be entered."""
        return self.stops_entries or bool(self.troubles)

    @property
    def stops_entries(self) -> bool:
        """Whether somebody has ordered that nothing may be entered."""
        return self.paused or self.stopped

    @property
    def cancels_entries(self) -> bool:
        """Whether every entry that has not been filled is to be cancelled."""
        return any(isinstance(each, CancelEntries | FlattenAll) for each in self._accepted())

    def closes(self, trade_id: str, symbol: str) -> bool:
        """Say whether a trade is to be closed."""
        wanted = (FlattenAll(), FlattenSymbol(symbol), CloseTrade(trade_id))
        return any(command in wanted for command in self._accepted())

    def moves(self, trade_id: str) -> tuple[Underway, ...]:
        """Return the commands to move an order of a trade: of stop and target the first each."""
        found: dict[type[AnyCommand], Underway] = {}
        for each in self.underway:
            match each.command:
                case MoveTradeStop(trade_id=moved) | MoveTradeTarget(trade_id=moved):
                    if each.accepted and moved == trade_id:
                        found.setdefault(type(each.command), each)
                case _:
                    pass
        return tuple(found.values())

    def after(self, payload: AnyPayload) -> StandingCommands:
        """Return what stands after one more fact; most facts are no concern of it."""
        match payload:
            case DayStarted():
                return replace(self, stopped=False)
            case CommandReceived():
                return self._received(payload)
            case CommandAccepted():
                return self._accept(payload.command_id)
            case CommandRefused() | CommandDone():
                return self._without(payload.command_id)
            case SymbolLocked():
                return replace(self, locked=_with(self.locked, payload.symbol, payload.reason))
            case EntriesHeld():
                troubles = _with(self.troubles, payload.trouble, payload.detail)
                return replace(self, troubles=troubles)
            case _:
                return self._released(payload)

    def _released(self, payload: AnyPayload) -> StandingCommands:
        match payload:
            case SymbolUnlocked():
                return replace(self, locked=_without(self.locked, payload.symbol))
            case EntriesReleased():
                return replace(self, troubles=_without(self.troubles, payload.trouble))
            case _:
                return self

    def _accepted(self) -> list[AnyCommand]:
        return [each.command for each in self.underway if each.accepted]

    def _received(self, received: CommandReceived) -> StandingCommands:
        new = Underway(received.command_id, received.command)
        return replace(self, underway=(*self._without(received.command_id).underway, new))

    def _accept(self, command_id: str) -> StandingCommands:
        after = self
        for each in self.underway:
            if each.command_id == command_id:
                after = _in_force(after, each.command)
        underway = tuple(
            replace(each, accepted=True) if each.command_id == command_id else each
            for each in self.underway
        )
        return replace(after, underway=underway)

    def _without(self, command_id: str) -> StandingCommands:
        rest = tuple(each for each in self.underway if each.command_id != command_id)
        return replace(self, underway=rest)


def _in_force(standing: StandingCommands, command: AnyCommand) -> StandingCommands:
    match command:
        case Pause():
            return replace(standing, paused=True)
        case StopEntries() | FlattenAll():
            return replace(standing, stopped=True)
        case Resume():
            return replace(standing, paused=False, stopped=False)
        case _:
            return standing


type _Named = tuple[tuple[str, str], ...]


def _with(entries: _Named, name: str, why: str) -> _Named:
    return tuple(sorted({**dict(entries), name: why}.items()))


def _without(entries: _Named, name: str) -> _Named:
    return tuple(entry for entry in entries if entry[0] != name)
