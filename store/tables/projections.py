"""The tables of accounting in SQL, one for each ``engine.accounting.Projection``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

from engine.accounting import PROJECTIONS, Projection, columns_of
from engine.domain.errors import JournalError
from store.database.schema import METADATA

_MICROS = 1_000_000


def micros(amount: Decimal) -> int:
    """Return an amount of USD in whole 1e-6 USD.

    Raises
    ------
    JournalError
        It is finer than that.
    """
    scaled = amount * _MICROS
    whole = int(scaled)
    if whole != scaled:
        raise JournalError(f"expected an amount in whole 1e-6 USD, found {amount}")
    return whole


class Usd(TypeDecorator[Decimal]):
    """Exact amounts: NUMERIC(24, 6); in SQLite, which knows floats only, whole 1e-6 USD."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of a database."""
        return Integer() if dialect.name == "sqlite" else Numeric(24, 6)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Return an amount as it is stored; see ``micros``."""
        if value is None:
            return None
        whole = micros(value)
        return whole if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return a stored amount."""
        return (
            Decimal(value).scaleb(-6) if value is not None and dialect.name == "sqlite" else value
        )


_TYPES: dict[type, TypeEngine[Any]] = {
    bool: Boolean(),
    int: BigInteger(),
    float: Double(),
    str: Text(),
    Decimal: Usd(),
}


def _table(projection: Projection) -> Table:
    return Table(
        projection.name,
        METADATA,
        Column("run_id", String(128), primary_key=True),
        *(
            Column(
                column.name,
                _TYPES[column.type],
                primary_key=column.name in projection.key,
                nullable=column.nullable,
                autoincrement=False,
            )
            for column in columns_of(projection.row)
        ),
    )


TABLES = {name: _table(projection) for name, projection in PROJECTIONS.items()}
"""The rows of all runs, by table; named by the run and the projection's key."""

PROJECTED = Table(
    "projected",
    METADATA,
    Column("run_id", String(128), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""The last fact of each run that its tables have taken in."""
