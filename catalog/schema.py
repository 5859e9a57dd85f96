"""The columns of each kind of market data at rest.

Times are UTC nanoseconds, prices exact USD with six decimals (``decimal64(18, 6)``, stored as
INT64, so that reading one is a view), sizes of prints and volumes of bars exact shares of the same
type, sizes of quotes whole shares. Only a trade id, a bar's count and VWAP and an article's URL may
be null.
"""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

SCHEMA_VERSION = 2
"""Raised when a stored column changes its meaning; kept in every manifest.

Until 1 the sizes of prints (int32) and the volumes of bars (int64) were whole shares. Such parts
stay as they are and are read as parts of today, see ``as_stored_today``.
"""

PRICE = pa.decimal64(18, 6)
SIZE = pa.decimal64(18, 6)
CODE = pa.dictionary(pa.int32(), pa.string())


class Kind(StrEnum):
    """Market data that is stored by date and letter."""

    TRADES = "trades"
    QUOTES = "quotes"
    BARS = "bars"
    STATUSES = "statuses"


def _schema(**columns: pa.DataType) -> pa.Schema:
    nullable = {"trade_id", "trade_count", "vwap", "url"}
    return pa.schema(
        [pa.field(name, dtype, nullable=name in nullable) for name, dtype in columns.items()]
    )


SCHEMAS: dict[Kind, pa.Schema] = {
    Kind.TRADES: _schema(
        symbol=CODE,
        ts_event=pa.int64(),
        ts_init=pa.int64(),
        price=PRICE,
        size=SIZE,
        exchange=CODE,
        conditions=CODE,
        trade_id=pa.int64(),
    ),
    Kind.QUOTES: _schema(
        symbol=CODE,
        ts_event=pa.int64(),
        ts_init=pa.int64(),
        bid=PRICE,
        ask=PRICE,
        bid_size=pa.int32(),
        ask_size=pa.int32(),
        exchange=CODE,
    ),
    Kind.BARS: _schema(
        symbol=CODE,
        ts_event=pa.int64(),
        ts_init=pa.int64(),
        open=PRICE,
        high=PRICE,
        low=PRICE,
        close=PRICE,
        volume=SIZE,
        trade_count=pa.int64(),
        vwap=PRICE,
    ),
    Kind.STATUSES: _schema(
        symbol=CODE, ts_event=pa.int64(), ts_init=pa.int64(), action=CODE, reason=CODE
    ),
}

_EXACT_SIZES = {Kind.TRADES: "size", Kind.BARS: "volume"}
"""Columns that were whole shares in schema version 1."""


def exact_size_column(kind: str) -> str | None:
    """Return the column of a kind that holds exact shares, None where there is none."""
    return next((name for of, name in _EXACT_SIZES.items() if of == kind), None)


def as_stored_today(table: pa.Table) -> pa.Table:
    """Return rows of a part of any schema version with the types of this one."""
    for name in _EXACT_SIZES.values():
        if name in table.column_names and pa.types.is_integer(table.schema.field(name).type):
            field = pa.field(name, SIZE, nullable=False)
            position = table.schema.get_field_index(name)
            table = table.set_column(position, field, table[name].cast(SIZE))
    return table


HALT, RESUME = "halt", "resume"
"""The actions of a status."""

INSTRUMENTS = _schema(symbol=pa.string(), tape=pa.string(), exchange=pa.string(), name=pa.string())
"""One row per symbol: tape letter (A, B, C, N, O or ""), listing exchange and name."""

NEWS = _schema(
    id=pa.int64(),
    created_at=pa.int64(),
    updated_at=pa.int64(),
    headline=pa.string(),
    summary=pa.string(),
    author=pa.string(),
    source=pa.string(),
    url=pa.string(),
    content=pa.string(),
    symbols=pa.list_(pa.string()),
    images=pa.string(),
)
"""One row per article; times UTC ns, ``images`` a JSON array of pairs of size and URL."""

CORPORATE_ACTIONS = _schema(
    id=pa.string(),
    kind=pa.string(),
    process_date=pa.date32(),
    symbols=pa.list_(pa.string()),
    detail=pa.string(),
)
"""One row per corporate action; ``detail`` is the whole announcement as JSON."""

ROW_GROUP_ROWS: dict[Kind, int] = {
    Kind.TRADES: 512 * 1024,
    Kind.QUOTES: 128 * 1024,
    Kind.BARS: 128 * 1024,
    Kind.STATUSES: 128 * 1024,
}
"""Rows read at once. Trades are scanned whole, quotes are looked up around a moment."""
