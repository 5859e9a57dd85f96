"""Market data out of the catalog: one file per date, or a nautilus catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from catalog.files import storage_error
from catalog.schema import Kind, exact_size_column
from catalog.sql import connect
from catalog.store import Catalog
from engine.domain.errors import ConfigError, NotFoundError, RunError
from engine.domain.fixed_point import SIZE_SCALE
from engine.domain.market_data.conditions import REVERSAL_MARK
from engine.domain.markets.instrument import ALPACA_STOCKS

if TYPE_CHECKING:
    from nautilus_trader.model import QuoteTick, TradeTick

type Progress = Callable[[int, int], None]
"""Called with the rows written so far and in all."""


class Target(StrEnum):
    """What to export to."""

    CSV = "csv"
    PARQUET = "parquet"
    NAUTILUS = "nautilus"


class ExportReport(msgspec.Struct):
    """What was written.

    Attributes
    ----------
    rows, files : int
        Written; for nautilus a file holds the ticks of one symbol and date.
    reversals_left_out : int
        Trade rows that take back a print, which nautilus cannot say.
    """

    rows: int = 0
    files: int = 0
    reversals_left_out: int = 0


def export(
    catalog: Catalog,
    out: Path,
    target: Target,
    kind: Kind,
    days: Sequence[date],
    progress: Progress = lambda *_: None,
) -> ExportReport:
    """Write one kind of market data of some dates into a local folder.

    CSV and Parquet become ``<kind>-<date>.csv.gz`` and ``<kind>-<date>.parquet``, letter by
    letter in stored order, with the columns that ``import`` takes back. nautilus gets a catalog
    of its own, with an instrument for each symbol; it has no sale conditions, and a symbol's sizes
    of one date have six decimals where one of them is a fraction.

    Raises
    ------
    NotFoundError
        Nothing is stored for a date.
    ConfigError
        The target cannot hold the kind, or the folder cannot be written.
    RunError
        The disk is full.
    """
    partitions = [(day, letter) for day, letter in catalog.partitions.stored(kind) if day in days]
    missing = set(days) - {day for day, _ in partitions}
    if missing or not days:
        dates = ", ".join(str(day) for day in sorted(missing)) or "any of these dates"
        raise NotFoundError(f"no {kind} are stored for {dates}; `tradectl catalog info` lists them")
    if target is Target.NAUTILUS and kind not in (Kind.TRADES, Kind.QUOTES):
        raise ConfigError(f"nautilus takes trades and quotes, not {kind}; export them to csv")
    steps = (
        _to_nautilus(catalog, out, kind, partitions)
        if target is Target.NAUTILUS
        else _to_files(catalog, out, target, kind, days)
    )
    total = sum(_rows(catalog, kind, day, letter) for day, letter in partitions)
    report = ExportReport()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for rows, left_out in steps:
            report.files += 1
            report.rows += rows
            report.reversals_left_out += left_out
            progress(report.rows, total)
    except OSError as error:
        raise storage_error(error, str(out)) from error
    except (duckdb.Error, RuntimeError) as error:
        raise RunError(f"cannot export to {out}: {error}; the catalog is untouched") from error
    return report


def _rows(catalog: Catalog, kind: Kind, day: date, letter: str) -> int:
    manifest = catalog.partitions.manifest(kind, day, letter)
    return manifest.rows if manifest else 0


def _to_files(
    catalog: Catalog, out: Path, target: Target, kind: Kind, days: Sequence[date]
) -> Iterator[tuple[int, int]]:
    """Write one file per date, yielding its rows and how many were left out."""
    table = connect(catalog).table(kind)
    for day in days:
        of_day = duckdb.ColumnExpression("date") == duckdb.ConstantExpression(day)
        rows = table.filter(of_day).project("* EXCLUDE (date, letter)")
        if target is Target.CSV:
            rows = _with_plain_sizes(rows, kind)
            rows.write_csv(str(out / f"{kind}-{day}.csv.gz"), compression="gzip")
        else:
            rows.write_parquet(str(out / f"{kind}-{day}.parquet"), compression="zstd")
        letters = [letter for stored, letter in catalog.partitions.stored(kind) if stored == day]
        yield sum(_rows(catalog, kind, day, letter) for letter in letters), 0


def _with_plain_sizes(rows: duckdb.DuckDBPyRelation, kind: Kind) -> duckdb.DuckDBPyRelation:
    """Return rows with exact sizes as people write them: ``100`` and ``0.25``."""
    size = exact_size_column(kind)
    if size is None:
        return rows
    return rows.project(f"* REPLACE (rtrim(rtrim({size}::VARCHAR, '0'), '.') AS {size})")


def _to_nautilus(
    catalog: Catalog, out: Path, kind: Kind, partitions: Sequence[tuple[date, str]]
) -> Iterator[tuple[int, int]]:
    """Write one file per symbol and date, yielding its ticks and the reversals left out."""
    from nautilus_trader.persistence import ParquetDataCatalog  # noqa: PLC0415  (a second to import)

    from engine.runtime.bridge.values import nautilus_instrument  # noqa: PLC0415

    target = ParquetDataCatalog(str(out))
    known: set[str] = set()
    for day, letter in partitions:
        rows = pa.concat_tables(catalog.partitions.tables(kind, day, letter)).unify_dictionaries()
        for symbol, of_symbol in _by_symbol(rows):
            if symbol not in known:
                target.write_instruments([nautilus_instrument(ALPACA_STOCKS.find(symbol))])
                known.add(symbol)
            if kind is Kind.TRADES:
                ticks = _prints(of_symbol)
                target.write_trade_ticks(_trade_ticks(symbol, ticks))
            else:
                ticks = of_symbol
                target.write_quote_ticks(_quote_ticks(symbol, ticks))
            yield ticks.num_rows, of_symbol.num_rows - ticks.num_rows


def _prints(rows: pa.Table) -> pa.Table:
    """Return trade rows without those that take back a print."""
    conditions = rows["conditions"].cast(pa.string())
    return rows.filter(pc.invert(pc.starts_with(conditions, REVERSAL_MARK)))


def _by_symbol(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield each symbol's rows in order of arrival."""
    rows = rows.set_column(0, "symbol", rows["symbol"].cast(pa.string()))
    rows = rows.take(pc.sort_indices(rows, [("symbol", "ascending"), ("ts_init", "ascending")]))
    counts: Any = pc.value_counts(rows["symbol"])
    first = 0
    for count in counts.to_pylist():
        yield count["values"], rows.slice(first, count["counts"])
        first += count["counts"]


def _trade_ticks(symbol: str, rows: pa.Table) -> list[TradeTick]:
    from nautilus_trader.model import (  # noqa: PLC0415
        AggressorSide,
        Quantity,
        TradeId,
        TradeTick,
    )

    from engine.runtime.bridge.values import (  # noqa: PLC0415
        RAW_PER_SIZE_UNIT,
        SIZE_PRECISION,
        instrument_id,
        price_of,
    )

    ids = rows["trade_id"].to_pylist()
    (sizes,) = _integers(rows, "size")
    precision = SIZE_PRECISION if any(size % SIZE_SCALE for size in sizes) else 0
    return [
        TradeTick(
            instrument_id(symbol, ALPACA_STOCKS.venue),
            price_of(price),
            Quantity.from_raw(size * RAW_PER_SIZE_UNIT, precision),
            AggressorSide.NO_AGGRESSOR,
            TradeId(str(n if trade_id is None else trade_id)),
            ts_event,
            ts_init,
        )
        for n, (trade_id, size, price, ts_event, ts_init) in enumerate(
            zip(ids, sizes, *_integers(rows, "price", "ts_event", "ts_init"), strict=True)
        )
    ]


def _quote_ticks(symbol: str, rows: pa.Table) -> list[QuoteTick]:
    from nautilus_trader.model import Quantity, QuoteTick  # noqa: PLC0415

    from engine.runtime.bridge.values import instrument_id, price_of  # noqa: PLC0415

    columns = _integers(rows, "bid", "ask", "bid_size", "ask_size", "ts_event", "ts_init")
    return [
        QuoteTick(
            instrument_id(symbol, ALPACA_STOCKS.venue),
            price_of(bid),
            price_of(ask),
            Quantity.from_int(bid_size),
            Quantity.from_int(ask_size),
            ts_event,
            ts_init,
        )
        for bid, ask, bid_size, ask_size, ts_event, ts_init in zip(*columns, strict=True)
    ]


def _integers(rows: pa.Table, *names: str) -> list[list[int]]:
    """Return columns as Python integers, prices in 1e-6 USD and sizes of prints in 1e-6 share."""
    columns: list[Any] = [rows[name].combine_chunks() for name in names]
    return [
        (column.view(pa.int64()) if pa.types.is_decimal(column.type) else column).to_pylist()
        for column in columns
    ]
