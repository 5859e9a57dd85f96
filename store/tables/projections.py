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
from engine.accounting import Column as Described
from engine.accounting.shares import MONEY_PLACES, SHARE_PLACES
from engine.domain.errors import JournalError
from engine.domain.fixed_point import plain
from store.database.schema import METADATA

_WHOLE_DIGITS = 18
"""Digits before the point that a server keeps of USD; of shares two more."""


def units(amount: Decimal, places: int) -> int:
    """Return an exact amount in whole units of its last decimal place.

    Raises
    ------
    JournalError
        It is finer than that.
    """
    scaled = amount.scaleb(places)
    whole = int(scaled)
    if whole != scaled:
        unit = "of a share" if places == SHARE_PLACES else "USD"
        raise JournalError(f"expected an amount in whole 1e-{places} {unit}, found {amount}")
    return whole


class Exact(TypeDecorator[Decimal]):
    """Exact amounts: NUMERIC of so many decimals; in SQLite, which knows floats only, whole units.

    USD has six of them, NUMERIC(24, 6), shares eight, NUMERIC(28, 8).
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of a database."""
        if dialect.name == "sqlite":
            return Integer() if self.places == MONEY_PLACES else BigInteger()
        more = self.places - MONEY_PLACES
        return Numeric(_WHOLE_DIGITS + more + self.places, self.places)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Return an amount as it is stored; see ``units``."""
        if value is None:
            return None
        whole = units(value, self.places)
        return whole if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return a stored amount; of shares without trailing zeros."""
        if value is None:
            return None
        exact = Decimal(value).scaleb(-self.places) if dialect.name == "sqlite" else value
        return plain(exact) if self.places == SHARE_PLACES else exact


def _type_of(column: Described) -> TypeEngine[Any]:
    return Exact(column.places) if column.type is Decimal else _TYPES[column.type]


_TYPES: dict[type, TypeEngine[Any]] = {
    bool: Boolean(),
    int: BigInteger(),
    float: Double(),
    str: Text(),
}


def _table(projection: Projection) -> Table:
    return Table(
        projection.name,
        METADATA,
        Column("run_id", String(128), primary_key=True),
        *(
            Column(
                column.name,
                _type_of(column),
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
