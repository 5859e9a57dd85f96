"""``tradectl report``: the page of a run that is over."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    AsJson,
    CatalogPath,
    Database,
    JournalName,
    RunsPath,
)
from cli.terminal.output import command, emit, say


@command
def report(
    run: JournalName = "latest",
    catalog: CatalogPath = DEFAULT_CATALOG,
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
    refresh: Annotated[bool, typer.Option("--refresh", help="Make it anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show where the HTML report of a run is; make that of a live day, rehearsal or session.

    A backtest writes its report itself. That of a live day is made of its facts and of what the run
    has heard, or of its day in the catalog where that is not kept; of a whole market it takes
    minutes, once.

    Example: tradectl report latest
    """
    from app.runs.report import run_report

    path, run_id, integrity = run_report(run, runs, database, catalog, say, refresh=refresh)
    emit(
        {"run_id": run_id, "report": str(path)},
        as_json=as_json,
        page=lambda console: console.print(str(path), soft_wrap=True, highlight=False),
        integrity=integrity,
    )
