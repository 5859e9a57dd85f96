"""Hop 6: the facts of an ended run move out of the database into a file that is as good."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import delete, update
from sqlalchemy.exc import SQLAlchemyError

from engine.domain.errors import ConfigError, JournalError
from engine.journal import Record, verify
from store.atomic import write_atomically
from store.database import Database, reason
from store.journal import SqlJournal
from store.journals import JournalRun
from store.manifest import RunStatus
from store.parquet_records import read_parquet, write_parquet
from store.schema import FACTS, RUNS

PART = "part-0.parquet"

_log = logging.getLogger(__name__)


def archive_run(database: Database, run: JournalRun, folder: Path | None = None) -> Path:
    """Move a run's facts to ``run=<id>/part-0.parquet`` below a folder; return that file.

    The file is read back and its chain held against the run's head before the rows go; the run's
    own row stays and says where its facts are. Whatever reads the run reads on as before.

    Parameters
    ----------
    folder : Path, optional
        Without it, ``archive`` beside a SQLite file. Whoever reads a server's runs must reach it.

    Raises
    ------
    ConfigError
        The run has not ended or is archived already, or a server was given no folder.
    JournalError
        Its chain is broken, somebody has changed it meanwhile, or the database is lost: the facts
        stay where they are.
    RunError
        The file cannot be written.
    """
    if run.status is RunStatus.RUNNING or run.writer is not None:
        raise ConfigError(f"run {run.run_id} is running; end it before archiving it")
    if run.archive is not None:
        raise ConfigError(f"run {run.run_id} is archived already, in {run.archive}")
    path = _folder(database, folder) / f"run={quote(run.run_id, safe='')}" / PART
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = SqlJournal(database, run.run_id)
    write_atomically(
        path,
        lambda file: write_parquet(file, journal.records()),
        check=lambda written: _check(run, read_parquet(written)),
    )
    stored = path if folder or not database.is_file else path.relative_to(database.path.parent)
    try:
        _move(database, run, str(stored))
    except SQLAlchemyError as error:
        raise JournalError(
            f"cannot archive run {run.run_id} of {database}: {reason(error)}; nothing was changed"
        ) from error
    finally:
        database.settle()
    _log.info("archived %d facts to %s", run.facts, path, extra={"run_id": run.run_id})
    return path


def _folder(database: Database, folder: Path | None) -> Path:
    if folder is not None:
        return folder.absolute()
    if database.is_file:
        return database.path.parent / "archive"
    raise ConfigError(f"no folder lies beside {database}: name one with --folder")


def _check(run: JournalRun, records: Iterator[Record]) -> None:
    found = verify(records, run.head)
    if found.broken is not None:
        raise JournalError(
            f"run {run.run_id} is not archived: fact {found.broken.seq} is "
            f"{found.broken.damage.replace('_', ' ')}, {found.broken.detail}; restore a backup"
        )


def _move(database: Database, run: JournalRun, stored: str) -> None:
    """Take the rows away and say where they are, if the run is still as it was checked."""
    with database.connect() as connection, connection.begin():
        told = connection.execute(
            update(RUNS)
            .where(
                RUNS.c.run_id == run.run_id,
                RUNS.c.status != RunStatus.RUNNING,
                RUNS.c.writer.is_(None),
                RUNS.c.archive.is_(None),
                RUNS.c.head_hash == run.head,
            )
            .values(archive=stored)
        )
        gone = connection.execute(delete(FACTS).where(FACTS.c.run_id == run.run_id))
        if (told.rowcount, gone.rowcount) != (1, run.facts):
            raise JournalError(f"run {run.run_id} was changed meanwhile; nothing was archived")
