"""Rows as a file gives them, in the catalog's columns but not yet checked.

Every format reader yields tables of these columns: times in UTC nanoseconds, prices in USD and
sizes in shares as floats, so that what is not a number survives until it is counted and refused.
Up to the largest size there is, sizes of six decimals and their floats are one to one, so that none
is lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from catalog.schema import Kind
from engine.domain.errors import ConfigError, DataError

_FILLED: dict[str, pa.DataType] = {
    "ts_init": pa.int64(),
    "exchange": pa.string(),
    "conditions": pa.string(),
    "reason": pa.string(),
    "trade_id": pa.int64(),
    "trade_count": pa.int64(),
    "vwap": pa.float64(),
    "tape": pa.string(),
    "flaw": pa.string(),
}
"""Columns a file may lack; ``flaw`` is why a source itself disowns a row."""

_TIMES = ("ts_event", "ts_init")

_EXACT_SIZES = ("size", "volume")
"""Columns in which a float32 stands for the shortest number that it can: 0.1, not 0.10000000149."""

_NOTHING = pa.array(pv.ConvertOptions().null_values or [])
"""Texts that say that there is no number."""

_NO_TIME = 0
"""Stands for a time that cannot be: what is null only means that none was given."""

_INT64_MAX = (1 << 63) - 1

RAW_SCHEMAS: dict[Kind, pa.Schema] = {
    kind: pa.schema(
        {
            "symbol": pa.string(),
            "ts_event": pa.int64(),
            "ts_init": pa.int64(),
            **columns,
            "tape": pa.string(),
            "flaw": pa.string(),
        }
    )
    for kind, columns in {
        Kind.TRADES: {
            "price": pa.float64(),
            "size": pa.float64(),
            "exchange": pa.string(),
            "conditions": pa.string(),
            "trade_id": pa.int64(),
        },
        Kind.QUOTES: {
            "bid": pa.float64(),
            "ask": pa.float64(),
            "bid_size": pa.float64(),
            "ask_size": pa.float64(),
            "exchange": pa.string(),
        },
        Kind.BARS: {
            "open": pa.float64(),
            "high": pa.float64(),
            "low": pa.float64(),
            "close": pa.float64(),
            "volume": pa.float64(),
            "trade_count": pa.int64(),
            "vwap": pa.float64(),
        },
        Kind.STATUSES: {"action": pa.string(), "reason": pa.string()},
    }.items()
}


class TimeUnit(StrEnum):
    """Unit of an integer time."""

    NANOSECOND = "ns"
    MICROSECOND = "us"
    MILLISECOND = "ms"
    SECOND = "s"

    @property
    def nanoseconds(self) -> int:
        """Return the nanoseconds in one unit."""
        return {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}[self]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the columns of a file are to be understood.

    Attributes
    ----------
    columns : mapping
        Our column name to the file's, where they differ.
    symbol : str or None
        Ticker of every row of a file that has no such column.
    timezone : str
        Time zone of timestamps without one; file formats with a zone of their own ignore it.
    time_unit : TimeUnit
        Of integer times.
    delimiter : str
        Between the fields of a CSV file.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    symbol: str | None = None
    timezone: str = "UTC"
    time_unit: TimeUnit = TimeUnit.NANOSECOND
    delimiter: str = ","

    def __post_init__(self) -> None:
        """Refuse a time zone that does not exist, and a delimiter that is no character."""
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise ConfigError(
                f"the delimiter is {self.delimiter!r}, expected one character; "
                "--delimiter $'\\t' is a tab"
            )
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigError(
                f"{self.timezone!r} is no time zone; name one like America/New_York"
            ) from error

    def theirs(self, column: str) -> str:
        """Return a file's name of one of our columns."""
        return self.columns.get(column, column)

    def present(self, kind: Kind, names: Sequence[str], path: str) -> list[str]:
        """Return those of our columns that a file has.

        Raises
        ------
        ConfigError
            A column that cannot be filled is missing, or a mapped one does not exist.
        """
        schema = RAW_SCHEMAS[kind]
        unknown = [ours for ours in self.columns if ours not in schema.names]
        if unknown:
            raise ConfigError(
                f"{kind} have no column {unknown[0]!r} to map; they have {', '.join(schema.names)}"
            )
        present = [ours for ours in schema.names if self.theirs(ours) in names]
        optional = {*_FILLED, *(("symbol",) if self.symbol else ())} - self.columns.keys()
        missing = [ours for ours in schema.names if ours not in (*present, *optional)]
        if missing:
            raise ConfigError(
                f"{path} has no column {self.theirs(missing[0])!r} (it has {', '.join(names)}); "
                f"name the right one with --map {missing[0]}=NAME"
            )
        return present


def raw_table(source: pa.Table, kind: Kind, reading: Reading, path: str) -> pa.Table:
    """Return a file's table with the columns of ``RAW_SCHEMAS[kind]``.

    Raises
    ------
    ConfigError
        A needed column is missing.
    DataError
        A column has a type that cannot be understood.
    """
    present = reading.present(kind, source.column_names, path)
    columns: list[pa.ChunkedArray | pa.Array] = []
    for wanted in RAW_SCHEMAS[kind]:
        if wanted.name not in present:
            fill = reading.symbol if wanted.name == "symbol" else None
            columns.append(pa.repeat(pa.scalar(fill, wanted.type), source.num_rows))
            continue
        column = source[reading.theirs(wanted.name)]
        try:
            if wanted.name in _TIMES:
                columns.append(_nanoseconds(column, reading))
            elif _is_text(column) and not pa.types.is_string(wanted.type):
                columns.append(_numbers(column, wanted))
            elif wanted.name in _EXACT_SIZES and pa.types.is_float32(column.type):
                columns.append(column.cast(pa.string()).cast(wanted.type))
            else:
                columns.append(column.cast(wanted.type, safe=False))
        except pa.ArrowException as error:
            raise DataError(
                f"{path}: column {reading.theirs(wanted.name)!r} ({column.type}) cannot be read as "
                f"{wanted.name} ({wanted.type}): {error}"
            ) from error
    return pa.table(columns, schema=RAW_SCHEMAS[kind])


def _is_text(column: Any) -> bool:
    return pa.types.is_string(column.type) or pa.types.is_large_string(column.type)


def _numbers(texts: Any, wanted: pa.Field) -> Any:
    """Return written numbers; a price or size that is none is null, and so a flaw of its row."""
    said = _said(texts)
    return said.cast(wanted.type) if wanted.name in _FILLED else _cast(said, wanted.type)


def _nanoseconds(column: Any, reading: Reading) -> Any:
    """Return times of any usual type as UTC nanoseconds; one that cannot be is ``_NO_TIME``."""
    if _is_text(column):
        said = _said(column)
        column = _parsed_times(said)
        unread = pc.and_(column.is_null(), said.is_valid())
        column = pc.if_else(unread, pa.scalar(_NO_TIME).cast(column.type), column)
    if pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            column = pc.assume_timezone(
                column, reading.timezone, ambiguous="earliest", nonexistent="earliest"
            )
        return column.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    unit = reading.time_unit.nanoseconds
    column = column.cast(pa.int64())
    latest = pa.scalar(_INT64_MAX // unit)
    return pc.multiply(pc.if_else(pc.greater(column, latest), _NO_TIME, column), unit)


def _parsed_times(texts: Any) -> Any:
    """Return written times as integers or timestamps, whichever the first that is one is."""
    times = texts.filter(pc.match_substring_regex(texts, r"^(-?\d+$|\d{4}-)"))
    first = next(iter(times.slice(0, 1).to_pylist()), "")
    if first.lstrip("-").isdigit():
        return _cast(texts, pa.int64())
    has_zone = first.endswith("Z") or "+" in first[10:] or "-" in first[10:]
    return _cast(texts, pa.timestamp("ns", "UTC") if has_zone else pa.timestamp("ns"))


def _said(texts: Any) -> Any:
    """Return texts without the space around them, null where they say that there is nothing."""
    trimmed = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.is_in(trimmed, _NOTHING), None, trimmed)


def _cast(texts: Any, wanted: Any) -> Any:
    """Return texts as another type, null where one cannot be read; halves until it is found."""
    try:
        return texts.cast(wanted)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.chunked_array([pa.nulls(1, wanted)])
        half = len(texts) // 2
        parts = (texts.slice(0, half), texts.slice(half))
        chunks = [chunk for part in parts for chunk in _cast(part, wanted).chunks]
        return pa.chunked_array(chunks, wanted)
