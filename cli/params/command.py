"""``tradectl params``: what holds, what held, and whether a file is right."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.figures import shown_value
from app.parameters.desk import read_desk
from cli.params.value_change import changed_value
from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database, ParamsFile, SetParams
from cli.terminal.output import command, emit
from engine.domain.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from engine.domain.parameter_versions import ParameterHistory, Stretch
    from engine.domain.parameters import Parameters

_WIDE = 120
"""Columns of a terminal that has room for defaults, too."""

app = typer.Typer(help="Show, change, schedule and check parameters.", no_args_is_help=True)

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

    The desk's own; those of a file, and of --set, where one is given.

    Example: tradectl params show --set min_ac_z=3
    """
    from app.parameters.file import load_parameters

    number = None
    if params is not None or set_params:
        parameters = load_parameters(params, set_params)
    else:
        stretch = _stretch(read_desk(database), version)
        number, parameters = stretch.version, stretch.params
    rows = parameter_rows(parameters)

    def page(console: Console) -> None:
        _show_table(console, rows)
        held = "" if number is None else f"version {number}, "
        console.print(f"{held}params {parameters.params_hash()}, scan {parameters.scan_hash()}")

    result = {"version": number, **_hashes(parameters), "parameters": rows}
    emit(result, as_json=as_json, page=page)


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
    from engine.domain.parameters import parameter_name

    try:
        name = parameter_name(key)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    stretch = _stretch(read_desk(database), version)
    row = next(row for row in parameter_rows(stretch.params) if row["name"] == name)
    value = shown_value(row["value"])
    emit(
        {"version": stretch.version, **row},
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
    import msgspec

    from engine.domain.parameter_changes import differences

    history = read_desk(database)
    old, new = _stretch(history, before), _stretch(history, after)
    changes = differences(old.params, new.params)

    def page(console: Console) -> None:
        console.print(f"version {old.version} → version {new.version}")
        for each in changes:
            console.print(f"  {changed_value(each)}")

    result = {"before": old.version, "after": new.version, "changes": msgspec.to_builtins(changes)}
    emit(result, as_json=as_json, page=page)


@app.command()
@command
def history(database: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List the versions, the newest first: since when, by whom, what and why.

    Example: tradectl params history
    """
    import msgspec

    from app.clock import new_york

    known = read_desk(database)
    newest_first = known.changed[::-1]

    def page(console: Console) -> None:
        for change in newest_first:
            taken = " [red](withdrawn)[/]" if change.version in known.withdrawn else ""
            since = new_york(change.effective_ns)
            console.print(
                f"[bold]{change.version}[/]{taken} since {since}, "
                + escape(f"{change.who}: {change.because}")
            )
            for each in change.changes:
                console.print(f"    {changed_value(each)}")
        console.print("[bold]1[/] the parameters the desk started with")

    versions = [
        msgspec.to_builtins(change) | {"withdrawn": change.version in known.withdrawn}
        for change in newest_first
    ]
    emit({"versions": versions}, as_json=as_json, page=page)


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
    stretch = _stretch(read_desk(database), version)
    rows = parameter_rows(stretch.params)
    lines = [f"{row['name']}: {yaml_value(row['value'])}" for row in rows]
    text = "\n".join([f"# version {stretch.version}", *lines, ""])
    if file is not None:
        file.write_text(text, encoding="utf-8")
    values = {row["name"]: row["value"] for row in rows}
    emit(
        {"version": stretch.version, "file": file and str(file), "parameters": values},
        as_json=as_json,
        page=lambda _: typer.echo(
            text if file is None else f"written: {file}", nl=file is not None
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
    from app.parameters.file import load_parameters

    parameters = load_parameters(file, set_params)
    changed = [row for row in parameter_rows(parameters) if row["value"] != row["default"]]
    values = {row["name"]: row["value"] for row in changed}

    def page(console: Console) -> None:
        console.print(
            f"[green]{escape(str(file))} is right[/]: {len(values)} values differ from the defaults"
        )
        for name, value in values.items():
            console.print(escape(f"  {name} = {shown_value(value)}"))

    status = {"status": "ok", "file": str(file), "changed": values}
    emit(status | _hashes(parameters), as_json=as_json, page=page)


def _stretch(known: ParameterHistory, version: int | None) -> Stretch:
    """Return a version by number, or the one in force now."""
    if version is None:
        return known.in_force(time.time_ns())
    found = known.version(version)
    if found is None:
        raise NotFoundError(f"version {version} was never in force; 'tradectl params history'")
    return found


def yaml_value(value: object) -> str:
    """Return a value as a parameter file has it."""
    match value:
        case None:
            return "off"
        case list():
            return f"[{shown_value(value)}]"  # pyright: ignore[reportUnknownArgumentType]
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _show_table(console: Console, rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table

    wide = console.width >= _WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("parameter", no_wrap=True)
    table.add_column("value", no_wrap=True)
    for heading in ("default", "range", "hot", "meaning") if wide else ("range", "meaning"):
        table.add_column(heading)
    group = None
    for row in rows:
        if row["group"] != group:
            group = row["group"]
            table.add_section()
            table.add_row(f"[bold]{group}[/]")
        value, default = escape(shown_value(row["value"])), escape(shown_value(row["default"]))
        limits = f"{row['range']} {row['unit']}".strip()
        hot = row["hot"].replace("_", " ")
        table.add_row(
            row["name"],
            value if value == default else f"[bold yellow]{value}[/]",
            *((default, limits, hot) if wide else (limits,)),
            row["help"],
        )
    console.print(table)


def parameter_rows(parameters: Parameters) -> list[dict[str, Any]]:
    """Return the table of parameters, one row each, as the command line and the docs show it."""
    from pydantic.alias_generators import to_camel

    from engine.domain.parameter_rows import ParameterGroup
    from engine.domain.parameters import Parameters, parameter_extra, parameter_group

    values = parameters.model_dump(mode="json")
    defaults = Parameters().model_dump(mode="json")
    rows: list[dict[str, Any]] = []
    fields = Parameters.model_fields
    order = list(ParameterGroup)
    for name in sorted(fields, key=lambda each: order.index(parameter_group(each))):
        field = fields[name]
        extra = parameter_extra(name)
        low, high = extra.get("minimum"), extra.get("maximum")
        rows.append(
            {
                "group": extra["group"],
                "name": name,
                "alias": to_camel(name),
                "value": values[name],
                "default": defaults[name],
                "minimum": low,
                "maximum": high,
                "range": _choices(field.annotation) if low is None else f"{low:g} – {high:g}",
                "unit": extra["unit"],
                "hot": extra["hot"],
                "help": field.description,
            }
        )
    return rows


def _choices(annotation: object) -> str:
    from typing import Literal, get_args, get_origin

    if get_origin(annotation) is Literal:
        return " ".join(get_args(annotation))
    return "true false" if annotation is bool else ""


def _hashes(parameters: Parameters) -> dict[str, str]:
    return {"params_hash": parameters.params_hash(), "scan_hash": parameters.scan_hash()}
