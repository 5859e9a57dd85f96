"""What a table says, as one number: SHA-256 over its rows in the order of their keys."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Numeric,
    Text,
    cast,
    collate,
    literal_column,
    select,
    type_coerce,
)

from engine.accounting import PROJECTIONS
from store.tables.projections import TABLES, Exact

_ROWS = 10_000
_encode_lines = msgspec.json.Encoder().encode_lines


class TableDigest:
    """Takes rows as ``table_rows.RowForm`` makes them, less the run, a line of JSON each."""

    def __init__(self) -> None:
        self.rows = 0
        self._sha = hashlib.sha256()

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Take in the next rows, in the order of their keys."""
        self.rows += len(rows)
        self._sha.update(_encode_lines(rows))

    def hexdigest(self) -> str:
        """Return the digest of the rows so far."""
        return self._sha.hexdigest()


def stored_digest(connection: Connection, name: str, run_id: str) -> TableDigest:
    """Return the digest of a run's rows as they are stored; the same in any database."""
    table, digest = TABLES[name], TableDigest()
    columns = [_whole(connection, column) for column in table.columns if column.name != "run_id"]
    key = [_in_bytes(connection, table.c[column]) for column in PROJECTIONS[name].key]
    rows = select(*columns).where(table.c.run_id == run_id).order_by(*key)
    found = connection.execution_options(yield_per=_ROWS).execute(rows)
    for some in found.partitions():
        digest.add([tuple(row) for row in some])
    return digest


def _whole(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """Return amounts as whole units of their last decimal."""
    if not isinstance(column.type, Exact):
        return column
    if connection.dialect.name == "sqlite":
        return type_coerce(column, BigInteger)
    scale = literal_column(str(10**column.type.places))
    return cast(type_coerce(column, Numeric) * scale, BigInteger)


def _in_bytes(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """Return words in the order of their bytes, whatever language a server speaks."""
    if connection.dialect.name == "sqlite" or not isinstance(column.type, Text):
        return column
    return collate(column, "C")
