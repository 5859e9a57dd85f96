"""Hop 6: the facts of a run as they are stored."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from engine.journal import Record
from store.schema import FACTS

RECORD = [FACTS.c[name] for name in Record.__struct_fields__]
"""The columns of a record, in order of its fields."""

_GROUP = 4096


def read_records(connection: Connection, run_id: str, since: int = 0) -> Iterator[Record]:
    """Yield the records of a run with ``seq > since``, in order.

    Raises
    ------
    SQLAlchemyError
        The database cannot be read.
    """
    own = select(*RECORD).where(FACTS.c.run_id == run_id, FACTS.c.seq > since)
    # Options are the connection's for good unless they are a statement's.
    ordered = own.order_by(FACTS.c.seq).execution_options(yield_per=_GROUP)
    with connection.execute(ordered) as rows:
        for row in rows:
            yield Record(*row)
