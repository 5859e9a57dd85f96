"""What strategies over the tape said in a live run or session, in files beside the run directories.

While a run is not over they are record batches of an Arrow stream, ``RUN.strategy_signals.arrows``,
each of one or more whole buckets; once it is, the table that a run directory has under that name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from engine.domain.errors import DataError
from engine.signals.whole_tape.signal_tables import QUOTED_SIGNALS

_NAME = "strategy_signals"
_MARK_BYTES = 8
"""Before a message's heading: a mark, and the heading's length, each half of these."""


class KeptBatch(NamedTuple):
    """Rows of ``QUOTED_SIGNALS``, and at which byte of the file they end."""

    rows: pa.RecordBatch
    end: int


def signal_stream(run_id: str, runs: Path) -> Path:
    """Return the file of a run that is not over."""
    return runs / f"{run_id}.{_NAME}.arrows"


def signal_parquet(run_id: str, runs: Path) -> Path:
    """Return the file of a run that is over, or was stopped."""
    return runs / f"{run_id}.{_NAME}.parquet"


def kept_batches(path: Path) -> Iterator[KeptBatch]:
    """Yield what a stream holds, one batch in memory at a time.

    One that was cut short, or is being written, is left out.

    Raises
    ------
    OSError
        The file is not there or cannot be read.
    DataError
        It was altered, or written by a version that kept other columns.
    """
    with pa.OSFile(str(path), "r") as source:
        try:
            for rows in _whole(source):
                yield KeptBatch(rows, source.tell())
        except pa.ArrowException as error:
            raise DataError(f"{path} cannot be read: {error}") from error


def signal_table(run_id: str, runs: Path) -> pa.Table | None:
    """Return what a run in a database has kept, None where it has kept nothing.

    Raises
    ------
    DataError
        The file is damaged.
    """
    stream, path = signal_stream(run_id, runs), signal_parquet(run_id, runs)
    try:
        if stream.is_file():  # a run that was resumed has added to what its table has
            return pa.Table.from_batches([rows for rows, _ in kept_batches(stream)], QUOTED_SIGNALS)
        return pq.read_table(path) if path.is_file() else None
    except FileNotFoundError:  # the run ended this very moment
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path} cannot be read: {error}; without it no features of strategies are shown"
        ) from error


def _whole(source: Any) -> Iterator[pa.RecordBatch]:
    """Yield the whole record batches of a stream that nobody has ended.

    Raises
    ------
    pa.ArrowException
        One is not what was written.
    """
    start = 0
    try:
        reader: Any = pa.ipc.open_stream(source)
        _expect_columns(reader.schema)
        while True:
            start = source.tell()
            batch = reader.read_next_batch()
            batch.validate(full=True)
            yield batch
    except (StopIteration, OSError):  # at the end, or within the values of a batch
        return
    except pa.ArrowInvalid:
        if _has_heading(source, start):
            raise


def _expect_columns(schema: pa.Schema) -> None:
    if not schema.equals(QUOTED_SIGNALS):
        raise pa.ArrowInvalid(f"it has the columns {', '.join(schema.names)}")


def _has_heading(source: Any, start: int) -> bool:
    """Say whether the message that begins at a byte is whole as far as its values."""
    source.seek(start)
    marked = source.read(_MARK_BYTES)
    if len(marked) < _MARK_BYTES:
        return False
    length = int.from_bytes(marked[_MARK_BYTES // 2 :], "little")
    return source.size() - start - _MARK_BYTES >= length
