"""A database of facts → one file, and back into an empty database of either kind."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from itertools import batched
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from engine.domain.counted import counted
from engine.domain.errors import ConfigError, JournalError
from engine.journal import verify
from store.atomic import write_atomically
from store.backup.file import (
    BackupHeader,
    BackupManifest,
    KeptRun,
    check_backup,
    read_backup,
    write_backup,
)
from store.database.database import Database
from store.database.refusal import reason
from store.database.schema import FACTS, RUNS
from store.journal.journals import Journals
from store.journal.records import read_records
from store.journal.sql_journal import BROKEN
from store.runs.manifest import RunStatus

_GROUP = 4096

type Progress = Callable[[float, float], None]

_log = logging.getLogger(__name__)


def back_up(
    database: Database, path: Path, progress: Progress = lambda _done, _total: None
) -> BackupManifest:
    """Write every run of a database, as of one moment, to a file, whole or not at all.

    Nobody who writes to the database meanwhile waits. The file is read back before it gets its
    name. A run whose chain is broken is kept as it is; the manifest says where it breaks.

    Parameters
    ----------
    progress : callable
        Called with the facts written so far and in all.

    Raises
    ------
    JournalError
        The database cannot be read.
    RunError
        The file cannot be written.
    """
    checked: list[BackupManifest] = []
    write_atomically(
        path,
        lambda file: _write(file, database, progress),
        check=lambda written: checked.append(check_backup(written)),
    )
    (manifest,) = checked
    _log.info(
        "backed up %d runs, %d facts of %s to %s",
        len(manifest.runs),
        manifest.facts,
        database,
        path,
    )
    return manifest


def _write(file: BinaryIO, database: Database, progress: Progress) -> None:
    columns = [RUNS.c[name] for name in KeptRun.__struct_fields__]
    with database.snapshot() as connection:
        rows = connection.execute(select(*columns).order_by(RUNS.c.created_ns)).all()
        named = [dict(zip(KeptRun.__struct_fields__, row, strict=True)) for row in rows]
        runs = [msgspec.convert(values, KeptRun) for values in named]
        total = sum(run.head_seq for run in runs)
        header = BackupHeader(
            database=str(database), created_ns=time.time_ns(), runs=len(runs), facts=total
        )
        with write_backup(file, header) as backup:
            done = 0
            for run in runs:
                backup.add(run, read_records(connection, run.run_id))
                done += run.head_seq
                progress(done, total)
            backup.finish()


def restore(
    path: Path, database: Database, progress: Progress = lambda _done, _total: None
) -> BackupManifest:
    """Put what a backup holds into an empty database, all of it or nothing.

    The file is checked before, and every chain is read back from the database before it counts. A
    run whose chain was broken already is there to be read, and quarantined.

    Parameters
    ----------
    progress : callable
        Called with the facts restored so far and in all.

    Raises
    ------
    NotFoundError, DataError
        There is no such file; it is torn, was edited, or is no backup.
    ConfigError
        The database holds runs already.
    JournalError
        The database cannot be written, or does not give back what was put into it.
    """
    manifest = check_backup(path)
    Journals(database)
    try:
        with database.connect() as connection, connection.begin():
            held = connection.execute(select(func.count()).select_from(RUNS)).scalar_one()
            if held:
                raise ConfigError(
                    f"expected an empty database, found {counted(held, 'run')} in {database}: "
                    "give another with --database"
                )
            _fill(connection, path, manifest, progress)
            _read_back(connection, manifest)
    except SQLAlchemyError as error:
        raise JournalError(
            f"cannot restore {path} into {database}: {reason(error)}; nothing was changed"
        ) from error
    finally:
        database.settle()
    _log.info(
        "restored %d runs, %d facts of %s to %s",
        len(manifest.runs),
        manifest.facts,
        path,
        database,
    )
    return manifest


def _fill(connection: Connection, path: Path, manifest: BackupManifest, progress: Progress) -> None:
    done = 0
    with read_backup(path) as backup:
        for run, records in backup.runs():
            broken = manifest.runs[run.run_id].broken
            sealed = {"status": RunStatus.QUARANTINED, "note": f"{BROKEN}{broken}"}
            row = msgspec.structs.asdict(run) | (sealed if broken else {})
            connection.execute(insert(RUNS), row)
            for group in batched(records, _GROUP, strict=False):
                rows = [msgspec.structs.asdict(record) | {"run_id": run.run_id} for record in group]
                connection.execute(insert(FACTS), rows)
                done += len(rows)
                progress(done, manifest.facts)


def _read_back(connection: Connection, manifest: BackupManifest) -> None:
    heads = connection.execute(select(RUNS.c.run_id, RUNS.c.head_hash)).all()
    found = {run_id: verify(read_records(connection, run_id), head) for run_id, head in heads}
    facts = connection.execute(select(func.count()).select_from(FACTS)).scalar_one()
    if found != manifest.runs or facts != manifest.facts:
        raise JournalError(
            f"expected {counted(manifest.facts, 'fact')} with the chains of the backup, the "
            f"database gives back {facts} that differ; nothing was changed"
        )
