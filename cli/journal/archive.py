"""``tradectl journal archive|unarchive``: facts of ended runs to Parquet files and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database
from cli.terminal.output import command, emit
from engine.domain.counted import counted


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
    """Move the facts of ended runs to Parquet files, from which they are read as before.

    Example: tradectl journal archive --older-than 30
    """
    import msgspec

    from app.journals.archive import archived_runs

    archived = archived_runs(database, name, older_than, folder)

    def page(console: Console) -> None:
        for run in archived:
            where = escape(f"in {run.file}")
            console.print(f"{run.run_id}: {counted(run.facts, 'fact')} {where}", soft_wrap=True)
        if not archived:
            console.print("no run ended so long ago")

    emit({"archived": msgspec.to_builtins(archived)}, as_json=as_json, page=page)


@command
def unarchive(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Run id or its beginning.")],
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Bring the facts of an archived run back into the database; the file stays.

    Example: tradectl journal unarchive session-2026-09-18
    """
    from msgspec.structs import asdict

    from app.journals.archive import unarchived_run

    run = unarchived_run(database, name)
    emit(
        asdict(run),
        as_json=as_json,
        page=lambda out: out.print(
            f"{run.run_id}: {counted(run.facts, 'fact')} from {run.file}, which may be removed"
        ),
    )
