"""``tradectl database``: where facts are kept, and in which shape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.figures import figure
from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database
from cli.terminal.output import command, emit
from cli.terminal.progress import progress_bar
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from store import BackupManifest

app = typer.Typer(
    help="Make, inspect, migrate, back up and restore the database of facts.",
    no_args_is_help=True,
)


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
            shown = "none" if value is None else value
            console.print(f"{key:16} {shown}", highlight=False, markup=False, soft_wrap=True)
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
            f"{store}: {before or 'no tables'} → {after}, time series are {rest}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        ),
    )


@app.command()
@command
def backup(
    file: Annotated[Path, typer.Argument(help="File to write, whole or not at all.")],
    database: Database = DEFAULT_DATABASE,
    *,
    as_json: AsJson = False,
) -> None:
    """Write all runs as of this moment to one file, and check it; writers go on meanwhile."""
    from store import Journals, back_up

    source = Journals.existing(database).database
    with progress_bar("backup", "facts") as progress:
        manifest = back_up(source, file, progress)
    _emit_copied(manifest, {"database": str(source), "file": str(file)}, as_json=as_json)


@app.command("check-backup")
@command
def check(
    file: Annotated[Path, typer.Argument(help="File that 'tradectl database backup' wrote.")],
    as_json: AsJson = False,
) -> None:
    """Read a backup from end to end, walk every chain in it, and touch nothing.

    Exit code 1 when the file is whole but a chain in it was broken already when it was written.
    """
    from store import check_backup

    manifest = check_backup(file)
    result = {"file": str(file), **_copied(manifest)}

    def page(console: Console) -> None:
        _print_copied(console, f"{file} is whole", manifest)

    emit(result, as_json=as_json, page=page)
    if result["broken"]:
        raise typer.Exit(ExitCode.FAILED)


@app.command()
@command
def restore(
    file: Annotated[Path, typer.Argument(help="File that 'tradectl database backup' wrote.")],
    database: Annotated[
        str,
        typer.Option(
            "--database", help="An empty database: SQLite file or postgresql://user@host/name."
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Put all runs of a backup into an empty database of either kind, all or nothing."""
    from store import Database as Store
    from store import restore as restore_from

    target = Store(database)
    with progress_bar("restore", "facts") as progress:
        manifest = restore_from(file, target, progress)
    _emit_copied(manifest, {"file": str(file), "database": str(target)}, as_json=as_json)


def _emit_copied(manifest: BackupManifest, ends: dict[str, str], *, as_json: bool) -> None:
    """Say what was copied from the first end to the second."""
    source, target = ends.values()

    def page(console: Console) -> None:
        _print_copied(console, f"{source} → {target}", manifest)

    emit({**ends, **_copied(manifest)}, as_json=as_json, page=page)


def _copied(manifest: BackupManifest) -> dict[str, Any]:
    """Return what is in a backup, and which chains were broken when it was written."""
    return {
        "runs": len(manifest.runs),
        "facts": manifest.facts,
        "heads": {run_id: found.head for run_id, found in manifest.runs.items()},
        "broken": {
            run_id: f"fact {found.broken.seq}: {found.broken.detail}"
            for run_id, found in manifest.runs.items()
            if found.broken
        },
        "sha256": manifest.sha256,
    }


def _print_copied(console: Console, what: str, manifest: BackupManifest) -> None:
    copied = _copied(manifest)
    runs, facts = figure(copied["runs"]), figure(copied["facts"])
    console.print(escape(f"{what}: {runs} runs, {facts} facts"), highlight=False, soft_wrap=True)
    for run_id, where in copied["broken"].items():
        found = escape(f"{run_id}, {where}")
        console.print(f"[yellow]broken already:[/] {found}", highlight=False)
    if not copied["broken"]:
        console.print("[green]every chain is whole[/]")
