"""The verdicts that a live run keeps, and its report, in files beside the run directories.

While a run is not over they are lines, ``RUN.verdicts.jsonl``; once it is, a table.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from engine.decision import BucketDecision
from engine.domain.errors import DataError
from engine.domain.unreadable import UNREADABLE

_decoder = msgspec.json.Decoder(BucketDecision)

_log = logging.getLogger(__name__)


def verdict_lines(run_id: str, runs: Path) -> Path:
    """Return the file of a run that is not over."""
    return runs / f"{run_id}.verdicts.jsonl"


def verdict_parquet(run_id: str, runs: Path) -> Path:
    """Return the file of a run that is over, or was stopped."""
    return runs / f"{run_id}.verdicts.parquet"


def report_file(run_id: str, runs: Path) -> Path:
    """Return where the report of a run that is over is, or will be."""
    return runs / f"{run_id}.report.html"


def kept_decisions(path: Path) -> tuple[list[BucketDecision], int]:
    """Return the decisions of a file of lines, and at which byte its last whole line ends.

    A line that was cut short, or is being written, is left out; one that was altered is logged.

    Raises
    ------
    OSError
        The file is not there or cannot be read.
    """
    written = path.read_bytes()
    *lines, cut = written.split(b"\n")
    decisions: list[BucketDecision] = []
    for number, line in enumerate(lines, 1):
        try:
            decisions.append(_decoder.decode(line))
        except UNREADABLE as error:
            _log.error("verdicts of line %d in %s are lost: %s", number, path, error)
    return decisions, len(written) - len(cut)


def verdict_table(run_id: str, runs: Path) -> pa.Table | None:
    """Return the verdicts of a run in a database, None where it has kept none.

    Raises
    ------
    DataError
        The file is damaged.
    """
    lines, path = verdict_lines(run_id, runs), verdict_parquet(run_id, runs)
    try:
        if lines.is_file():  # a run that was resumed has added to what its table has
            return _table_of(lines)
        return pq.read_table(path) if path.is_file() else None
    except FileNotFoundError:  # the run ended this very moment
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path} cannot be read: {error}; without it approvals are compared"
        ) from error


def _table_of(lines: Path) -> pa.Table:
    from app.backtest.report import verdicts_table

    decisions, _ = kept_decisions(lines)
    return verdicts_table(verdict for each in decisions for verdict in each.verdicts)
