"""``tradectl why``: what scanner and hub said of one symbol at one bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.clock import parse_day
from app.figures import figure
from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    AsJson,
    CatalogPath,
    Database,
    ParamsFile,
    RunOption,
    RunsPath,
    SetParams,
)
from cli.terminal.output import command, emit

if TYPE_CHECKING:
    from app.runs.why import Explanation


@command
def why(
    symbol: Annotated[str, typer.Argument(help="Symbol.")],
    time: Annotated[
        str,
        typer.Argument(
            help="New York time HH:MM:SS or YYYY-MM-DDTHH:MM:SS in the bucket, or UTC ns."
        ),
    ],
    run: RunOption = None,
    day: Annotated[
        str | None,
        typer.Option("--date", help="New York date; by default in TIME, or the run's only day."),
    ] = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
    params: ParamsFile = None,
    set_params: SetParams = None,
    as_json: AsJson = False,
) -> None:
    """Say why a symbol was, or was not, a candidate and a trade at one bucket.

    Shows every gate with value and threshold and, given a run, the filters and the verdict of its
    hub and the trade that followed. A live run is asked on what it has heard itself, also while it
    goes on; one whose tape is not kept any more on the catalog.

    Example: tradectl why AAPL 10:30:05 --date 2026-09-18
    """
    import msgspec

    from app.runs.why import explained

    found, integrity = explained(
        symbol,
        time,
        run=run,
        day=parse_day(day) if day else None,
        catalog=catalog,
        runs=runs,
        params=params,
        settings=set_params,
        database=database,
    )
    emit(
        msgspec.to_builtins(found),
        as_json=as_json,
        page=lambda console: _page(console, found),
        integrity=integrity,
    )


def _page(console: Console, found: Explanation) -> None:
    from rich.table import Table

    from app.clock import new_york
    from engine.domain.parameter_versions import FIRST

    at, version = new_york(found.ts_event), found.params_version
    under = "" if version == FIRST else f", under version {version} of the parameters"
    console.print(f"[bold]{escape(found.symbol)}[/] bucket to {at}{under}")
    console.print(found.answer, highlight=False, markup=False)
    if found.running:
        console.print(f"{found.run_id} still runs: this is as of now", style="yellow")
    if found.scanner is not None:
        values = (
            f"{key} {figure(value)}" for key, value in found.scanner.items() if value is not None
        )
        console.print("  ".join(values), highlight=False)
        table = Table("gate", box=None)
        for heading in ("value", "threshold"):
            table.add_column(heading, justify="right")
        table.add_column("")
        for check in found.gates:
            outcome = "pass" if check.passed else "fail"
            _add(table, check.gate, (check.value, check.threshold), outcome, check.unit)
        for check in (found.verdict or {}).get("checks") or ():
            values = check["value"], check["threshold"]
            _add(table, check["name"], values, check["outcome"], check["basis"])
        console.print(table)


def _add(table: Any, name: str, values: tuple[object, object], outcome: str, note: str) -> None:
    style = {"pass": "green", "off": "dim"}.get(outcome, "red")
    table.add_row(name, *map(figure, values), f"[{style}]{outcome}[/] {note}")
