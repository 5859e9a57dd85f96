"""A run's facts as one file, hashes and all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.domain.errors import ConfigError
from engine.journal import Record
from store.atomic import write_atomically
from store.journal.parquet_records import write_parquet
from store.journal.sql_journal import SqlJournal


def export_journal(journal: SqlJournal, path: Path) -> int:
    """Write every record of a run to a file, whole or not at all; return how many there are.

    Raises
    ------
    ConfigError
        The file's name ends neither in ``.jsonl`` nor in ``.parquet``.
    RunError
        It cannot be written.
    """
    writers = {".jsonl": _write_lines, ".parquet": write_parquet}
    if path.suffix not in writers:
        raise ConfigError(f"expected a file that ends in .jsonl or .parquet, found {path.name}")
    counts: list[int] = []
    records = journal.stored.records()
    write_atomically(path, lambda file: counts.append(writers[path.suffix](file, records)))
    return counts[0]


def _write_lines(file: BinaryIO, records: Iterator[Record]) -> int:
    count = 0
    for record in records:
        file.write(msgspec.json.encode(record) + b"\n")
        count += 1
    return count
