"""Rows of the books → Arrow tables, the shape in which they are stored and reported."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from engine.accounting import Column, columns_of
from engine.accounting.shares import MONEY_PLACES, SHARE_PLACES
from engine.domain.fixed_point import plain

USD = pa.decimal128(24, 6)
"""Exact money and prices; fills are in 1e-6 USD times whole shares, so nothing is rounded."""

SHARES = pa.decimal128(28, 8)

_EXACT = {MONEY_PLACES: USD, SHARE_PLACES: SHARES}
_TYPES = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}


def arrow_schema(row: type[msgspec.Struct]) -> pa.Schema:
    """Return the schema of a table with one row for each of these structs."""
    return pa.schema(
        [
            pa.field(column.name, _type_of(column), nullable=column.nullable)
            for column in columns_of(row)
        ]
    )


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of a table, shares without trailing zeros."""
    rows = table.to_pylist()
    shares = [field.name for field in table.schema if field.type == SHARES]
    for row in rows:
        row.update({name: plain(row[name]) for name in shares if row[name] is not None})
    return rows


def _type_of(column: Column) -> pa.DataType:
    return _EXACT[column.places] if column.type is Decimal else _TYPES[column.type]


def arrow_table(row: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> pa.Table:
    """Return structs of one kind as a table."""
    return pa.Table.from_pylist([msgspec.structs.asdict(one) for one in rows], arrow_schema(row))
