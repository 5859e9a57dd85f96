"""The facts of a run as they are stored, in the database or archived beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select

from engine.journal import Record
from store.database.schema import FACTS, RUNS
from store.journal.parquet_records import read_parquet

READ_SECS = 10.0
"""How long whoever reads facts waits for the next of them."""

_GROUP = 4096

_RECORD = [FACTS.c[name] for name in Record.__struct_fields__]


def read_records(connection: Connection, run_id: str, since: int = 0) -> Iterator[Record]:
    """Yield the records of a run with ``seq > since``, in order.

    Raises
    ------
    SQLAlchemyError
        The database cannot be read.
    JournalError
        The facts are archived and their file cannot be read.
    """
    own = select(*_RECORD).where(FACTS.c.run_id == run_id, FACTS.c.seq > since)
    ordered = own.order_by(FACTS.c.seq).execution_options(yield_per=_GROUP)
    found = False
    with connection.execute(ordered) as rows:
        for row in rows:
            found = True
            yield Record(*row)
    # Asked in this order, a run that is archived between the questions is not taken for empty.
    path = None if found else archive_path(connection, run_id)
    if path is not None:
        yield from read_parquet(path, since)


def newest_record(connection: Connection, run_id: str) -> Record | None:
    """Return the last record of a run, None when it has none; raises as ``read_records``."""
    own = select(*_RECORD).where(FACTS.c.run_id == run_id)
    row = connection.execute(own.order_by(FACTS.c.seq.desc()).limit(1)).one_or_none()
    if row is not None:
        return Record(*row)
    head = select(RUNS.c.head_seq).where(RUNS.c.run_id == run_id)
    before = (connection.execute(head).scalar_one_or_none() or 0) - 1
    return next(read_records(connection, run_id, before), None)


def archive_path(connection: Connection, run_id: str) -> Path | None:
    """Return the file to which a run's facts have moved, None while they are rows."""
    own = select(RUNS.c.archive).where(RUNS.c.run_id == run_id)
    archive = connection.execute(own).scalar_one_or_none()
    # A file's archive is named from its folder, so that both can be moved; a server's in full.
    return archive and Path(connection.engine.url.database or "").parent / archive
