"""``tradectl params set, schedule, rollback, import``: new versions of the parameters."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from app.clock import instant, new_york
from app.parameters.file import changed_values, read_values
from app.redaction import refuse_secrets
from cli.params.preview_page import preview_page
from cli.params.value_change import changed_value
from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    AsJson,
    Base,
    Because,
    CatalogPath,
    Database,
    Who,
)
from cli.terminal.output import emit, progress_console
from cli.terminal.progress import recording
from cli.terminal.shared_options import taking
from engine.domain.errors import ConfigError
from engine.domain.exit_codes import ExitCode
from engine.domain.session import day_of

if TYPE_CHECKING:
    from app.parameters.change import ChangeWish
    from app.parameters.preview import ChangePreview
    from engine.domain.facts import ParamsChanged
    from engine.domain.parameters.changes import ChangeRefused

PreviewFrom = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Preview from here: YYYY-MM-DDTHH:MM, New York; by default the half hour from 10:00 "
        "of the last stored day.",
    ),
]
PreviewTo = Annotated[
    str | None,
    typer.Option("--to", help="Preview up to here; half an hour after --from by default."),
]

REFUSED = ExitCode.CONFIG
"""Exit code when everything stays as it is."""

Changes = Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="New values.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks for a change and why, how sure they are, and which stretch to look at first."""

    because: Because = ""
    who: Who = "operator"
    base: Base = None
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Only show what it would have done; change nothing."),
    ] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
    step_up: Annotated[
        bool,
        typer.Option(
            "--step-up",
            help="Confirm more risk: a limit raised or loosened, live trading.",
        ),
    ] = False
    start: PreviewFrom = None
    end: PreviewTo = None
    catalog: CatalogPath = DEFAULT_CATALOG
    database: Database = DEFAULT_DATABASE
    as_json: AsJson = False

    def __post_init__(self) -> None:
        refuse_secrets({"--because": self.because, "--who": self.who})


@taking(Asking)
def set_values(asking: Asking, changes: Changes) -> None:
    """Change parameters of live runs, now and later, all of them or none.

    Backtests, scans, sessions and rehearsals go by them with --params desk.

    Example: tradectl params set min_ac_z=3 --because calmer --yes
    """
    from app.parameters.change import new_values

    _change(new_values(changed_values(changes)), asking)


@taking(Asking)
def schedule(
    asking: Asking,
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE...]", help="New values.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="New York time, or YYYY-MM-DDTHH:MM:SS.")
    ] = None,
    withdraw: Annotated[
        int | None, typer.Option("--withdraw", metavar="VERSION", help="Take one back.")
    ] = None,
) -> None:
    """Change parameters later, take a scheduled change back, or list what is scheduled.

    Example: tradectl params schedule max_trades_per_day=3 --at 15:00
    """
    from app.parameters.change import new_values

    if withdraw is not None:
        if changes or at is not None:
            raise ConfigError(
                "either take a change back with --withdraw, or schedule one with --at"
            )
        _withdraw(withdraw, asking)
    elif not changes:
        if at is not None:
            raise ConfigError(f"say what is to change at {at}: KEY=VALUE")
        _list_scheduled(asking)
    elif at is None:
        raise ConfigError("say when: --at 15:00, or --at 2026-09-18T15:00 for another day")
    else:
        effective_ns = instant(at, day_of(time.time_ns()))
        _change(new_values(changed_values(changes), effective_ns), asking)


@taking(Asking)
def rollback(
    asking: Asking,
    version: Annotated[int, typer.Argument(help="Version whose values are to hold again.")],
) -> None:
    """Make a new version in which everything is as it was in an earlier one.

    Example: tradectl params rollback 3 --because "too tight"
    """
    from app.parameters.change import values_of

    _change(values_of(version), asking)


@taking(Asking)
def import_values(
    asking: Asking, file: Annotated[Path, typer.Argument(help="YAML file with parameters.")]
) -> None:
    """Change every parameter that a YAML file names; the others stay as they are.

    Example: tradectl params import mine.yaml --because new
    """
    from app.parameters.change import new_values

    _change(new_values(read_values(file)), asking)


def _change(wish: ChangeWish, asking: Asking) -> None:
    """Show what a wish comes to, ask, and keep it."""
    from app.parameters.change import Asker, ChangeProposal
    from engine.domain.parameters.changes import ChangeRefused

    if not (asking.yes or asking.preview or sys.stdin.isatty()):
        raise ConfigError("nobody can be asked here: give --yes to change, or --preview to look")
    asker = Asker(
        who=asking.who,
        because=asking.because or ("a preview" if asking.preview else ""),
        base=asking.base,
        stepped_up=asking.step_up,
    )
    proposal = ChangeProposal(asking.database, wish, asker)
    answer = proposal.answer
    if isinstance(answer, ChangeRefused):
        _refuse(answer, as_json=asking.as_json)
    if not asking.preview:
        proposal.refuse_unproved()
    shown = None
    if asking.preview or not asking.yes or asking.start or asking.end:
        shown = proposal.preview(asking.catalog, asking.start, asking.end, recording)
    if asking.preview:
        _emit_change("preview", answer, shown, asking, drawn=shown)
        return
    if not asking.yes:
        _page(progress_console, answer, shown)
        typer.confirm("Change it?", abort=True, err=True)
    kept = proposal.keep()
    if isinstance(kept, ChangeRefused):
        _refuse(kept, as_json=asking.as_json)
    _emit_change("changed", kept, shown, asking, drawn=None)


def _emit_change(
    status: str,
    change: ParamsChanged,
    shown: ChangePreview | None,
    asking: Asking,
    *,
    drawn: ChangePreview | None,
) -> None:
    """Print a change with its preview; on a page only where it is ``drawn``."""
    import msgspec

    from app.parameters.change import change_row

    result = {"status": status, **change_row(change), "preview": msgspec.to_builtins(shown)}
    emit(result, as_json=asking.as_json, page=lambda console: _page(console, change, drawn))


def _withdraw(version: int, asking: Asking) -> None:
    from app.parameters.change import withdraw_scheduled

    refused = withdraw_scheduled(asking.database, version, asking.who, asking.because)
    if refused is not None:
        _refuse(refused, as_json=asking.as_json)
    emit(
        {"status": "withdrawn", "version": version},
        as_json=asking.as_json,
        page=lambda console: console.print(f"version {version} is withdrawn"),
    )


def _list_scheduled(asking: Asking) -> None:
    from app.parameters.change import change_row, scheduled_changes

    scheduled = scheduled_changes(asking.database)

    def page(console: Console) -> None:
        for change in scheduled:
            _page(console, change, None)
        if not scheduled:
            console.print("nothing is scheduled")

    result = {"scheduled": [change_row(change) for change in scheduled]}
    emit(result, as_json=asking.as_json, page=page)


def _page(console: Console, change: ParamsChanged, shown: ChangePreview | None) -> None:
    from app.parameters.takes_effect import takes_effect
    from engine.domain.parameters.changes import takes

    held = f"from {new_york(change.effective_ns)} New York on"
    why = escape(f"by {change.who}: {change.because}")
    console.print(f"[bold]version {change.version}[/] {held}, {why}")
    for each in change.changes:
        console.print(
            f"  {changed_value(each)}  [dim]takes effect {takes_effect(takes(each.name))}[/]"
        )
    if shown is not None:
        preview_page(console, shown)


def _refuse(refused: ChangeRefused, *, as_json: bool) -> NoReturn:
    """Say why nothing was changed, and what the asker had not seen, and end."""
    from app.parameters.change import change_row, refusal_message

    message = refusal_message(refused)

    def page(console: Console) -> None:
        console.print(f"[bold red]refused:[/] {escape(message)}", highlight=False)
        for change in refused.since:
            _page(console, change, None)

    result = {
        "status": "refused",
        "reason": refused.reason.value,
        "message": message,
        "since": [change_row(change) for change in refused.since],
    }
    emit(result, as_json=as_json, page=page)
    raise typer.Exit(REFUSED)


COMMANDS: dict[str, Callable[..., None]] = {
    "set": set_values,
    "schedule": schedule,
    "rollback": rollback,
    "import": import_values,
}
"""By the name under which ``tradectl params`` knows them."""
