"""What strategies over the tape say in a run of the database, kept through kills."""

from __future__ import annotations

import logging
import os
from collections import deque
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from app.runs.signals.file import kept_batches, signal_parquet, signal_stream
from app.strategies import Hosted
from engine.domain.errors import DataError
from engine.signals.whole_tape.signal_tables import QUOTED_SIGNALS, kept_of_a_run
from store.atomic import write_atomically

_ROW_GROUP = 50_000

_log = logging.getLogger(__name__)


def signal_keeper(
    hosted: Hosted, folder: Path, run_id: str, *, is_new: bool
) -> SignalKeeper | None:
    """Return who keeps the signals of a run, None where nobody looks at the tape."""
    return SignalKeeper(folder, run_id, is_new=is_new) if hosted.look_at_the_tape else None


class SignalKeeper:
    """Writes down what is said of each closed bucket, at once, and holds none of it.

    A bucket is in the file as a whole or not at all. What a run that is resumed says of buckets
    that are there already is passed over, so none is there twice. Trading does not end over it:
    when nothing can be written, that is logged, and the table ends there.

    Parameters
    ----------
    folder : Path
        Of the run directories; the table goes there, too.
    is_new : bool
        The run begins: what another of its name has left there, of another database, is removed.
    """

    def __init__(self, folder: Path, run_id: str, *, is_new: bool = False) -> None:
        self._table = signal_parquet(run_id, folder)
        self._stream = signal_stream(run_id, folder)
        self._failed = False
        self._kept_ns = 0
        if is_new:
            for left in (self._stream, self._table):
                left.unlink(missing_ok=True)
        self._resume()

    def add(self, signals: pa.Table) -> None:
        """Keep what was said of buckets that have closed; rows of ``QUOTED_SIGNALS``, in order."""
        if self._failed or not len(signals):
            return
        closes = signals.column("ts_event").to_numpy()
        fresh = int(np.searchsorted(closes, self._kept_ns, side="right"))
        rows = kept_of_a_run(signals.slice(fresh)).combine_chunks()
        if not len(rows):
            return
        try:
            with self._stream.open("ab") as file:
                for batch in rows.to_batches():
                    file.write(batch.serialize())
        except OSError as error:
            self._give_up(error)
        else:
            self._kept_ns = int(closes[-1])

    def table(self, *, is_whole: bool) -> None:
        """Write the table of the day so far; of a whole day nothing else is needed any more.

        Raises
        ------
        RunError
            It cannot be written; the stream is as it was.
        """
        try:
            write_atomically(self._table, self._write_table)
        except DataError as error:
            _log.error("no table of the signals of strategies is written: %s", error)
        else:
            if is_whole:
                self._stream.unlink(missing_ok=True)

    def _write_table(self, file: BinaryIO) -> None:
        waiting: list[pa.RecordBatch] = []
        with pq.ParquetWriter(file, QUOTED_SIGNALS) as writer:
            for rows, _ in kept_batches(self._stream):
                waiting.append(rows)
                if sum(map(len, waiting)) >= _ROW_GROUP:
                    writer.write_table(pa.Table.from_batches(waiting))
                    waiting.clear()
            writer.write_table(pa.Table.from_batches(waiting, QUOTED_SIGNALS))

    def _resume(self) -> None:
        """Cut off what a kill has cut short, and find the end of the last bucket that is kept."""
        try:
            self._stream.parent.mkdir(parents=True, exist_ok=True)
            last = deque(kept_batches(self._stream) if self._stream.is_file() else (), 1)
            if last:
                os.truncate(self._stream, last[0].end)
                self._kept_ns = last[0].rows.column("ts_event")[-1].as_py()
            else:
                self._stream.write_bytes(QUOTED_SIGNALS.serialize())
        except (OSError, DataError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._failed = True
        _log.error("signals of strategies are not kept any more: %s", error)
