"""Commands that were given to a run: which, by whom, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.commands.give import CommandStatus
from app.commands.governor_view import chosen_session
from app.commands.wishes import ChangeParameters, CloseSymbol, RunWish
from app.runs.chosen_journal import protecting
from engine.domain.commands import AnyCommand, CloseTrade, SetParameters
from engine.domain.errors import NotFoundError
from engine.domain.facts import (
    BracketPlanned,
    CommandAccepted,
    CommandDone,
    CommandReceived,
    CommandRefused,
    Fact,
)
from store import CommandLog, Journals


class GivenCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command and what the engine has said of it; times are UTC ns.

    Attributes
    ----------
    status : CommandStatus
        ``unanswered`` until the engine has taken it up.
    detail : str
        Why it was refused, or what came of it.
    given_ns : int
        When it was written into the log; None of one that came through no log.
    answered_ns : int or None
        When the engine last said something of it, by the run's own time.
    """

    run_id: str
    command_id: str
    source: str
    who: str
    command: AnyCommand
    status: CommandStatus
    detail: str
    given_ns: int | None
    answered_ns: int | None


def given_commands(run: str, database: str) -> tuple[GivenCommand, ...]:
    """Return the commands of a run in the order in which they were given.

    Raises
    ------
    NotFoundError
        There is no such database or session.
    CommandsBroken
        They are not those that were given.
    """
    _, named = chosen_session(database, run)
    journals = Journals.existing(database)
    found = protecting(journals, named)
    facts = journals.open(found.run_id).facts()
    return tuple(_folded(found.run_id, _given(journals, found.run_id), facts))


def given_command(run: str, database: str, command_id: str) -> GivenCommand:
    """Return one command; raises as ``given_commands``, ``NotFoundError`` for one not given."""
    known = given_commands(run, database)
    found = next((each for each in known if each.command_id == command_id), None)
    if found is None:
        raise NotFoundError(f"no command {command_id!r} was given to {run}")
    return found


def is_same(wish: RunWish, given: GivenCommand, database: str) -> bool:
    """Say whether a command was given for what a wish asks for, whatever has happened since."""
    match wish, given.command:
        case ChangeParameters(), SetParameters() as command:
            return (wish.values, wish.because) == (command.values, command.because)
        case CloseSymbol(symbol=symbol), CloseTrade(trade_id=trade_id):
            facts = Journals.existing(database).open(given.run_id).facts()
            return _symbol_of(trade_id, facts) == symbol
        case _:
            return wish == given.command


def _given(journals: Journals, run_id: str) -> list[Fact]:
    try:
        return list(journals.open(CommandLog(journals, run_id).run_id).facts())
    except NotFoundError:
        return []


def _folded(run_id: str, log: Iterable[Fact], facts: Iterable[Fact]) -> Iterable[GivenCommand]:
    given: dict[str, GivenCommand] = {}
    for fact in log:
        if isinstance(fact.payload, CommandReceived):
            given[fact.payload.command_id] = _new(run_id, fact.payload, fact.ts_init)
    for fact in facts:
        payload = fact.payload
        match payload:
            case CommandReceived():
                if payload.command_id not in given:
                    given[payload.command_id] = _new(run_id, payload, None)
                continue
            case CommandAccepted():
                status, detail = CommandStatus.ACCEPTED, "it is under way"
            case CommandRefused():
                status, detail = CommandStatus.REFUSED, payload.reason
            case CommandDone():
                status, detail = CommandStatus.DONE, payload.outcome
            case _:
                continue
        if payload.command_id in given:
            given[payload.command_id] = msgspec.structs.replace(
                given[payload.command_id], status=status, detail=detail, answered_ns=fact.ts_init
            )
    return given.values()


def _new(run_id: str, received: CommandReceived, given_ns: int | None) -> GivenCommand:
    return GivenCommand(
        run_id=run_id,
        command_id=received.command_id,
        source=received.source,
        who=received.who,
        command=received.command,
        status=CommandStatus.UNANSWERED,
        detail="no engine has answered yet",
        given_ns=given_ns,
        answered_ns=None,
    )


def _symbol_of(trade_id: str, facts: Iterable[Fact]) -> str | None:
    for fact in facts:
        if isinstance(fact.payload, BracketPlanned) and fact.payload.trade_id == trade_id:
            return fact.payload.symbol
    return None
