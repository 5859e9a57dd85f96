"""Rows as a file gives them, in the catalog's columns but not yet checked.

Every format reader yields tables of these columns: times in UTC nanoseconds, prices in USD and
sizes in shares as floats, so that what is not a number survives until it is counted and refused.
Up to the largest size there is, sizes of six decimals and their floats are one to one, so that none
is lost on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from catalog.imports.formats import cells, polygon
from catalog.schema import Kind
from engine.domain.errors import ConfigError, DataError
from engine.domain.market_data.written_conditions import condition_codes

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

_MOST_SHOWN, _LONGEST_SHOWN = 20, 40

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
    is_polygon : bool
        The file is one of Polygon's, which write numbers for codes; see ``of``.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    symbol: str | None = None
    timezone: str = "UTC"
    time_unit: TimeUnit = TimeUnit.NANOSECOND
    delimiter: str = ","
    is_polygon: bool = False

    def __post_init__(self) -> None:
        """Refuse a time zone that does not exist, and a delimiter that is no character."""
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n' or not self.delimiter.isascii():
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

    def of(self, kind: Kind, names: Sequence[str]) -> Reading:
        """Return how to read a file with these columns: some vendors are known by theirs."""
        if kind not in polygon.COLUMNS or not polygon.is_flat_file(names):
            return self
        theirs = {ours: name for ours, name in polygon.COLUMNS[kind].items() if name in names}
        return replace(self, columns=theirs | dict(self.columns), is_polygon=True)

    def present(self, kind: Kind, names: Sequence[str], path: str) -> list[str]:
        """Return those of our columns that a file has.

        Parameters
        ----------
        names
            As ``told_apart`` returns them.

        Raises
        ------
        ConfigError
            A column that cannot be filled is missing, a mapped one does not exist, or two have the
            name of one that is needed.
        """
        schema = RAW_SCHEMAS[kind]
        unknown = [ours for ours in self.columns if ours not in schema.names]
        if unknown:
            raise ConfigError(
                f"{kind} have no column {unknown[0]!r} to map; they have {', '.join(schema.names)}"
            )
        for ours in schema.names:
            _expect_one(ours, self.theirs(ours), names, path)
        present = [ours for ours in schema.names if self.theirs(ours) in names]
        optional = {*_FILLED, *(("symbol",) if self.symbol else ())} - self.columns.keys()
        missing = [ours for ours in schema.names if ours not in (*present, *optional)]
        if missing:
            raise ConfigError(
                f"{path} has no column {self.theirs(missing[0])!r} (it has {shown_names(names)}); "
                f"name the right one with --map {missing[0]}=NAME"
            )
        return present


def told_apart(names: Sequence[str]) -> list[str]:
    """Return the names of a file's columns, ``price#1`` and ``price#2`` where two are ``price``."""
    repeated = {name for name, count in Counter(names).items() if count > 1}
    seen: Counter[str] = Counter()
    apart: list[str] = []
    for name in names:
        seen[name] += 1
        apart.append(f"{name}#{seen[name]}" if name in repeated else name)
    return apart


def shown_names(names: Sequence[str]) -> str:
    """Return names of a file as a message shows them: neither many nor long."""
    cut = [name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…" for name in names]
    return ", ".join([*cut[:_MOST_SHOWN], *(["…"] if cut[_MOST_SHOWN:] else [])])


def _expect_one(ours: str, theirs: str, names: Sequence[str], path: str) -> None:
    """Refuse a column of which there are two, saying how to name one."""
    if f"{theirs}#1" not in names or theirs in names:
        return
    places = [n for n, name in enumerate(names, 1) if name.rpartition("#")[0] == theirs]
    shown = ", ".join(map(str, places[:_MOST_SHOWN]))
    raise ConfigError(
        f"{path} has {len(places)} columns {theirs!r}, in places "
        f"{shown}: name one with --map {ours}={theirs}#1 or "
        f"--map {ours}={theirs}#2"
    )


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
            columns.append(_read(cells.plain(column), wanted, reading))
        except pa.ArrowException as error:
            raise DataError(
                f"{path}: column {reading.theirs(wanted.name)!r} ({column.type}) cannot be read as "
                f"{wanted.name} ({wanted.type}): {error}"
            ) from error
    return pa.table(columns, schema=RAW_SCHEMAS[kind])


def _read(column: Any, wanted: pa.Field, reading: Reading) -> pa.ChunkedArray:
    """Return a column of a file as one of ours, cell by cell."""
    match wanted.name:
        case "ts_event" | "ts_init":
            return cells.nanoseconds(column, reading.time_unit.nanoseconds, reading.timezone)
        case "symbol":
            return cells.symbols(column)
        case "conditions":
            code = partial(condition_codes, by_number=reading.is_polygon)
            return cells.recoded(column, code)
        case "flaw" if reading.is_polygon:
            return cells.recoded(column, polygon.flaw_of)
        case "size" | "volume" if pa.types.is_float32(column.type):
            return column.cast(pa.string()).cast(wanted.type)  # 0.1, not 0.10000000149
        case _ if pa.types.is_string(wanted.type):
            return cells.texts(column)
        case _:
            return cells.numbers(column, wanted.type)


def disowned(raw: pa.Table, rows: NDArray[np.bool_], flaw: str) -> pa.Table:
    """Return raw rows of which some carry why they do not stand."""
    if not rows.any():
        return raw
    flaws = pc.if_else(pa.array(rows), flaw, raw["flaw"])
    return raw.set_column(raw.schema.get_field_index("flaw"), raw.schema.field("flaw"), flaws)
