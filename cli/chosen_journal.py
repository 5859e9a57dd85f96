"""Roof: the journal a question is about, in a database or in a run directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.domain.errors import ConfigError

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
    known = [run.run_id for run in journals.runs()]
    if name == "latest" and known:
        return journals.open(known[0]), None
    fitting = [run_id for run_id in known if run_id.startswith(name)]
    exact = [run_id for run_id in fitting if run_id == name]
    if len(exact or fitting) > 1:
        raise ConfigError(f"{name!r} may be any of {', '.join(fitting)}; give more of the id")
    return journals.open((exact or fitting or [name])[0]), None
