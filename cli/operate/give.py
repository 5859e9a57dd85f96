"""A command on its way: shown, given to the log of its run, and its answer waited for."""

from __future__ import annotations

import getpass
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import typer
from rich.console import Console

from app.commands.governor_view import chosen_session, governor_view
from app.commands.inbox import DESK_COMMAND
from app.commands.preview import preview
from app.redaction import refuse_secrets
from app.runs.chosen_journal import protecting
from cli.operate.command_options import CommandOptions
from cli.terminal.output import emit, progress_console
from engine.domain.commands import AnyCommand
from engine.domain.errors import ConfigError, RunError
from engine.domain.exit_codes import ExitCode
from engine.domain.facts import (
    Channel,
    CommandAccepted,
    CommandDone,
    CommandReceived,
    CommandRefused,
)
from store import CommandLog, Journals, SqlJournal

REFUSED = ExitCode.FAILED
UNDONE = ExitCode.UNAVAILABLE
"""Exit code when no engine has answered, or not carried the command out, in time."""


def give(command: AnyCommand, asked: CommandOptions) -> None:
    """Show what a command would do, give it when that was confirmed, and print the answer."""
    received = CommandReceived(
        command_id=asked.command_id or uuid.uuid4().hex,
        source="tradectl",
        who=asked.who or getpass.getuser(),
        command=command,
        channel=Channel.COMMAND_LOG,
        stepped_up=False,
    )
    if received.command_id.startswith(DESK_COMMAND):
        raise ConfigError(f"only the parameter desk gives commands called {DESK_COMMAND}…")
    refuse_secrets(dict(_texts(received)))
    _, named = chosen_session(asked.database, asked.run)
    journals = Journals.existing(asked.database)
    run = protecting(journals, named)
    journal = journals.open(run.run_id)
    view = governor_view(journal.run_id, journal.facts())
    over = f"{run.run_id} is {run.status}: it takes no commands any more"
    result: dict[str, Any] = {
        "run_id": journal.run_id,
        "command_id": received.command_id,
        "preview": preview(received, view) if run.may_go_on else f"would be refused: {over}",
        "status": "preview",
        "detail": "nothing was given; confirm with --yes",
    }
    if _is_confirmed(asked, str(result["preview"])):
        if not run.may_go_on:
            raise RunError(over)
        CommandLog(journals, journal.run_id).give(received)
        result |= _answer(journal, received.command_id, asked.timeout_secs)

    def page(console: Console) -> None:
        if result["status"] == "preview":
            console.print(f"{result['run_id']}: {result['preview']}", highlight=False, markup=False)
        console.print(f"{result['status']}: {result['detail']}", highlight=False, markup=False)

    emit(result, as_json=asked.as_json, page=page, integrity=journal.integrity())
    code = {"refused": REFUSED, "accepted": UNDONE, "unanswered": UNDONE}.get(result["status"], 0)
    if code:
        raise typer.Exit(code)


def _texts(received: CommandReceived) -> Iterator[tuple[str, str]]:
    """Yield what was typed and would be kept, by what it is."""
    yield from (("--who", received.who), ("--id", received.command_id))
    for name, value in msgspec.structs.asdict(received.command).items():
        told = value if isinstance(value, dict) else {name: value}
        yield from ((str(key), str(each)) for key, each in told.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _is_confirmed(asked: CommandOptions, what: str) -> bool:
    if asked.yes or not sys.stdin.isatty() or asked.as_json:
        return asked.yes
    progress_console.print(what, highlight=False, markup=False)
    return typer.confirm("Give this command?", err=True)


def _answer(journal: SqlJournal, command_id: str, timeout_secs: float) -> dict[str, str]:
    """Return the last thing the engine said of a command within the time."""
    said = {
        "status": "unanswered",
        "detail": f"no engine has answered in {timeout_secs:g} s: is 'tradectl session' running? "
        "The command stays in the log and is carried out when it is resumed",
    }
    deadline = time.monotonic() + timeout_secs
    for fact in journal.follow(idle_secs=timeout_secs):
        match fact.payload:
            case CommandAccepted(command_id=known) if known == command_id:
                late = f"accepted, but not done in {timeout_secs:g} s; it is still under way"
                said = {"status": "accepted", "detail": late}
            case CommandRefused(command_id=known, reason=reason) if known == command_id:
                return {"status": "refused", "detail": reason}
            case CommandDone(command_id=known, outcome=outcome) if known == command_id:
                return {"status": "done", "detail": outcome}
            case _:
                pass
        if time.monotonic() > deadline:
            break
    return said
