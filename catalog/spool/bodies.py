"""The body of a chunk: rows as Arrow, and the texts that are new since the chunk before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from catalog.schema import Kind
from catalog.spool.coding import Coding
from engine.domain.fixed_point import whole_sizes
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch

type Arrived = TradeBatch | QuoteBatch | Sequence[TradingStatus]
"""What came together, of one kind."""

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")
_TIMES = {"ts_event": pa.int64(), "ts_init": pa.int64()}
_TABLES = {"symbol_id": "symbols", "condition_id": "conditions"}
_SCHEMAS = {
    Kind.TRADES: pa.schema(
        {
            "symbol_id": pa.int32(),
            **_TIMES,
            "price": pa.int64(),
            "size": pa.int64(),
            "condition_id": pa.int32(),
        }
    ),
    Kind.QUOTES: pa.schema(
        {
            "symbol_id": pa.int32(),
            **_TIMES,
            "bid": pa.int64(),
            "ask": pa.int64(),
            "bid_size": pa.int64(),
            "ask_size": pa.int64(),
        }
    ),
    Kind.STATUSES: pa.schema(
        {"symbol": pa.string(), **_TIMES, "halted": pa.bool_(), "reason": pa.string()}
    ),
}


class BodyWriter:
    """Writes the bodies of one file; each tells the texts that none before it had."""

    def __init__(self, kind: Kind) -> None:
        self._schema = _SCHEMAS[kind]
        self._codings = {name: Coding() for name in _TABLES if name in self._schema.names}
        self._told = dict.fromkeys(self._codings, 0)

    def body(self, batches: Sequence[Arrived]) -> pa.Buffer:
        """Return batches of the file's kind as one body."""
        schema = self._schema
        columns = [self._column(field, batches) for field in schema]
        new = {}
        for name, coding in self._codings.items():
            new[_TABLES[name]] = msgspec.json.encode(coding.texts[self._told[name] :])
            self._told[name] = len(coding.texts)
        sink = pa.BufferOutputStream()
        schema = schema.with_metadata(new)
        with pa.ipc.new_stream(sink, schema, options=_COMPRESSED) as stream:
            stream.write_batch(pa.record_batch(columns, schema=schema))
        return sink.getvalue()

    def _column(self, field: pa.Field, batches: Sequence[Any]) -> pa.Array:
        name = field.name
        if isinstance(batches[0], (TradeBatch, QuoteBatch)):
            parts = [self._coded(name, batch) for batch in batches]
            return pa.array(np.concatenate(parts), field.type)
        return pa.array([getattr(row, name) for rows in batches for row in rows], field.type)

    def _coded(self, name: str, batch: Any) -> NDArray[Any]:
        column = getattr(batch, name)
        if name not in self._codings:
            return column
        return self._codings[name].encode(column, getattr(batch, _TABLES[name]))


class BodyReader:
    """Reads the bodies of one file, in order.

    Sizes of prints are 1e-6 share; files from before that say whole shares, as int32.
    """

    def __init__(self) -> None:
        self._tables: dict[str, tuple[str, ...]] = {"symbols": (), "conditions": ()}

    def trades(self, body: bytes) -> TradeBatch:
        """Return the prints of a body; their tables grow from one to the next."""
        columns = self._columns(body)
        return TradeBatch(**columns, **dict[str, Any](self._tables))

    def quotes(self, body: bytes) -> QuoteBatch:
        """Return the quotes of a body."""
        columns = self._columns(body)
        return QuoteBatch(**columns, symbols=self._tables["symbols"])

    def statuses(self, body: bytes) -> list[TradingStatus]:
        """Return the halts and resumes of a body."""
        rows = pa.ipc.open_stream(body).read_all().to_pylist()
        return [TradingStatus(**row) for row in rows]

    def _columns(self, body: bytes) -> dict[str, Any]:
        table = pa.ipc.open_stream(body).read_all()
        for name, texts in (table.schema.metadata or {}).items():
            if new := msgspec.json.decode(texts, type=tuple[str, ...]):
                self._tables[name.decode()] += new
        columns = {name: table[name].to_numpy() for name in table.column_names}
        if "size" in columns and pa.types.is_int32(table.schema.field("size").type):
            columns["size"] = whole_sizes(columns["size"])
        return columns
