"""Row groups of a part file as batches, decoded once and straight into arrays."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from catalog.layout import PART
from catalog.partition import Manifest, read_manifest
from catalog.schema import SCHEMA_VERSION, as_stored_today
from engine.domain.errors import DataError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem
    from numpy.typing import NDArray

_TRADE_COLUMNS = ["symbol", "ts_event", "ts_init", "price", "size", "conditions"]
_QUOTE_COLUMNS = ["symbol", "ts_event", "ts_init", "bid", "ask", "bid_size", "ask_size"]


class PartFile:
    """A stored part, opened once its size agrees with its manifest.

    Attributes
    ----------
    arrivals : int64 array, shape (n_row_groups, 2)
        First and last ``ts_init`` of each row group.

    Raises
    ------
    DataError
        The part is torn, truncated or damaged; also while it is read.
    """

    def __init__(self, fs: AbstractFileSystem, folder: str) -> None:
        self.path = f"{folder}/{PART}"
        self._lock = Lock()
        self.manifest = _checked_manifest(fs, folder, self.path)
        try:
            self._file = pq.ParquetFile(
                self.path
                if isinstance(fs, LocalFileSystem)
                else pa.PythonFile(fs.open(self.path), "r"),
                memory_map=True,
                page_checksum_verification=True,
            )
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.path, error) from error
        metadata = self._file.metadata
        self._is_earlier = self.manifest.schema_version < SCHEMA_VERSION
        self.schema: pa.Schema = self._of_today(self._file.schema_arrow.empty_table()).schema
        self.row_groups: int = metadata.num_row_groups
        self.arrivals = np.empty((self.row_groups, 2), dtype=np.int64)
        if "ts_init" in self.schema.names:
            column = self.schema.get_field_index("ts_init")
            for n in range(self.row_groups):
                statistics: Any = metadata.row_group(n).column(column).statistics
                self.arrivals[n] = statistics.min, statistics.max

    def table(self, row_group: int, columns: list[str] | None = None) -> pa.Table:
        """Return one row group; one thread, so that callers can run one file per thread."""
        try:
            with self._lock:
                table = self._file.read_row_group(row_group, columns=columns, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.path, error) from error
        return self._of_today(table)

    def _of_today(self, table: pa.Table) -> pa.Table:
        return as_stored_today(table) if self._is_earlier else table

    def overlapping(self, start_ns: int, end_ns: int) -> list[int]:
        """Return the row groups that may hold rows with ``start_ns <= ts_init < end_ns``."""
        first, last = self.arrivals.T
        return np.flatnonzero((first < end_ns) & (last >= start_ns)).tolist()

    def tables(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Yield every row group in order."""
        for row_group in range(self.row_groups):
            yield self.table(row_group, columns)

    def trades(self, row_group: int) -> TradeBatch:
        """Return one row group of a trades part."""
        table = self.table(row_group, _TRADE_COLUMNS)
        symbol_id, symbols = _codes(table, "symbol")
        condition_id, conditions = _codes(table, "conditions")
        return TradeBatch(
            symbol_id,
            symbols,
            _values(table, "ts_event"),
            _values(table, "ts_init"),
            _values(table, "price"),
            _values(table, "size"),
            condition_id,
            conditions,
        )

    def quotes(self, row_group: int) -> QuoteBatch:
        """Return one row group of a quotes part."""
        table = self.table(row_group, _QUOTE_COLUMNS)
        symbol_id, symbols = _codes(table, "symbol")
        return QuoteBatch(
            symbol_id,
            symbols,
            _values(table, "ts_event"),
            _values(table, "ts_init"),
            _values(table, "bid"),
            _values(table, "ask"),
            _values(table, "bid_size").astype(np.int64),
            _values(table, "ask_size").astype(np.int64),
        )


def _checked_manifest(fs: AbstractFileSystem, folder: str, path: str) -> Manifest:
    manifest = read_manifest(fs, folder)
    if manifest is None:
        raise DataError(f"{path} has no manifest: its import was cut short; import the day again")
    if manifest.schema_version > SCHEMA_VERSION:
        raise DataError(
            f"{path} is of schema version {manifest.schema_version}, expected up to "
            f"{SCHEMA_VERSION}: a newer tradectl wrote it; upgrade this one"
        )
    size = fs.size(path) if fs.exists(path) else None
    if size != manifest.size:
        found = "is missing" if size is None else f"has {size:,} bytes"
        raise DataError(
            f"{path} {found}, its manifest says {manifest.size:,} bytes; "
            "run `tradectl catalog verify --quarantine` and import the day again"
        )
    return manifest


def _damaged(path: str, error: Exception) -> DataError:
    return DataError(
        f"{path} is damaged ({error}); "
        "run `tradectl catalog verify --quarantine` and import the day again"
    )


def _values(table: pa.Table, name: str) -> NDArray[Any]:
    """Return a column as the integers it is stored as, without a copy."""
    array = _one_chunk(table, name)
    if pa.types.is_decimal64(array.type):
        array = array.view(pa.int64())
    return array.to_numpy(zero_copy_only=True)


def _codes(table: pa.Table, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    array = _one_chunk(table, name)
    return array.indices.to_numpy(zero_copy_only=True), tuple(array.dictionary.to_pylist())


def _one_chunk(table: pa.Table, name: str) -> Any:
    column = table[name]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
