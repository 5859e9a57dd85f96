"""``tradectl params``: what holds, what held, and whether a file is right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import to_builtins
from rich.console import Console
from rich.markup import escape

from app.figures import shown_value
from cli.params.value_change import changed_value
from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database, ParamsFile, SetParams
from cli.terminal.output import command, emit, say

if TYPE_CHECKING:
    from app.parameters.show import ComingChange, ParameterRow

app = typer.Typer(help="Show, change, schedule and check parameters.", no_args_is_help=True)

_SHOWN = (
    ("parameter", None),
    ("value", None),
    ("default", None),
    ("range", 12),
    ("takes effect", 14),
    ("meaning", 20),
)
"""Headings of a page, and down to how many characters each may be wrapped."""

Version = Annotated[
    int | None, typer.Option("--version", min=1, help="This version; the one in force by default.")
]


@app.command()
@command
def show(
    params: ParamsFile = None,
    set_params: SetParams = None,
    version: Version = None,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Show every parameter with its value, default, range, unit and meaning.

    Those of the database; with --params or --set, of a file and as set there.

    Example: tradectl params show --set min_ac_z=3
    """
    from app.parameters.show import shown_parameters

    shown = shown_parameters(database, version, params, set_params)
    _say_coming(shown.coming)

    def page(console: Console) -> None:
        _show_table(console, shown.parameters)
        held = "" if shown.version is None else f"version {shown.version}, "
        console.print(f"{held}params {shown.params_hash}, scan {shown.scan_hash}")

    emit(to_builtins(shown), as_json=as_json, page=page)


@app.command()
@command
def get(
    key: Annotated[str, typer.Argument(help="A parameter, in any spelling.")],
    version: Version = None,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Print the value of one parameter.

    Example: tradectl params get min_ac_z
    """
    from app.parameters.show import shown_parameter

    shown = shown_parameter(database, version, key)
    value = shown_value(shown.row.value)
    _say_coming(shown.coming)
    emit(
        shown.told(),
        as_json=as_json,
        page=lambda console: console.print(value, highlight=False, markup=False, soft_wrap=True),
    )


@app.command()
@command
def diff(
    before: Annotated[int, typer.Argument(min=1, help="A version; the first by default.")] = 1,
    after: Annotated[
        int | None, typer.Argument(min=1, help="Another; the one in force by default.")
    ] = None,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions.

    Example: tradectl params diff 1 3
    """
    from app.parameters.show import version_difference

    found = version_difference(database, before, after)

    def page(console: Console) -> None:
        console.print(f"version {found.before} → version {found.after}")
        for each in found.changes:
            console.print(f"  {changed_value(each)}")

    emit(to_builtins(found), as_json=as_json, page=page)


@app.command()
@command
def history(database: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List the versions, the newest first: since when, by whom, what and why.

    Example: tradectl params history
    """
    from app.clock import new_york
    from app.parameters.show import kept_versions

    versions = kept_versions(database)

    def page(console: Console) -> None:
        for each in versions:
            change = each.change
            taken = " [red](withdrawn)[/]" if each.withdrawn else ""
            since = new_york(change.effective_ns)
            console.print(
                f"[bold]{change.version}[/]{taken} since {since}, "
                + escape(f"{change.who}: {change.because}")
            )
            for value in change.changes:
                console.print(f"    {changed_value(value)}")
        console.print("[bold]1[/] the defaults")

    emit({"versions": [each.told() for each in versions]}, as_json=as_json, page=page)


@app.command()
@command
def export(
    file: Annotated[
        Path | None, typer.Argument(help="YAML file to write; stdout by default.")
    ] = None,
    version: Version = None,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Write every parameter as a YAML file that --params and `params import` read.

    Example: tradectl params export mine.yaml
    """
    from app.parameters.show import exported_parameters

    made = exported_parameters(database, version, file)
    emit(
        {"version": made.version, "file": made.file, "parameters": made.parameters},
        as_json=as_json,
        page=lambda _: typer.echo(
            made.text if file is None else f"written: {file}", nl=file is not None
        ),
    )


@app.command()
@command
def schema(as_json: AsJson = False) -> None:
    """Print the JSON schema of the parameters.

    Example: tradectl params schema
    """
    from engine.domain.parameters import Parameters

    described = Parameters.model_json_schema(mode="serialization")
    emit(described, as_json=as_json, page=lambda console: console.print_json(data=described))


@app.command()
@command
def check(
    file: Annotated[Path, typer.Argument(help="YAML file with parameters.")],
    set_params: SetParams = None,
    as_json: AsJson = False,
) -> None:
    """Check a parameter file; exit 0 when it is right, 2 with what to change when it is not.

    Example: tradectl params check mine.yaml
    """
    from app.parameters.show import checked_parameters

    checked = checked_parameters(file, set_params)

    def page(console: Console) -> None:
        console.print(
            f"[green]{escape(checked.file)} is right[/]: {len(checked.changed)} values differ "
            "from the defaults"
        )
        for name, value in checked.changed.items():
            console.print(escape(f"  {name} = {shown_value(value)}"))

    emit(to_builtins(checked), as_json=as_json, page=page)


def _say_coming(coming: Sequence[ComingChange]) -> None:
    """Say which changes are kept, and hold only from a time to come on."""
    from app.clock import new_york

    for each in coming:
        since = f"version {each.version}, from {new_york(each.effective_ns)} New York on"
        say(f"to come: {each.name} {shown_value(each.value)} ({since})")


def _show_table(console: Console, rows: Sequence[ParameterRow]) -> None:
    from rich.text import Text

    from app.parameters.takes_effect import takes_effect
    from reports.fitted_table import Column, FittedTable

    lines: list[tuple[Text | str, ...]] = []
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines += [("",) * 6] if lines else []
            lines.append((Text(group, "bold"), *("",) * 5))
        value, default = shown_value(row.value), shown_value(row.default)
        lines.append(
            (
                row.name,
                value if value == default else Text(value, "bold yellow"),
                default,
                f"{row.range} {row.unit}".strip(),
                takes_effect(row.hot),
                row.help,
            )
        )
    columns = [
        Column(heading=heading, least=least, cells=cells)
        for (heading, least), cells in zip(_SHOWN, zip(*lines, strict=True), strict=True)
    ]
    console.print(FittedTable(columns, ("default", "takes effect")), highlight=False)
