"""Roof: ``tradectl params set, schedule, rollback, import``: new versions of the parameters."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from cli.figures import shown_value
from cli.options import DEFAULT_CATALOG, DEFAULT_DATABASE, AsJson, CatalogPath, Database
from cli.output import command, emit, progress_console
from cli.parameter_desk import Base, Because, Who, read_desk, write_desk
from cli.params_preview import PreviewFrom, PreviewTo, preview_page, previewed
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from cli.parameter_desk import Answer
    from engine.domain.facts import ParamsChanged
    from engine.domain.parameter_changes import ChangeRefused
    from engine.domain.parameter_versions import ParameterHistory

REFUSED = 2
"""Exit code when everything stays as it is."""

Changes = Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="New values.")]
Preview = Annotated[
    bool, typer.Option("--preview", help="Only show what it would have done; change nothing.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
StepUp = Annotated[
    bool,
    typer.Option("--step-up", help="Confirm a limit that is raised or loosened, or live trading."),
]


@command
def set_values(
    changes: Changes,
    because: Because = "",
    who: Who = "operator",
    base: Base = None,
    preview: Preview = False,
    yes: Yes = False,
    step_up: StepUp = False,
    start: PreviewFrom = None,
    end: PreviewTo = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Change parameters from the next bucket on, all of them or none, after a preview."""
    wish = _Wish(_values(changes), because, who, base, None)
    _change(wish, database, _Asking(preview, yes, step_up, start, end, catalog, as_json))


@command
def schedule(
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE...]", help="New values.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="New York time, or YYYY-MM-DDTHH:MM:SS.")
    ] = None,
    withdraw: Annotated[
        int | None, typer.Option("--withdraw", metavar="VERSION", help="Take one back.")
    ] = None,
    because: Because = "",
    who: Who = "operator",
    base: Base = None,
    preview: Preview = False,
    yes: Yes = False,
    step_up: StepUp = False,
    start: PreviewFrom = None,
    end: PreviewTo = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Change parameters later, take a scheduled change back, or list what is scheduled."""
    from cli.clock import instant

    if withdraw is not None:
        _withdraw(withdraw, because, who, database, as_json=as_json)
    elif not changes:
        _list_scheduled(database, as_json=as_json)
    elif at is None:
        raise ConfigError("say when: --at 15:00, or --at 2026-09-18T15:00 for another day")
    else:
        wish = _Wish(_values(changes), because, who, base, instant(at, date.today()))  # noqa: DTZ011
        _change(wish, database, _Asking(preview, yes, step_up, start, end, catalog, as_json))


@command
def rollback(
    version: Annotated[int, typer.Argument(help="Version whose values are to hold again.")],
    because: Because = "",
    who: Who = "operator",
    base: Base = None,
    preview: Preview = False,
    yes: Yes = False,
    step_up: StepUp = False,
    start: PreviewFrom = None,
    end: PreviewTo = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Make a new version in which everything is as it was in an earlier one."""
    wish = _Wish(version, because, who, base, None)
    _change(wish, database, _Asking(preview, yes, step_up, start, end, catalog, as_json))


@command
def import_values(
    file: Annotated[Path, typer.Argument(help="YAML file with parameters.")],
    because: Because = "",
    who: Who = "operator",
    base: Base = None,
    preview: Preview = False,
    yes: Yes = False,
    step_up: StepUp = False,
    start: PreviewFrom = None,
    end: PreviewTo = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Change every parameter that a YAML file names; the others stay as they are."""
    from cli.parameters_file import read_values

    wish = _Wish(read_values(file), because, who, base, None)
    _change(wish, database, _Asking(preview, yes, step_up, start, end, catalog, as_json))


class _Wish:
    """What somebody wants; ``what`` is new values, or the number of a version to go back to."""

    def __init__(
        self,
        what: dict[str, Any] | int,
        because: str,
        who: str,
        base: int | None,
        effective_ns: int | None,
    ) -> None:
        self.what, self.because, self.who = what, because, who
        self.base, self.effective_ns = base, effective_ns

    def answer(self, history: ParameterHistory, now: int, base: int) -> Answer:
        """Return what becomes of it."""
        from engine.domain.parameter_changes import propose, roll_back

        base = base if self.base is None else self.base
        say: dict[str, Any] = {"base": base, "now": now, "who": self.who, "because": self.because}
        if isinstance(self.what, int):
            return roll_back(history, self.what, **say)
        return propose(history, self.what, effective_ns=self.effective_ns, **say)


class _Asking:
    """How sure the operator is, and which stretch to look at first."""

    def __init__(
        self,
        preview: bool,
        yes: bool,
        step_up: bool,
        start: str | None,
        end: str | None,
        catalog: str,
        as_json: bool,
    ) -> None:
        self.preview, self.yes, self.step_up = preview, yes, step_up
        self.start, self.end, self.catalog, self.as_json = start, end, catalog, as_json


def _change(wish: _Wish, database: str, asking: _Asking) -> None:
    """Show what a wish comes to, ask, and keep it."""
    import time

    from engine.domain.facts import ParamsChanged
    from engine.domain.parameter_changes import ChangeRefused, step_ups

    history = read_desk(database)
    seen = history.latest
    answer = wish.answer(history, time.time_ns(), seen)
    if isinstance(answer, ChangeRefused):
        _refuse(answer, as_json=asking.as_json)
    assert isinstance(answer, ParamsChanged)  # noqa: S101  (a wish never withdraws)
    loosened = step_ups(answer.changes)
    if loosened and not asking.step_up and not asking.preview:
        raise ConfigError(f"{', '.join(loosened)} is raised or loosened: confirm with --step-up")
    shown = _shown_before(answer, history, asking)
    if asking.preview:
        result = {"status": "preview", **_told(answer), "preview": shown}
        emit(result, as_json=asking.as_json, page=lambda console: _page(console, answer, shown))
        return
    if not asking.yes:
        _ask(answer, shown)
    kept, _ = write_desk(
        database, wish.who, lambda now_known, now: wish.answer(now_known, now, seen)
    )
    if isinstance(kept, ChangeRefused):
        _refuse(kept, as_json=asking.as_json)
    assert isinstance(kept, ParamsChanged)  # noqa: S101  (as above)
    result = {"status": "changed", **_told(kept), "preview": shown}
    emit(result, as_json=asking.as_json, page=lambda console: _page(console, kept, None))


def _shown_before(
    answer: ParamsChanged, history: ParameterHistory, asking: _Asking
) -> dict[str, Any] | None:
    """Return the preview; None where it would not be looked at."""
    wanted = asking.preview or not asking.yes or asking.start or asking.end
    if not wanted:
        return None
    before = history.at(answer.effective_ns)
    after = history.after(answer).at(answer.effective_ns)
    return previewed(asking.catalog, before, after, asking.start, asking.end)


def _ask(answer: ParamsChanged, shown: dict[str, Any] | None) -> None:
    if not sys.stdin.isatty():
        raise ConfigError("nobody can be asked here: give --yes to change, or --preview to look")
    _page(progress_console, answer, shown)
    typer.confirm("Change it?", abort=True, err=True)


def _withdraw(version: int, because: str, who: str, database: str, *, as_json: bool) -> None:
    from engine.domain.parameter_changes import ChangeRefused, withdraw

    answer, _ = write_desk(
        database,
        who,
        lambda history, now: withdraw(history, version, now=now, who=who, because=because),
    )
    if isinstance(answer, ChangeRefused):
        _refuse(answer, as_json=as_json)
    emit(
        {"status": "withdrawn", "version": version},
        as_json=as_json,
        page=lambda console: console.print(f"version {version} is withdrawn"),
    )


def _list_scheduled(database: str, *, as_json: bool) -> None:
    import time

    scheduled = read_desk(database).scheduled(time.time_ns())

    def page(console: Console) -> None:
        for change in scheduled:
            _page(console, change, None)
        if not scheduled:
            console.print("nothing is scheduled")

    emit({"scheduled": [_told(change) for change in scheduled]}, as_json=as_json, page=page)


def _values(settings: list[str]) -> dict[str, Any]:
    pairs = [text.partition("=") for text in settings]
    wrong = next((text for text, pair in zip(settings, pairs, strict=True) if not pair[1]), None)
    if wrong is not None:
        raise ConfigError(f"expected KEY=VALUE, found {wrong!r}: write {wrong}=VALUE")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _told(change: ParamsChanged) -> dict[str, Any]:
    import msgspec

    from engine.domain.parameter_changes import step_ups, takes

    told: dict[str, Any] = msgspec.to_builtins(change)
    return told | {
        "takes": {each.name: takes(each.name) for each in change.changes},
        "step_up": list(step_ups(change.changes)),
    }


def _page(console: Console, change: ParamsChanged, shown: dict[str, Any] | None) -> None:
    from cli.clock import new_york
    from engine.domain.parameter_changes import takes

    held = f"from {new_york(change.effective_ns)} New York on"
    why = escape(f"by {change.who}: {change.because}")
    console.print(f"[bold]version {change.version}[/] {held}, {why}")
    for each in change.changes:
        how = takes(each.name).replace("_", " ")
        values = f"{shown_value(each.old)} → [bold]{shown_value(each.new)}[/]"
        console.print(f"  {each.name}: {values}  [dim]{'hot' if how == 'yes' else how}[/]")
    if shown is not None:
        preview_page(console, shown)


def _refuse(refused: ChangeRefused, *, as_json: bool) -> None:
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
