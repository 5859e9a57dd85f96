"""A catalog that holds a handful of prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa

from catalog import Catalog
from catalog.partition import write_partition
from catalog.schema import HALT, RESUME, SCHEMAS, Kind
from engine.domain.market_data.recorded import letter_of


def stored_prints(
    folder: Path,
    day: date,
    symbols: Sequence[str],
    ts: Sequence[int],
    prices: Iterable[Decimal],
    conditions: Sequence[str],
    sizes: Sequence[int] | None = None,
) -> Catalog:
    """Return a new catalog with prints that arrived when they happened, in order of time."""
    market = Catalog(str(folder))
    table = pa.table(
        {
            "symbol": pa.array(symbols, pa.string()),
            "ts_event": pa.array(ts, pa.int64()),
            "ts_init": pa.array(ts, pa.int64()),
            "price": pa.array(list(prices), pa.decimal64(18, 6)),
            "size": pa.array([100] * len(ts) if sizes is None else sizes, pa.decimal64(18, 6)),
            "exchange": pa.array([""] * len(ts), pa.string()),
            "conditions": pa.array(conditions, pa.string()),
            "trade_id": pa.nulls(len(ts), pa.int64()),
        }
    )
    letters = np.array([letter_of(symbol) for symbol in symbols])
    for letter in np.unique(letters):
        rows = table.filter(pa.array(letters == letter))
        write_partition(market.fs, market.root, Kind.TRADES, day, str(letter), [rows])
    return market


def stored_halt(market: Catalog, day: date, symbol: str, start_ns: int, end_ns: int) -> None:
    """Store that a symbol was halted from ``start_ns`` to ``end_ns``, announced when it was."""
    rows = [
        {"symbol": symbol, "ts_event": ts, "ts_init": ts, "action": action, "reason": ""}
        for ts, action in ((start_ns, HALT), (end_ns, RESUME))
    ]
    table = pa.Table.from_pylist(rows).cast(SCHEMAS[Kind.STATUSES])
    letter = letter_of(symbol)
    write_partition(market.fs, market.root, Kind.STATUSES, day, letter, [table])
