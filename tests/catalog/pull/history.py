"""Beside the pull: a day as history tells it afterwards, made without the look-alike."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from catalog import Catalog
from catalog.imports.ingest import import_files
from catalog.schema import Kind

_SETTLED = """
    WITH prints AS (
        SELECT *, row_number() OVER () AS arrival, conditions[1] = '!' AS reverses,
               ltrim(conditions, '!') AS codes
        FROM stored
    ), numbered AS (
        SELECT *, row_number() OVER (
            PARTITION BY symbol, ts_event, price, size, codes, reverses ORDER BY arrival
        ) AS place
        FROM prints
    )
    SELECT symbol, ts_event, price::DOUBLE AS price, size, codes AS conditions, tape
    FROM numbered JOIN instruments USING (symbol)
    WHERE NOT reverses AND NOT EXISTS (
        FROM numbered AS undo
        WHERE undo.reverses AND undo.place = numbered.place
          AND (undo.symbol, undo.ts_event, undo.price, undo.size, undo.codes)
            = (numbered.symbol, numbered.ts_event, numbered.price, numbered.size, numbered.codes)
    )
    ORDER BY symbol, ts_event, arrival
"""


def settled(source: Catalog, day: date, folder: Path) -> Catalog:
    """Return a catalog of a day's prints without those taken back, as they were stamped."""
    letters = source.letters(day)
    stored = pa.concat_tables(
        table for letter in letters for table in source.partitions.tables(Kind.TRADES, day, letter)
    ).unify_dictionaries()
    instruments = source.instruments.table()
    database = duckdb.connect()
    database.register("stored", stored)
    database.register("instruments", instruments.select(["symbol", "tape"]))
    database.execute("SET threads = 1")
    database.sql(_SETTLED).write_parquet(f"{folder}/settled.parquet")
    catalog = Catalog(f"{folder}/settled")
    import_files(catalog, [f"{folder}/settled.parquet"], Kind.TRADES)
    return catalog
