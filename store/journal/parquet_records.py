"""Facts as Parquet, hashes and all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from engine.domain.errors import JournalError
from engine.journal import Record

RECORDS = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("ts_event", pa.int64(), nullable=False),
        pa.field("ts_init", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("payload", pa.string(), nullable=False),
        pa.field("causation_id", pa.int64()),
        pa.field("correlation_id", pa.string()),
        pa.field("fact_id", pa.string()),
        pa.field("prev_hash", pa.string(), nullable=False),
        pa.field("hash", pa.string(), nullable=False),
    ]
)
"""One row per ``engine.journal.Record``, in order of ``seq``."""

_ROWS = 65_536


def write_parquet(file: BinaryIO, records: Iterable[Record]) -> int:
    """Write records in the order given; return how many there are."""
    count = 0
    with pq.ParquetWriter(file, RECORDS, compression="zstd") as writer:
        for group in batched(records, _ROWS, strict=False):
            rows = [msgspec.structs.asdict(record) for record in group]
            writer.write_table(pa.Table.from_pylist(rows, RECORDS))
            count += len(rows)
    return count


def read_parquet(path: Path, since: int = 0) -> Iterator[Record]:
    """Yield the records with ``seq > since`` as they were written.

    Raises
    ------
    JournalError
        The file is missing, torn, or holds something else.
    """
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(RECORDS):
                raise JournalError(f"{path} holds no facts; restore it from a backup")
            for group in range(file.num_row_groups):
                seqs = file.metadata.row_group(group).column(0).statistics
                if seqs is not None and seqs.max is not None and seqs.max <= since:
                    continue
                columns = file.read_row_group(group).to_pydict().values()
                for row in zip(*columns, strict=True):
                    if row[0] > since:
                        yield Record(*row)
    except (pa.ArrowException, OSError) as error:
        raise JournalError(
            f"archived facts in {path} cannot be read: {error}; restore the file from a backup"
        ) from error
