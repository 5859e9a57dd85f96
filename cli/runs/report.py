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
    made = run_report(run, runs, database, wanted, say, refresh=refresh)
    if made.tape is not None and made.tape.note:
        say(f"warning: {made.tape.note}")
    if made.without:
        names = ", ".join(made.without)
        say(f"no MAE and MFE of {names}: the tape has no print from entry to exit")
    emit(
        {
            "run_id": made.run_id,
            "report": str(made.path),
            "tape": msgspec.to_builtins(made.tape),
            "without_excursion": made.without,
        },
        as_json=as_json,
        page=lambda console: console.print(str(made.path), soft_wrap=True, highlight=False),
        integrity=made.integrity,
    )
