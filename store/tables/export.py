"""One table of accounting as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from engine.accounting import PROJECTIONS
from engine.domain.errors import ConfigError
from store.atomic import write_atomically
from store.tables.arrow import arrow_schema


def export_table(rows: list[dict[str, Any]], name: str, path: Path) -> int:
    """Write rows of a table to a file, whole or not at all; return how many there are.

    Raises
    ------
    ConfigError
        The file's name ends neither in ``.csv`` nor in ``.parquet``.
    RunError
        It cannot be written.
    """
    writers = {
        ".csv": pa_csv.write_csv,
        ".parquet": lambda table, file: pq.write_table(table, file, compression="zstd"),
    }
    if path.suffix not in writers:
        raise ConfigError(f"expected a file that ends in .csv or .parquet, found {path.name}")
    table = pa.Table.from_pylist(rows, arrow_schema(PROJECTIONS[name].row))
    write_atomically(path, lambda file: writers[path.suffix](table, file))
    return len(rows)
