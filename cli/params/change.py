"""``tradectl params set, schedule, rollback, import``: new versions of the parameters."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from app.clock import instant, new_york
from app.figures import shown_value
from app.parameters.desk import read_desk, refuse_unproved, write_desk
from app.parameters.file import changed_values, read_values
from app.redaction import refuse_secrets
from cli.params.preview import PreviewFrom, PreviewTo, preview_page, previewed
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
from cli.terminal.shared_options import taking
from engine.domain.errors import ConfigError
from engine.domain.exit_codes import ExitCode
from engine.domain.session import day_of

if TYPE_CHECKING:
    from engine.domain.facts import ParamChange, ParamsChanged
    from engine.domain.parameter_changes import ChangeRefused
    from engine.domain.parameter_versions import ParameterHistory

    type Wish = Callable[..., ParamsChanged | ChangeRefused]

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
            "--step-up", help="Confirm a limit that is raised or loosened, or live trading."
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
    """Change parameters from the next bucket on, all of them or none, after a preview."""
    _change(_proposed(changed_values(changes)), asking)


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
    """Change parameters later, take a scheduled change back, or list what is scheduled."""
    if withdraw is not None:
        if changes or at is not None:
            raise ConfigError(
                "either take a change back with --withdraw, or schedule one with --at"
            )
        _cancel_entry(withdraw, asking)
    elif not changes:
        if at is not None:
            raise ConfigError(f"say what is to change at {at}: KEY=VALUE")
        _list_scheduled(asking)
    elif at is None:
        raise ConfigError("say when: --at 15:00, or --at 2026-09-18T15:00 for another day")
    else:
        effective_ns = instant(at, day_of(time.time_ns()))
        _change(_proposed(changed_values(changes), effective_ns), asking)


@taking(Asking)
def rollback(
    asking: Asking,
    version: Annotated[int, typer.Argument(help="Version whose values are to hold again.")],
) -> None:
    """Make a new version in which everything is as it was in an earlier one."""
    from engine.domain.parameter_changes import roll_back

    _change(lambda history, **asked: roll_back(history, version, **asked), asking)


@taking(Asking)
def import_values(
    asking: Asking, file: Annotated[Path, typer.Argument(help="YAML file with parameters.")]
) -> None:
    """Change every parameter that a YAML file names; the others stay as they are."""
    _change(_proposed(read_values(file)), asking)


def _proposed(values: dict[str, Any], effective_ns: int | None = None) -> Wish:
    """Return the wish for new values, none of which is a secret."""
    refuse_secrets({f"parameter {name}": str(value) for name, value in values.items()})

    def wish(history: ParameterHistory, **asked: Any) -> ParamsChanged | ChangeRefused:
        from engine.domain.parameter_changes import propose

        return propose(history, values, effective_ns=effective_ns, **asked)

    return wish


def _change(wish: Wish, asking: Asking) -> None:
    """Show what a wish comes to, ask, and keep it."""
    from engine.domain.parameter_changes import ChangeRefused

    if not (asking.yes or asking.preview or sys.stdin.isatty()):
        raise ConfigError("nobody can be asked here: give --yes to change, or --preview to look")
    seen = read_desk(asking.database)
    because = asking.because or ("a preview" if asking.preview else "")

    def ask(history: ParameterHistory, now: int) -> ParamsChanged | ChangeRefused:
        base = seen.latest if asking.base is None else asking.base
        return wish(
            history,
            base=base,
            now=now,
            who=asking.who,
            because=because,
            stepped_up=asking.step_up,
        )

    answer = ask(seen, time.time_ns())
    if isinstance(answer, ChangeRefused):
        _refuse(answer, as_json=asking.as_json)
    if not asking.preview:
        refuse_unproved(answer)
    shown = _shown_before(answer, seen, asking)
    if asking.preview:
        result = {"status": "preview", **_told(answer), "preview": shown}
        emit(result, as_json=asking.as_json, page=lambda console: _page(console, answer, shown))
        return
    if not asking.yes:
        _page(progress_console, answer, shown)
        typer.confirm("Change it?", abort=True, err=True)
    kept, _ = write_desk(asking.database, asking.who, ask)
    if isinstance(kept, ChangeRefused):
        _refuse(kept, as_json=asking.as_json)
    result = {"status": "changed", **_told(kept), "preview": shown}
    emit(result, as_json=asking.as_json, page=lambda console: _page(console, kept, None))


def _shown_before(
    answer: ParamsChanged, history: ParameterHistory, asking: Asking
) -> dict[str, Any] | None:
    """Return the preview; None where it would not be looked at."""
    wanted = asking.preview or not asking.yes or asking.start or asking.end
    if not wanted:
        return None
    before = history.at(answer.effective_ns)
    after = history.after(answer).at(answer.effective_ns)
    return previewed(asking.catalog, before, after, asking.start, asking.end)


def _cancel_entry(version: int, asking: Asking) -> None:
    from engine.domain.parameter_changes import ChangeRefused, withdraw

    answer, _ = write_desk(
        asking.database,
        asking.who,
        lambda history, now: withdraw(
            history, version, now=now, who=asking.who, because=asking.because
        ),
    )
    if isinstance(answer, ChangeRefused):
        _refuse(answer, as_json=asking.as_json)
    emit(
        {"status": "withdrawn", "version": version},
        as_json=asking.as_json,
        page=lambda console: console.print(f"version {version} is withdrawn"),
    )


def _list_scheduled(asking: Asking) -> None:
    scheduled = read_desk(asking.database).scheduled(time.time_ns())

    def page(console: Console) -> None:
        for change in scheduled:
            _page(console, change, None)
        if not scheduled:
            console.print("nothing is scheduled")

    result = {"scheduled": [_told(change) for change in scheduled]}
    emit(result, as_json=asking.as_json, page=page)


def _told(change: ParamsChanged) -> dict[str, Any]:
    import msgspec

    from engine.domain.parameter_changes import step_ups, takes

    told: dict[str, Any] = msgspec.to_builtins(change)
    return told | {
        "takes": {each.name: takes(each.name) for each in change.changes},
        "step_up": list(step_ups(change.changes)),
    }


def _page(console: Console, change: ParamsChanged, shown: dict[str, Any] | None) -> None:
    from engine.domain.parameter_changes import takes

    held = f"from {new_york(change.effective_ns)} New York on"
    why = escape(f"by {change.who}: {change.because}")
    console.print(f"[bold]version {change.version}[/] {held}, {why}")
    for each in change.changes:
        how = takes(each.name).replace("_", " ")
        console.print(f"  {changed_value(each)}  [dim]{'hot' if how == 'yes' else how}[/]")
    if shown is not None:
        preview_page(console, shown)


def changed_value(change: ParamChange) -> str:
    """Return a parameter's old and new value as markup."""
    old, new = escape(shown_value(change.old)), escape(shown_value(change.new))
    return f"{change.name}: {old} → [bold]{new}[/]"


def _refuse(refused: ChangeRefused, *, as_json: bool) -> NoReturn:
    """Say why nothing was changed, and what the asker had not seen, and end."""

    def page(console: Console) -> None:
        console.print(f"[bold red]refused:[/] {escape(refused.detail)}", highlight=False)
        for change in refused.since:
            _page(console, change, None)

    result = {
        "status": "refused",
        "reason": refused.reason.value,
        "message": refused.detail,
        "since": [_told(change) for change in refused.since],
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
