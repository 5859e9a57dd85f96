"""The catalog as SQL tables, read by DuckDB where the files lie."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from catalog.layout import (
    ACTIONS_FOLDER,
    INSTRUMENTS_FOLDER,
    NEWS_FOLDER,
    PART,
    QUARANTINE_FOLDER,
    partition_folder,
)
from catalog.schema import SCHEMAS, Kind
from catalog.store import Catalog
from engine.domain.errors import ConfigError, DataError

_DEPTHS = {INSTRUMENTS_FOLDER: "", NEWS_FOLDER: "*/", ACTIONS_FOLDER: "*/"}
"""Folders between a kind and its parts, where they are not date or parameters and letter."""


def connect(catalog: Catalog) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection with a view for each kind of table the catalog holds.

    Views are named as the folders are: ``trades``, ``quotes``, ``instruments``, ``candidates`` …
    Their ``date`` and ``letter`` (or ``params``) are columns and prune the files that are read.
    Prices are DECIMAL(18, 6) USD, sizes of trades and volumes of bars DECIMAL(18, 6) shares, those
    of parts of schema version 1 among them; times are UTC nanoseconds
    (``make_timestamp_ns(ts_event)``).
    """
    database = duckdb.connect()
    database.register_filesystem(MemoryFileSystem())
    protocol = ""
    if not isinstance(catalog.fs, LocalFileSystem):
        database.register_filesystem(catalog.fs)
        protocol = f"{catalog.fs.protocol}://"
    for kind in kinds(catalog):
        depth = _DEPTHS.get(kind, "*/*/")
        files = [f"{protocol}{catalog.root}/{kind}/{depth}{PART}"]
        is_market_data = kind in SCHEMAS
        if is_market_data:
            files.insert(0, _empty_part(Kind(kind)))
        database.read_parquet(
            files, hive_partitioning=bool(depth), union_by_name=bool(depth) and not is_market_data
        ).create_view(kind)
    return database


def _empty_part(kind: Kind) -> str:
    """Return the path of a part in memory that has today's columns and no rows.

    DuckDB turns every part's columns into the types of the first. So this one goes before them all,
    for the first there is may be of an earlier schema version, with whole shares. To look at all of
    them (``union_by_name``) is for derived tables, of which there are few.
    """
    path = f"/tradectl/{partition_folder(kind, date(1970, 1, 1), 'A')}/{PART}"
    written = pa.BufferOutputStream()
    pq.write_table(SCHEMAS[kind].empty_table(), written)
    MemoryFileSystem().pipe_file(path, written.getvalue().to_pybytes())
    return f"memory://{path}"


def kinds(catalog: Catalog) -> list[str]:
    """Return the kinds of tables that are stored."""
    found = (str(path).split("/")[-4] for path in catalog.fs.glob(f"{catalog.root}/*/*/*/{PART}"))
    stored = {kind for kind in found if kind != QUARANTINE_FOLDER}
    stored |= {
        kind
        for kind, depth in _DEPTHS.items()
        if catalog.fs.glob(f"{catalog.root}/{kind}/{depth}{PART}")
    }
    return sorted(stored)


class Answer(msgspec.Struct, frozen=True):
    """Rows of a query; ``truncated`` when there are more."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    truncated: bool


def query(catalog: Catalog, statement: str, limit: int) -> Answer:
    """Return the first rows of a statement.

    Raises
    ------
    ConfigError
        The statement is wrong; the message is DuckDB's, with the views there are.
    DataError
        A file that it reads is damaged.
    """
    try:
        found = connect(catalog).sql(statement)
        if found is None:
            return Answer([], [], truncated=False)
        rows = found.limit(limit + 1).fetchall()
        return Answer(found.columns, rows[:limit], truncated=len(rows) > limit)
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise DataError(f"{error}; run `tradectl catalog verify`") from error
    except duckdb.Error as error:
        raise ConfigError(f"{error}\nTables: {', '.join(kinds(catalog)) or 'none'}") from error
