"""Facts of ended runs to Parquet files and back."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from app.runs.chosen_journal import named_journal
from engine.domain.errors import ConfigError
from engine.domain.session import NANOS_PER_SECOND
from store import JournalRun, Journals, RunStatus, archive_run, unarchive_run

_DAY_NS = 86_400 * NANOS_PER_SECOND
_GOES_ON = (RunStatus.RUNNING, RunStatus.QUARANTINED)
"""What is not over, whatever its age."""


class Archived(msgspec.Struct, frozen=True):
    """A run whose facts lie in a file now."""

    run_id: str
    facts: int
    file: str


class Unarchived(msgspec.Struct, frozen=True):
    """A run whose facts are back in the database; ``file`` may be removed."""

    run_id: str
    facts: int
    head: str
    file: str


def archived_runs(
    database: str, name: str | None, older_than_days: int | None, folder: Path | None
) -> tuple[Archived, ...]:
    """Archive the run of that name, or all that ended so long ago.

    Parameters
    ----------
    folder : Path or None
        By default ``archive`` beside a SQLite file.

    Raises
    ------
    ConfigError
        Neither a name nor an age is given, or both.
    NotFoundError
        There is no such run or database.
    """
    if (name is None) == (older_than_days is None):
        raise ConfigError("name one run, or an age with --older-than")
    journals = Journals.existing(database)
    chosen = (
        [named_journal(journals, name)]
        if name is not None
        else _ended_before(journals, time.time_ns() - (older_than_days or 0) * _DAY_NS)
    )
    return tuple(
        Archived(run.run_id, run.facts, str(archive_run(journals.database, run, folder)))
        for run in chosen
    )


def unarchived_run(database: str, name: str) -> Unarchived:
    """Bring the facts of an archived run back into the database; the file stays."""
    journals = Journals.existing(database)
    run = journals.run(name)
    path = unarchive_run(journals.database, run)
    return Unarchived(run.run_id, run.facts, run.head, str(path))


def _ended_before(journals: Journals, until: int) -> list[JournalRun]:
    return [
        run
        for run in journals.runs()
        if run.archive is None and run.status not in _GOES_ON and (run.ended_ns or until) < until
    ]
