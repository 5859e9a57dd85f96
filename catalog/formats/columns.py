"""Parquet and CSV files with a column for each field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, cast

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

from catalog.formats.files import open_input
from catalog.formats.raw import RAW_SCHEMAS, Reading, raw_table
from catalog.schema import Kind
from engine.domain.errors import DataError

_BATCH_ROWS = 256 * 1024
_BLOCK_BYTES = 16 << 20


def read_parquet(path: str, kind: Kind, reading: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a Parquet file."""
    try:
        with (
            open_input(path) as source,
            pq.ParquetFile(source, pre_buffer=False, page_checksum_verification=True) as file,
        ):
            present = reading.present(kind, file.schema_arrow.names, path)
            columns = [reading.theirs(name) for name in present]
            for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
                yield raw_table(pa.Table.from_batches([batch]), kind, reading, path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error


def read_csv(path: str, kind: Kind, reading: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a CSV file with a header line, plain or compressed.

    Every field is read as text first, so that a word where a number belongs spoils its own row
    alone.
    """
    types = {reading.theirs(column.name): pa.string() for column in RAW_SCHEMAS[kind]}
    try:
        with (
            open_input(path, decompress=True) as source,
            pv.open_csv(
                cast("IO[bytes]", source),
                read_options=pv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
                parse_options=pv.ParseOptions(delimiter=reading.delimiter),
                convert_options=pv.ConvertOptions(column_types=types),
            ) as file,
        ):
            for batch in file:
                yield raw_table(pa.Table.from_batches([batch]), kind, reading, path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}") from error
