"""``tradectl report``: the page of a run that is over."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.terminal.options import (
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    AsJson,
    Database,
    JournalName,
    RunsPath,
)
from cli.terminal.output import command, emit, say
from cli.terminal.run_catalog import RunCatalog, wanted_catalog


@command
def report(
    run: JournalName = "latest",
    catalog: RunCatalog = None,
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
    import msgspec

    from app.runs.report import run_report

    wanted = wanted_catalog(catalog)
    path, run_id, tape, integrity = run_report(run, runs, database, wanted, say, refresh=refresh)
    if tape is not None and tape.note:
        say(f"warning: {tape.note}")
    emit(
        {"run_id": run_id, "report": str(path), "tape": msgspec.to_builtins(tape)},
        as_json=as_json,
        page=lambda console: console.print(str(path), soft_wrap=True, highlight=False),
        integrity=integrity,
    )
