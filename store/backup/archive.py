"""The facts of an ended run move out of the database into a file as good, and back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import batched
from pathlib import Path
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.exc import SQLAlchemyError

from engine.domain.errors import ConfigError, JournalError
from engine.journal import Record, verify
from store.atomic import write_atomically
from store.database.database import Database
from store.database.refusal import reason
from store.database.schema import FACTS, RUNS
from store.journal.journals import JournalRun
from store.journal.parquet_records import read_parquet, write_parquet
from store.journal.records import archive_path, read_records
from store.journal.stored_facts import StoredFacts
from store.runs.manifest import RunStatus

PART = "part-0.parquet"

_GROUP = 4096
_MEANWHILE = "run {} was changed meanwhile; nothing was {}"

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
    facts = StoredFacts(database, run.run_id)
    write_atomically(
        path,
        lambda file: write_parquet(file, facts.records()),
        check=lambda written: _check(run, read_parquet(written), "not archived"),
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


def unarchive_run(database: Database, run: JournalRun) -> Path:
    """Bring a run's facts back as rows, all or none; return the file they were read from.

    The file is held against the run's head before, and the rows when they are there. It stays:
    archiving the run again writes it anew. Who writes to a SQLite file waits meanwhile.

    Raises
    ------
    ConfigError
        The run is not archived.
    JournalError
        The file is missing, torn or was changed, somebody has changed the run meanwhile, or the
        database is lost: the facts stay where they are.
    """
    if run.archive is None:
        raise ConfigError(f"run {run.run_id} is not archived: its facts are in {database}")
    try:
        with database.connect() as connection, connection.begin():
            path = archive_path(connection, run.run_id)
            if path is None:
                raise JournalError(_MEANWHILE.format(run.run_id, "brought back"))
            _check(run, read_parquet(path), "not brought back")
            _put_back(connection, run, path)
            _check(run, read_records(connection, run.run_id), "not brought back")
    except SQLAlchemyError as error:
        raise JournalError(
            f"cannot bring run {run.run_id} back into {database}: {reason(error)}; nothing was "
            "changed"
        ) from error
    finally:
        database.settle()
    _log.info("brought %d facts back from %s", run.facts, path, extra={"run_id": run.run_id})
    return path


def _folder(database: Database, folder: Path | None) -> Path:
    if folder is not None:
        return folder.absolute()
    if database.is_file:
        return database.path.parent / "archive"
    raise ConfigError(f"no folder lies beside {database}: name one with --folder")


def _check(run: JournalRun, records: Iterator[Record], otherwise: str) -> None:
    found = verify(records, run.head)
    if found.broken is not None:
        raise JournalError(
            f"run {run.run_id} is {otherwise}: fact {found.broken.seq} is "
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
            raise JournalError(_MEANWHILE.format(run.run_id, "archived"))


def _put_back(connection: Connection, run: JournalRun, path: Path) -> None:
    """Make rows of a file's records, if the run is still as it was seen."""
    told = connection.execute(
        update(RUNS)
        .where(
            RUNS.c.run_id == run.run_id,
            RUNS.c.archive == run.archive,
            RUNS.c.head_hash == run.head,
        )
        .values(archive=None)
    )
    if told.rowcount != 1:
        raise JournalError(_MEANWHILE.format(run.run_id, "brought back"))
    for some in batched(read_parquet(path), _GROUP, strict=False):
        rows = [{"run_id": run.run_id} | msgspec.structs.asdict(record) for record in some]
        connection.execute(insert(FACTS), rows)
