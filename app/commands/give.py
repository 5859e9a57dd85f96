"""A command on its way: what it would do, given to the log of its run, its answer waited for."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from app.commands.governor_view import GovernorView, chosen_session, governor_view
from app.commands.inbox import DESK_COMMAND
from app.commands.preview import preview
from app.commands.run_symbols import traded_symbols
from app.commands.wishes import ChangeParameters, CloseSymbol, RunWish
from app.redaction import refuse_secrets
from app.runs.chosen_journal import protecting
from engine.domain.commands import (
    AnyCommand,
    CloseTrade,
    FlattenSymbol,
    LockSymbol,
    Resume,
    SetParameters,
)
from engine.domain.errors import ConfigError, NotFoundError, RunError
from engine.domain.facts import (
    Channel,
    CommandAccepted,
    CommandDone,
    CommandReceived,
    CommandRefused,
)
from engine.domain.symbols import near_hint
from engine.journal import Integrity
from store import CommandLog, Journals, SqlJournal


class CommandStatus(StrEnum):
    """How far a command has come."""

    PREVIEW = "preview"
    UNANSWERED = "unanswered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DONE = "done"


class CommandReport(msgspec.Struct, frozen=True):
    """What is to be said of a command to whoever gives it."""

    run_id: str
    command_id: str
    preview: str
    status: CommandStatus
    detail: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A command that was looked at and is not given yet.

    Attributes
    ----------
    over : str or None
        Why the run takes no commands; None if it does.
    refused : str or None
        Why the command is not given: nothing in the run has that symbol.
    loosens : bool
        Whether it takes back a stop for the day: a door that knows who asks has them prove it.
    """

    received: CommandReceived
    journals: Journals
    journal: SqlJournal
    preview: str
    over: str | None
    refused: str | None
    loosens: bool = False

    @property
    def report(self) -> CommandReport:
        """What it would do; nothing is given."""
        confirm = "; confirm with --yes" if self.over is None and self.refused is None else ""
        return self._said(CommandStatus.PREVIEW, f"nothing was given{confirm}")

    def integrity(self) -> Integrity:
        """Return how far the journal holds that the preview was made of."""
        return self.journal.stored.integrity()

    def give(self, timeout_secs: float) -> CommandReport:
        """Write the command into the log of its run, and return what the engine says within a time.

        Raises
        ------
        RunError
            The run is over.
        JournalError
            The log cannot be written.
        """
        put = self.put()
        if put.status is CommandStatus.REFUSED:
            return put
        status, detail = _answer(self.journal, self.received.command_id, timeout_secs)
        if status is CommandStatus.DONE and (nothing := self._found_nothing()) is not None:
            return self._said(CommandStatus.REFUSED, nothing)
        return self._said(status, detail)

    def put(self) -> CommandReport:
        """Write the command into the log of its run and wait for nobody; raises as ``give``."""
        if self.over is not None:
            raise RunError(self.over)
        if self.refused is not None:
            return self._said(CommandStatus.REFUSED, self.refused)
        CommandLog(self.journals, self.journal.run_id).give(self.received)
        return self._said(CommandStatus.UNANSWERED, "it stands in the log of its run")

    def _found_nothing(self) -> str | None:
        """Return that a symbol was flat already, where closing it came to nothing; else None."""
        command = self.received.command
        if not isinstance(command, FlattenSymbol):
            return None
        facts = list(self.journal.facts())
        asked = next(
            fact.seq
            for fact in facts
            if isinstance(fact.payload, CommandReceived)
            and fact.payload.command_id == self.received.command_id
        )
        before = governor_view(self.journal.run_id, facts[:asked]).state
        if any(trade.symbol == command.symbol for trade in before.open_trades):
            return None
        return f"no trade in {command.symbol} was open, and nothing of it is held: nothing to close"

    def _said(self, status: CommandStatus, detail: str) -> CommandReport:
        command_id = self.received.command_id
        return CommandReport(self.journal.run_id, command_id, self.preview, status, detail)


def proposed(
    wish: RunWish,
    *,
    run: str,
    database: str,
    who: str,
    command_id: str | None = None,
    source: str = "tradectl",
) -> Proposal:
    """Return what a wish would do to a run of a database; every door asks here, and gives it there.

    Parameters
    ----------
    command_id : str, optional
        Given again under the same id it is done once; without one it is a new command.
    source : str
        The door that it comes through.

    Raises
    ------
    ConfigError
        The id is the parameter desk's, a text holds a secret, or the symbol to close has several
        open trades.
    NotFoundError
        There is no such database or session, or no open trade in the symbol to close.
    """
    command_id = command_id or uuid.uuid4().hex
    if command_id.startswith(DESK_COMMAND):
        raise ConfigError(f"only the parameter desk gives commands called {DESK_COMMAND}…")
    refuse_secrets(dict(_texts(wish, who, command_id)))
    _, named = chosen_session(database, run)
    journals = Journals.existing(database)
    found = protecting(journals, named)
    journal = journals.open(found.run_id)
    view = governor_view(journal.run_id, journal.facts())
    received = CommandReceived(
        command_id=command_id,
        source=source,
        who=who,
        command=_command(wish, view),
        channel=Channel.COMMAND_LOG,
        stepped_up=False,
    )
    over = None
    if not found.may_go_on:
        over = f"{found.run_id} is {found.status}: it takes no commands any more"
    unknown = _unknown_symbol(received.command, view, journal)
    if over or unknown:
        shown = f"would be refused: {unknown or 'it takes no commands any more'}"
    else:
        shown = preview(received, view)
    loosens = isinstance(received.command, Resume) and view.state.standing.stopped
    return Proposal(received, journals, journal, shown, over, unknown, loosens)


def _unknown_symbol(command: AnyCommand, view: GovernorView, journal: SqlJournal) -> str | None:
    """Return that a symbol is none that a run can trade, with those near it; None if it may be.

    Where a run hears its day from a venue, nobody here knows all that is listed there.
    """
    if not isinstance(command, LockSymbol | FlattenSymbol):
        return None
    symbol = command.symbol
    busy = {trade.symbol for trade in view.state.open_trades}
    known = traded_symbols(journal, view.session.day)
    if known is None or symbol in known | busy:
        return None
    return f"{symbol} is no symbol that {journal.run_id} can trade{near_hint([symbol], known)}"


def _command(wish: RunWish, view: GovernorView) -> AnyCommand:
    """Return the engine's command; what a wish leaves open follows from the run as it stands."""
    match wish:
        case ChangeParameters(values=values, because=because):
            return SetParameters(values, because, view.history.latest)
        case CloseSymbol(symbol=symbol):
            own = [each.trade_id for each in view.state.open_trades if each.symbol == symbol]
            if not own:
                known = ", ".join(each.trade_id for each in view.state.open_trades) or "none"
                raise NotFoundError(f"no trade in {symbol} is open; open are: {known}")
            if len(own) > 1:
                raise ConfigError(f"{symbol} has the trades {', '.join(own)}: close one by its id")
            return CloseTrade(own[0])
        case _:
            return wish


def _texts(wish: RunWish, who: str, command_id: str) -> Iterator[tuple[str, str]]:
    """Yield what was typed and would be kept, by what it is."""
    yield from (("--who", who), ("--id", command_id))
    for name, value in msgspec.structs.asdict(wish).items():
        told = value if isinstance(value, dict) else {name: value}
        yield from ((str(key), str(each)) for key, each in told.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _answer(journal: SqlJournal, command_id: str, timeout_secs: float) -> tuple[CommandStatus, str]:
    """Return the last thing the engine said of a command within the time."""
    said = (
        CommandStatus.UNANSWERED,
        (
            f"no engine has answered in {timeout_secs:g} s: is the run's process up, "
            "'tradectl live' or 'tradectl session'? "
            "The command stays in the log and is carried out when it is resumed"
        ),
    )
    deadline = time.monotonic() + timeout_secs
    for fact in journal.stored.follow(idle_secs=timeout_secs):
        match fact.payload:
            case CommandAccepted(command_id=known) if known == command_id:
                late = f"accepted, but not done in {timeout_secs:g} s; it is still under way"
                said = CommandStatus.ACCEPTED, late
            case CommandRefused(command_id=known, reason=reason) if known == command_id:
                return CommandStatus.REFUSED, reason
            case CommandDone(command_id=known, outcome=outcome) if known == command_id:
                return CommandStatus.DONE, outcome
            case _:
                pass
        if time.monotonic() > deadline:
            break
    return said
