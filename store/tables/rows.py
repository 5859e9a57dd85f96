"""Rows of the books → rows of a table, many at once, in either kind of database."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Numeric,
    Table,
    bindparam,
    delete,
    literal_column,
    select,
)
from sqlalchemy.dialects import sqlite

from engine.accounting import PROJECTIONS, Key, columns_of
from store.tables.projections import TABLES, Exact, units

if TYPE_CHECKING:
    import psycopg

type Stored = tuple[Any, ...]
"""The values of a row as it is stored, its run first; amounts in whole units of their decimals."""


class RowForm:
    """Turns the rows of one table, of one run, into what is stored of them."""

    def __init__(self, name: str, run_id: str) -> None:
        columns = columns_of(PROJECTIONS[name].row)
        self._run_id = run_id
        self._amounts = [
            (n, column.places) for n, column in enumerate(columns) if column.type is Decimal
        ]
        self._floats = [n for n, column in enumerate(columns) if column.type is float]

    def stored(self, row: msgspec.Struct) -> Stored:
        """Return the values of a row.

        Raises
        ------
        JournalError
            An amount is finer than 1e-6 USD or 1e-8 of a share.
        """
        values: list[Any] = [self._run_id, *msgspec.structs.astuple(row)]
        for place, decimals in self._amounts:
            amount = values[place + 1]
            if amount is not None:
                values[place + 1] = units(amount, decimals)
        for place in self._floats:
            number = values[place + 1]
            if number is not None:
                values[place + 1] = number + 0.0  # SQLite knows no negative zero
        return tuple(values)


def put_rows(connection: Connection, name: str, rows: Sequence[Stored]) -> None:
    """Put rows in their places, whatever stood there.

    They go to the driver as they are: a million rows are too many to be looked at one by one.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_upsert(name), list(rows))
        return
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415  (a file need not load it)

    table, arrivals = TABLES[name], _arrivals(name)
    arrivals.create(connection)
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    with (
        driver.cursor() as cursor,
        cursor.copy(f"copy {arrivals.name} from stdin".encode()) as copy,
    ):
        for row in rows:
            copy.write_row(row)
    arrived = select(*(_from_units(column, arrivals) for column in table.columns))
    names = [column.name for column in table.columns]
    connection.execute(_in_place(postgresql.insert(table).from_select(names, arrived), name))
    arrivals.drop(connection)


def delete_rows(connection: Connection, name: str, run_id: str, keys: Sequence[Key]) -> None:
    """Take the rows of these keys away, where there are any."""
    if not keys:
        return
    table, columns = TABLES[name], PROJECTIONS[name].key
    named = [table.c[column] == bindparam(f"key_{column}") for column in columns]
    connection.execute(
        delete(table).where(table.c.run_id == run_id, *named),
        [{f"key_{c}": part for c, part in zip(columns, key, strict=True)} for key in keys],
    )


@cache
def _upsert(name: str) -> str:
    """Return SQLite's statement for the values of a row, in order."""
    return str(_in_place(sqlite.insert(TABLES[name]), name).compile(dialect=sqlite.dialect()))


def _in_place(insert: Any, name: str) -> Any:
    rest = {
        column.name: insert.excluded[column.name]
        for column in TABLES[name].columns
        if not column.primary_key
    }
    key = ["run_id", *PROJECTIONS[name].key]
    return insert.on_conflict_do_update(index_elements=key, set_=rest)


@cache
def _arrivals(name: str) -> Table:
    """Return the passing table into which a server copies rows before they take their places."""
    columns = (
        Column(column.name, Numeric() if isinstance(column.type, Exact) else column.type)
        for column in TABLES[name].columns
    )
    return Table(f"arrived_{name}", MetaData(), *columns, prefixes=["TEMPORARY"])


def _from_units(column: Column[Any], arrivals: Table) -> ColumnElement[Any]:
    arrived = arrivals.c[column.name]
    if not isinstance(column.type, Exact):
        return arrived
    unit = Decimal(1).scaleb(-column.type.places)
    return arrived * literal_column(f"{unit:f}")  # exact: numeric times numeric
