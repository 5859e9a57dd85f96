"""Hop 6: a run's facts as one file, hashes and all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import batched
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from engine.domain.errors import ConfigError
from engine.journal import Record
from store.atomic import write_atomically
from store.journal import SqlJournal

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


def export_journal(journal: SqlJournal, path: Path) -> int:
    """Write every record of a run to a file, whole or not at all; return how many there are.

    Raises
    ------
    ConfigError
        The file's name ends neither in ``.jsonl`` nor in ``.parquet``.
    RunError
        It cannot be written.
    """
    writers = {".jsonl": _write_lines, ".parquet": _write_parquet}
    if path.suffix not in writers:
        raise ConfigError(f"expected a file that ends in .jsonl or .parquet, found {path.name}")
    counts: list[int] = []
    records = journal.records()
    write_atomically(path, lambda file: counts.append(writers[path.suffix](file, records)))
    return counts[0]


def _write_lines(file: BinaryIO, records: Iterator[Record]) -> int:
    count = 0
    for record in records:
        file.write(msgspec.json.encode(record) + b"\n")
        count += 1
    return count


def _write_parquet(file: BinaryIO, records: Iterator[Record]) -> int:
    count = 0
    with pq.ParquetWriter(file, RECORDS, compression="zstd") as writer:
        for group in batched(records, _ROWS, strict=False):
            rows = [msgspec.structs.asdict(record) for record in group]
            writer.write_table(pa.Table.from_pylist(rows, RECORDS))
            count += len(rows)
    return count
