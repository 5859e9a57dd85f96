"""Roof: the journal a question is about, in a database or in a run directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.domain.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from store import JournalRun, Journals, SqlJournal

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
    return journals.open(named_run(journals, name).run_id), None


def named_run(journals: Journals, name: str) -> JournalRun:
    """Return the run of a database by its id, the only possible beginning of it, or 'latest'.

    Raises
    ------
    NotFoundError
        There is none.
    ConfigError
        Several begin like that.
    """
    runs = journals.runs()
    if name == "latest" and runs:
        return runs[0]
    fitting = [run for run in runs if run.run_id.startswith(name)]
    exact = [run for run in fitting if run.run_id == name]
    match exact or fitting:
        case [run]:
            return run
        case []:
            known = ", ".join(run.run_id for run in runs[:5]) or "none yet"
            raise NotFoundError(f"no run {name!r} in {journals.database}; there are: {known}")
        case several:
            ids = ", ".join(run.run_id for run in several)
            raise ConfigError(f"{name!r} may be any of {ids}; give more of the id")
