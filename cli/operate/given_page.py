"""A command shown before it is given, confirmed, given, and its answer printed: for every door."""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database, SessionName
from cli.terminal.output import emit, progress_console
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from app.commands.give import CommandReport
    from app.commands.wishes import RunWish

REFUSED = ExitCode.FAILED
UNDONE = ExitCode.UNAVAILABLE
"""Exit code when no engine has answered, or not carried the command out, in time."""

_CODES = {"refused": REFUSED, "accepted": UNDONE, "unanswered": UNDONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOptions:
    """Whom a command is for, who gives it and how long they wait."""

    run: SessionName = "latest"
    database: Database = DEFAULT_DATABASE
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            "-y",
            help="Give it without asking. Without --yes a terminal asks, a script only shows it.",
        ),
    ] = False
    who: Annotated[
        str | None, typer.Option("--who", help="Who gives it; the system's user by default.")
    ] = None
    command_id: Annotated[
        str | None,
        typer.Option(
            "--id", help="Name of this command: given again under the same name, it is done once."
        ),
    ] = None
    timeout_secs: Annotated[
        float, typer.Option("--timeout", metavar="SECS", min=0.1, help="How long to wait for it.")
    ] = 30
    as_json: AsJson = False


def give(wish: RunWish, asked: CommandOptions) -> None:
    """Show what a wish would do, give it when that was confirmed, and print the answer."""
    import msgspec

    from app.commands.give import proposed

    proposal = proposed(
        wish,
        run=asked.run,
        database=asked.database,
        who=asked.who or getpass.getuser(),
        command_id=asked.command_id,
    )
    report = proposal.report
    if _is_confirmed(asked, report.preview):
        report = proposal.give(asked.timeout_secs)
    emit(
        msgspec.structs.asdict(report),
        as_json=asked.as_json,
        page=lambda console: _page(console, report),
        integrity=proposal.integrity(),
    )
    if code := _CODES.get(report.status, 0):
        raise typer.Exit(code)


def _page(console: Console, report: CommandReport) -> None:
    from engine.decision.plain_reason import refusal_in_words

    if report.status == "preview":
        console.print(f"{report.run_id}: {report.preview}", highlight=False, markup=False)
    detail = refusal_in_words(report.detail) if report.status == "refused" else report.detail
    console.print(f"{report.status}: {detail}", highlight=False, markup=False)


def _is_confirmed(asked: CommandOptions, what: str) -> bool:
    if asked.yes or not sys.stdin.isatty() or asked.as_json:
        return asked.yes
    progress_console.print(what, highlight=False, markup=False)
    return typer.confirm("Give this command?", err=True)
