"""One part file and its manifest; every Parquet file of the catalog is written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.files import write_whole
from catalog.layout import INVENTORY_FOLDER, MANIFEST, PART, partition_folder
from catalog.schema import ROW_GROUP_ROWS, SCHEMA_VERSION, SCHEMAS, Kind
from catalog.warnings import DataWarning
from engine.domain.errors import DataError
from engine.domain.unreadable import UNREADABLE

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_DERIVED_ROW_GROUP_ROWS = 128 * 1024


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a part file holds, kept beside it.

    Attributes
    ----------
    rows : int
        Number of rows.
    size : int
        Bytes of the part file; ``sha256`` is their digest in hex.
    min_ts_init, max_ts_init : int or None
        First and last arrival, UTC ns; None without rows or without such a column.
    source : tuple of str
        Names of the files or generators the rows came from.
    quality : dict
        Counters of the quality report.
    warnings : tuple of DataWarning
        What may be wrong with the rows, found when they were imported.
    meta : dict
        Whatever the writer of a derived table wants back with it.
    """

    rows: int
    size: int
    sha256: str
    min_ts_init: int | None = None
    max_ts_init: int | None = None
    source: tuple[str, ...] = ()
    quality: dict[str, int] = {}
    warnings: tuple[DataWarning, ...] = ()
    meta: dict[str, Any] = {}
    schema_version: int = SCHEMA_VERSION


def write_partition(
    fs: AbstractFileSystem,
    root: str,
    kind: Kind | str,
    day: date,
    letter: str,
    tables: Iterable[pa.Table],
    source: tuple[str, ...] = (),
    quality: Mapping[str, int] | None = None,
    *,
    warnings: Sequence[DataWarning] = (),
) -> Manifest:
    """Write the market data of one kind, date and letter, replacing what is stored there.

    Equal rows give equal bytes, however they are cut into tables and whatever their dictionaries.

    Parameters
    ----------
    fs, root
        File system and root folder, as ``Catalog.fs`` and ``Catalog.root`` are.
    tables
        Rows with the columns of ``SCHEMAS[kind]``, sorted by ``ts_init``; consumed one by one.
    source, quality, warnings
        Kept in the manifest; the last two are read after the last table, so that whoever yields
        the tables can count on the way.

    Raises
    ------
    DataError
        ``ts_init`` decreases from one row to the next.
    ConfigError, RunError
        The folder cannot be written; what was stored before is untouched.
    """
    kind = Kind(kind)
    partition = partition_folder(kind, day, letter)
    manifest = write_part(
        fs,
        f"{root}/{partition}",
        SCHEMAS[kind],
        _in_order(tables, partition),
        row_group_rows=ROW_GROUP_ROWS[kind],
        source=source,
        quality=quality,
        warnings=warnings,
    )
    with write_whole(fs, f"{root}/{INVENTORY_FOLDER}/{partition}") as file:
        file.write(manifest.sha256.encode())
    return manifest


def write_part(
    fs: AbstractFileSystem,
    folder: str,
    schema: pa.Schema,
    tables: Iterable[pa.Table],
    *,
    row_group_rows: int = _DERIVED_ROW_GROUP_ROWS,
    source: tuple[str, ...] = (),
    quality: Mapping[str, int] | None = None,
    warnings: Sequence[DataWarning] = (),
    meta: Mapping[str, Any] | None = None,
) -> Manifest:
    """Write a part file and then its manifest into ``folder``; see ``write_partition``."""
    rows = 0
    arrivals: list[int] = []
    with write_whole(fs, f"{folder}/{PART}") as file:
        with pq.ParquetWriter(
            pa.PythonFile(file, "w"), schema, **parquet_settings(schema)
        ) as writer:
            for group in _row_groups(tables, schema, row_group_rows):
                if "ts_init" in schema.names:
                    span: Any = pc.min_max(group["ts_init"]).as_py()
                    arrivals += [ts for ts in span.values() if ts is not None]
                rows += group.num_rows
                writer.write_table(group, row_group_size=row_group_rows)
        manifest = Manifest(
            rows=rows,
            size=file.size,
            sha256=file.sha256,
            min_ts_init=min(arrivals, default=None),
            max_ts_init=max(arrivals, default=None),
            source=source,
            quality=dict(quality or {}),
            warnings=tuple(warnings),
            meta=dict(meta or {}),
        )
    write_manifest(fs, folder, manifest)
    return manifest


def write_manifest(fs: AbstractFileSystem, folder: str, manifest: Manifest) -> None:
    """Write the manifest of the part in ``folder``, replacing what stands there."""
    with write_whole(fs, f"{folder}/{MANIFEST}") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def parquet_settings(schema: pa.Schema) -> dict[str, Any]:
    """Return the writer options of a stored table.

    Measured best for decoding: dictionaries for codes, prices and sizes (few distinct values
    repeat), deltas for times and ids. Page checksums let a reader notice a damaged page.
    """
    delta, dictionary = [], []
    for field in schema:
        if pa.types.is_int64(field.type):
            delta.append(field.name)
        elif not (pa.types.is_floating(field.type) or pa.types.is_nested(field.type)):
            dictionary.append(field.name)
    return {
        "compression": "zstd",
        "use_dictionary": dictionary,
        "column_encoding": dict.fromkeys(delta, "DELTA_BINARY_PACKED"),
        "store_decimal_as_integer": True,
        "write_statistics": True,
        "write_page_checksum": True,
    }


def stored_version(fs: AbstractFileSystem, folder: str) -> str | None:
    """Return a token that changes with the part in a folder, None if nothing is stored."""
    try:
        return str(fs.ukey(f"{folder}/{PART}"))
    except FileNotFoundError:
        return "missing" if fs.exists(f"{folder}/{MANIFEST}") else None


def read_manifest(fs: AbstractFileSystem, folder: str) -> Manifest | None:
    """Return the manifest of a folder's part, None if there is none.

    Raises
    ------
    DataError
        The manifest cannot be read.
    """
    path = f"{folder}/{MANIFEST}"
    try:
        return msgspec.json.decode(fs.cat_file(path), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UNREADABLE as error:
        raise DataError(
            f"{path} is no manifest ({error}); "
            "run `tradectl catalog verify --quarantine` and import the day again"
        ) from error


def _row_groups(
    tables: Iterable[pa.Table], schema: pa.Schema, row_group_rows: int
) -> Iterator[pa.Table]:
    """Cut a stream of tables into row groups of equal length; the last may be shorter."""
    pending: list[pa.Table] = []
    rows = 0
    for table in tables:
        pending.append(table.select(schema.names).cast(schema))
        rows += table.num_rows
        while rows >= row_group_rows:
            joined = pa.concat_tables(pending)
            yield _canonical(joined.slice(0, row_group_rows))
            pending = [joined.slice(row_group_rows)]
            rows -= row_group_rows
    if rows:
        yield _canonical(pa.concat_tables(pending))


def _canonical(table: pa.Table) -> pa.Table:
    """Return the rows in one chunk, each dictionary sorted and without unused values."""
    table = table.unify_dictionaries().combine_chunks()
    arrays: list[Any] = [column.chunk(0) for column in table.itercolumns()]
    columns = [
        _compact(array) if isinstance(array, pa.DictionaryArray) else array for array in arrays
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _compact(codes: pa.DictionaryArray[Any, Any]) -> pa.DictionaryArray[Any, Any]:
    ids = codes.indices.to_numpy()
    used = np.zeros(len(codes.dictionary), dtype=np.bool_)
    used[ids] = True
    values = codes.dictionary.filter(pa.array(used))
    order = pc.sort_indices(values).to_numpy()
    position = np.empty(len(order), dtype=np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    new_id = np.zeros(len(used), dtype=np.int32)
    new_id[used] = position
    return pa.DictionaryArray.from_arrays(new_id[ids], values.take(order))


def _in_order(tables: Iterable[pa.Table], partition: str) -> Iterator[pa.Table]:
    """Pass tables on, refusing rows out of order."""
    last = np.iinfo(np.int64).min
    for table in tables:
        if table.num_rows:
            ts_init = table["ts_init"].to_numpy()
            if ts_init[0] < last or np.any(ts_init[1:] < ts_init[:-1]):
                raise DataError(
                    f"rows for {partition} are not sorted by ts_init; sort them before they are "
                    "stored"
                )
            last = ts_init[-1]
        yield table
