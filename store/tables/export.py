"""One table of accounting as one file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from engine.accounting import PROJECTIONS
from engine.domain.errors import ConfigError
from store.atomic import write_atomically
from store.tables.arrow import arrow_schema
from store.tables.projector import Projector


def export_table(projector: Projector, name: str, path: Path) -> int:
    """Write every row of a table to a file, whole or not at all; return how many there are.

    Raises
    ------
    ConfigError
        There is no such table, or the file's name ends neither in ``.csv`` nor in ``.parquet``.
    RunError
        It cannot be written.
    """
    if name not in PROJECTIONS:
        raise ConfigError(f"no table is called {name!r}; there are {', '.join(PROJECTIONS)}")
    writers = {
        ".csv": pa_csv.write_csv,
        ".parquet": lambda table, file: pq.write_table(table, file, compression="zstd"),
    }
    if path.suffix not in writers:
        raise ConfigError(f"expected a file that ends in .csv or .parquet, found {path.name}")
    rows = list(projector.rows(name))
    table = pa.Table.from_pylist(rows, arrow_schema(PROJECTIONS[name].row))
    write_atomically(path, lambda file: writers[path.suffix](table, file))
    return len(rows)
