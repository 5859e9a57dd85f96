"""Roof: ``tradectl database``: where facts are kept, and in which shape."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from cli.options import DEFAULT_DATABASE, AsJson, Database
from cli.output import command, emit

app = typer.Typer(help="Make, inspect and migrate the database of facts.", no_args_is_help=True)


@app.command()
@command
def info(database: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """Say what a database is, its revision, and how many runs and facts it holds."""
    from store import Database as Store
    from store import Journals, newest_revision

    store = Store(database)
    revision = store.revision()
    current = revision == newest_revision()
    runs = Journals(store).runs() if current else []
    result = {
        "database": str(store),
        "kind": "SQLite" if store.is_file else "PostgreSQL",
        "revision": revision,
        "newest_revision": newest_revision(),
        "time_series": store.time_series() if current else None,
        "runs": len(runs),
        "facts": sum(run.facts for run in runs),
    }

    def page(console: Console) -> None:
        for key, value in result.items():
            console.print(f"{key:16} {'none' if value is None else value}", highlight=False)
        if not current:
            console.print("[yellow]bring it up to date with 'tradectl database migrate'[/]")

    emit(result, as_json=as_json, page=page)


@app.command()
@command
def migrate(
    database: Database = DEFAULT_DATABASE,
    *,
    to: Annotated[
        str, typer.Option(help="Revision to go up or down to; back up before going down.")
    ] = "head",
    as_json: AsJson = False,
) -> None:
    """Make the tables of a database, or bring them and all that is in them to a revision."""
    from store import Database as Store

    store = Store(database)
    before = store.revision()
    if before is None and to == "head":
        store.create()
    else:
        store.migrate(to)
    after = store.revision()
    rest = store.time_series()
    result = {"database": str(store), "before": before, "after": after, "time_series": rest}
    emit(
        result,
        as_json=as_json,
        page=lambda out: out.print(
            f"{store}: {before or 'no tables'} → {after}, time series are {rest}", highlight=False
        ),
    )
