"""Roof: the journal a question is about, in a database or in a run directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from store import SqlJournal

JournalName = Annotated[
    str, typer.Argument(metavar="RUN", help="Run id, its beginning, or 'latest'.")
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="TRADECTL_DATABASE",
        help="SQLite file or postgresql://user:password@host/name; else run directories are read.",
    ),
]


def chosen_journal(name: str, database: str | None, runs: Path) -> tuple[SqlJournal, str | None]:
    """Return a run's journal, and the last hash that its run directory keeps.

    Raises
    ------
    NotFoundError
        There is no such run, or no such database.
    ConfigError
        Several runs begin like that.
    JournalError
        The journal is missing or cannot be read.
    """
    from store import Journals, RunStore

    if database is None:
        run = RunStore(runs).run(name)
        head = run.manifest.journal
        return run.journal, head.hash if head else None
    journals = Journals.existing(database)
    return journals.open(journals.run(name).run_id), None
