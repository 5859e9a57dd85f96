"""``tradectl journal archive|unarchive``: facts of ended runs to Parquet files and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.figures import figure
from app.runs.chosen_journal import named_journal
from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database
from cli.terminal.output import command, emit

if TYPE_CHECKING:
    from store import JournalRun, Journals


@command
def archive(
    name: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Run id or its beginning.")
    ] = None,
    database: Database = DEFAULT_DATABASE,
    *,
    older_than: Annotated[
        int | None, typer.Option(metavar="DAYS", help="All runs that ended so long ago.", min=0)
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            envvar="TRADECTL_ARCHIVE",
            help="Where to; by default 'archive' beside a SQLite file.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Move the facts of ended runs to Parquet files, from which they are read as before."""
    from store import Journals, archive_run

    journals = Journals.existing(database)
    archived = [
        {
            "run_id": run.run_id,
            "facts": run.facts,
            "file": str(archive_run(journals.database, run, folder)),
        }
        for run in _to_archive(journals, name, older_than)
    ]

    def page(console: Console) -> None:
        for run in archived:
            where = escape(f"in {run['file']}")
            console.print(f"{run['run_id']}: {figure(run['facts'])} facts {where}", soft_wrap=True)
        if not archived:
            console.print("no run ended so long ago")

    emit({"archived": archived}, as_json=as_json, page=page)


@command
def unarchive(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Run id or its beginning.")],
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Bring the facts of an archived run back into the database; the file stays."""
    from store import Journals, unarchive_run

    journals = Journals.existing(database)
    run = journals.run(name)
    path = unarchive_run(journals.database, run)
    result = {"run_id": run.run_id, "facts": run.facts, "head": run.head, "file": str(path)}
    emit(
        result,
        as_json=as_json,
        page=lambda out: out.print(
            f"{run.run_id}: {figure(run.facts)} facts from {path}, which may be removed"
        ),
    )


def _to_archive(journals: Journals, name: str | None, days: int | None) -> list[JournalRun]:
    import time

    from engine.domain.errors import ConfigError
    from engine.domain.session import NANOS_PER_SECOND
    from store import RunStatus

    if (name is None) == (days is None):
        raise ConfigError("name one run, or an age with --older-than")
    if name is not None:
        return [named_journal(journals, name)]
    until = time.time_ns() - (days or 0) * 86_400 * NANOS_PER_SECOND
    settled = (RunStatus.RUNNING, RunStatus.QUARANTINED)
    return [
        run
        for run in journals.runs()
        if run.archive is None and run.status not in settled and (run.ended_ns or until) < until
    ]
