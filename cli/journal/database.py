"""``tradectl database``: where facts are kept, and in which shape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database
from cli.terminal.output import command, emit
from cli.terminal.progress import progress_bar
from engine.domain.counted import counted
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from app.database.keep import Copied

app = typer.Typer(
    help="Make, inspect, migrate, back up and restore the database of facts.",
    no_args_is_help=True,
)


@app.command()
@command
def info(database: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """Say what a database is, its revision, and how many runs and facts it holds.

    Example: tradectl database info
    """
    from msgspec.structs import asdict

    from app.database.keep import database_info

    found = database_info(database)
    result = asdict(found)

    def page(console: Console) -> None:
        for key, value in result.items():
            shown = "none" if value is None else value
            console.print(f"{key:16} {shown}", highlight=False, markup=False, soft_wrap=True)
        if not found.is_current:
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
    """Make the tables of a database, or bring them and all that is in them to a revision.

    Example: tradectl database migrate
    """
    from msgspec.structs import asdict

    from app.database.keep import migrated

    found = migrated(database, to)
    emit(
        asdict(found),
        as_json=as_json,
        page=lambda out: out.print(
            f"{found.database}: {found.before or 'no tables'} → {found.after}, time series are "
            f"{found.time_series}",
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
    """Write all runs as of this moment to one file, and check it; writers go on meanwhile.

    Example: tradectl database backup backup.tctl
    """
    from app.database.keep import backed_up

    with progress_bar("backup", "facts") as progress:
        source, copied = backed_up(database, file, progress)
    _emit_copied(copied, {"database": source, "file": str(file)}, as_json=as_json)


@app.command("check-backup")
@command
def check(
    file: Annotated[Path, typer.Argument(help="File that 'tradectl database backup' wrote.")],
    as_json: AsJson = False,
) -> None:
    """Read a backup from end to end, walk every chain in it, and touch nothing.

    Exit code 6 when the file is whole but a chain in it was broken already when it was written.

    Example: tradectl database check-backup backup.tctl
    """
    from msgspec.structs import asdict

    from app.database.keep import checked_backup

    copied = checked_backup(file)

    def page(console: Console) -> None:
        _print_copied(console, f"{file} is whole", copied)

    emit({"file": str(file), **asdict(copied)}, as_json=as_json, page=page)
    if copied.broken:
        raise typer.Exit(ExitCode.QUARANTINED)


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
    """Put all runs of a backup into an empty database of either kind, all or nothing.

    Example: tradectl database restore backup.tctl --database other.sqlite
    """
    from app.database.keep import restored

    with progress_bar("restore", "facts") as progress:
        target, copied = restored(file, database, progress)
    _emit_copied(copied, {"file": str(file), "database": target}, as_json=as_json)


def _emit_copied(copied: Copied, ends: dict[str, str], *, as_json: bool) -> None:
    """Say what was copied from the first end to the second."""
    from msgspec.structs import asdict

    source, target = ends.values()

    def page(console: Console) -> None:
        _print_copied(console, f"{source} → {target}", copied)

    emit({**ends, **asdict(copied)}, as_json=as_json, page=page)


def _print_copied(console: Console, what: str, copied: Copied) -> None:
    held = f"{counted(copied.runs, 'run')}, {counted(copied.facts, 'fact')}"
    console.print(escape(f"{what}: {held}"), highlight=False, soft_wrap=True)
    for run_id, where in copied.broken.items():
        found = escape(f"{run_id}, {where}")
        console.print(f"[yellow]broken already:[/] {found}", highlight=False)
    if not copied.broken:
        console.print("[green]every chain is whole[/]")
