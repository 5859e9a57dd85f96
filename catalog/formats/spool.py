"""Hop 1: what a live run has kept of what arrived."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from catalog.formats.raw import RAW_SCHEMAS, Reading
from catalog.schema import HALT, RESUME, Kind
from catalog.spool.bodies import BodyReader
from catalog.spool.chunks import bodies
from engine.domain.errors import ConfigError
from engine.domain.fixed_point import float_prices
from engine.domain.quotes import QuoteBatch
from engine.domain.status import TradingStatus
from engine.domain.trades import TradeBatch


def read_spool(path: str, kind: Kind, _: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a spool's file, a chunk at a time; one that was cut short ends it."""
    reader, local = BodyReader(), Path(path)
    for body in bodies(local):
        match kind:
            case Kind.TRADES:
                columns = _of_trades(reader.trades(body))
            case Kind.QUOTES:
                columns = _of_quotes(reader.quotes(body))
            case Kind.STATUSES:
                columns = _of_statuses(reader.statuses(body))
            case Kind.BARS:
                raise ConfigError(f"{path}: a spool holds trades, quotes or statuses, not bars")
        yield _raw(columns, kind)


def _of_trades(batch: TradeBatch) -> dict[str, Any]:
    return {
        "symbol": _texts(batch.symbol_id, batch.symbols),
        "ts_event": batch.ts_event,
        "ts_init": batch.ts_init,
        "price": float_prices(batch.price),
        "size": batch.size.astype(float),
        "exchange": pa.repeat("", len(batch)),
        "conditions": _texts(batch.condition_id, batch.conditions),
    }


def _of_quotes(batch: QuoteBatch) -> dict[str, Any]:
    return {
        "symbol": _texts(batch.symbol_id, batch.symbols),
        "ts_event": batch.ts_event,
        "ts_init": batch.ts_init,
        "bid": float_prices(batch.bid),
        "ask": float_prices(batch.ask),
        "bid_size": batch.bid_size.astype(float),
        "ask_size": batch.ask_size.astype(float),
        "exchange": pa.repeat("", len(batch)),
    }


def _of_statuses(statuses: list[TradingStatus]) -> dict[str, Any]:
    return {
        "symbol": [status.symbol for status in statuses],
        "ts_event": [status.ts_event for status in statuses],
        "ts_init": [status.ts_init for status in statuses],
        "action": [HALT if status.halted else RESUME for status in statuses],
        "reason": [status.reason for status in statuses],
    }


def _texts(ids: Any, table: tuple[str, ...]) -> Any:
    texts: Any = pa.array(table, pa.string())
    return texts.take(pa.array(ids))


def _raw(columns: dict[str, Any], kind: Kind) -> pa.Table:
    schema = RAW_SCHEMAS[kind]
    rows = len(columns["ts_init"])
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)
