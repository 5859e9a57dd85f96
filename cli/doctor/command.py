"""All checks in turn, as a table with remedies."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    AsJson,
    CatalogPath,
    Database,
    RunsPath,
)
from cli.terminal.output import command, emit
from engine.domain.exit_codes import ExitCode

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@command
def doctor(
    catalog: CatalogPath = DEFAULT_CATALOG,
    database: Database = DEFAULT_DATABASE,
    runs: RunsPath = DEFAULT_RUNS,
    redis: Annotated[
        str | None,
        typer.Option("--redis", envvar="TRADECTL_REDIS", help="Redis to check, redis://host:port."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check this machine and everything tradectl needs; name the remedy of what is wrong.

    Exit code 0: everything works, warnings apart. 1: something cannot work.

    Example: tradectl doctor --redis redis://127.0.0.1:6379
    """
    import msgspec

    from app.doctor.all_checks import all_checks
    from app.doctor.check import Status

    found = list(all_checks(catalog, database, runs, redis))
    is_fit = all(check.status is not Status.FAIL for check in found)
    result = {"status": "ok" if is_fit else "fail", "checks": msgspec.to_builtins(found)}

    def page(console: Console) -> None:
        rows = (
            (check.name, Text(check.status, _STYLES[check.status]), check.finding, check.remedy)
            for check in found
        )
        from reports.fitted_table import fitted_rows

        headings = ("check", "", "found", "remedy")
        console.print(fitted_rows(headings, rows, wrapped={"check": 10, "found": 20, "remedy": 20}))

    emit(result, as_json=as_json, page=page)
    if not is_fit:
        raise typer.Exit(ExitCode.FAILED)
