"""Parquet and CSV files with a column for each field; columns that nobody needs are not read."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.imports.flaws import Flaw
from catalog.imports.formats.csv_lines import CsvLines
from catalog.imports.formats.files import open_input
from catalog.imports.formats.quote_lots import in_shares
from catalog.imports.formats.raw import Reading, disowned, raw_table, told_apart
from catalog.schema import Kind
from engine.domain.errors import DataError

_BATCH_ROWS = 256 * 1024


def read_parquet(path: str, kind: Kind, reading: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a Parquet file."""
    try:
        with (
            open_input(path) as source,
            pq.ParquetFile(source, pre_buffer=False, page_checksum_verification=True) as file,
        ):
            theirs: list[str] = file.schema_arrow.names
            names = told_apart(theirs)
            reading = reading.of(kind, names)
            needed = {reading.theirs(ours) for ours in reading.present(kind, names, path)}
            columns = {name for name, apart in zip(theirs, names, strict=True) if apart in needed}
            for batch in file.iter_batches(_BATCH_ROWS, columns=list(columns)):
                rows = pa.Table.from_batches([batch])
                rows = rows.rename_columns(told_apart(rows.column_names))
                yield _understood(rows, kind, reading, path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error


def read_csv(path: str, kind: Kind, reading: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a CSV file with a header line, plain or compressed.

    Every field is read as text first, so that a word where a number belongs spoils its own row
    alone.
    """
    try:
        with open_input(path, decompress=True) as source:
            lines = CsvLines(source, reading.delimiter, path)
            names = told_apart(lines.header())
            reading = reading.of(kind, names)
            needed = [reading.theirs(ours) for ours in reading.present(kind, names, path)]
            for block in lines.blocks(names, list(dict.fromkeys(needed))):
                rows = _understood(block.rows, kind, reading, path)
                yield disowned(rows, block.broken, Flaw.BAD_LINE)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}") from error


def _understood(rows: pa.Table, kind: Kind, reading: Reading, path: str) -> pa.Table:
    table = raw_table(rows, kind, reading, path)
    return in_shares(table) if reading.is_polygon and kind is Kind.QUOTES else table
