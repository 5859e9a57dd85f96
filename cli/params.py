"""Roof: ``tradectl params``: what can be set, to what, and whether a file is right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from cli.options import AsJson, ParamsFile, SetParams
from cli.output import command, emit

if TYPE_CHECKING:
    from engine.domain.parameters import Parameters

_WIDE = 120
"""Columns of a terminal that has room for defaults, too."""

app = typer.Typer(help="Show, describe and check parameters.", no_args_is_help=True)


@app.command()
@command
def show(params: ParamsFile = None, set_params: SetParams = None, as_json: AsJson = False) -> None:
    """Show every parameter with its value, default, range, unit and meaning."""
    from cli.parameters_file import load_parameters

    parameters = load_parameters(params, set_params)
    rows = parameter_rows(parameters)

    def page(console: Console) -> None:
        _show_table(console, rows)
        console.print(f"params {parameters.params_hash()}, scan {parameters.scan_hash()}")

    emit(_hashes(parameters) | {"parameters": rows}, as_json=as_json, page=page)


@app.command()
@command
def schema(as_json: AsJson = False) -> None:
    """Print the JSON schema of the parameters."""
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
    """Check a parameter file; exit 0 when it is right, 2 with what to change when it is not."""
    from cli.parameters_file import load_parameters

    parameters = load_parameters(file, set_params)
    changed = [row for row in parameter_rows(parameters) if row["value"] != row["default"]]
    values = {row["name"]: row["value"] for row in changed}

    def page(console: Console) -> None:
        console.print(
            f"[green]{escape(str(file))} is right[/]: {len(values)} values differ from the defaults"
        )
        for name, value in values.items():
            console.print(f"  {name} = {_shown(value)}")

    status = {"status": "ok", "file": str(file), "changed": values}
    emit(status | _hashes(parameters), as_json=as_json, page=page)


def _show_table(console: Console, rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table

    wide = console.width >= _WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("parameter", no_wrap=True)
    table.add_column("value", no_wrap=True)
    for heading in ("default", "range", "hot", "meaning") if wide else ("range", "meaning"):
        table.add_column(heading)
    for row in rows:
        value, default = _shown(row["value"]), _shown(row["default"])
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

    from engine.domain.parameters import Parameters, parameter_extra

    values = parameters.model_dump(mode="json")
    defaults = Parameters().model_dump(mode="json")
    rows: list[dict[str, Any]] = []
    for name, field in Parameters.model_fields.items():
        extra = parameter_extra(name)
        low, high = extra.get("minimum"), extra.get("maximum")
        rows.append(
            {
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


def _shown(value: object) -> str:
    match value:
        case None:
            return "off"
        case bool():
            return str(value).lower()
        case list():
            return ",".join(map(str, value))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case int() | float():
            return f"{value:,g}" if abs(value) < 1e6 else f"{value:,.0f}"  # noqa: PLR2004
        case _:
            return str(value)
