"""The verdicts that a live run keeps, a file beside the run directories."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.domain.errors import DataError


def verdict_table(run_id: str, runs: Path) -> pa.Table | None:
    """Return the verdicts of a run in a database, None where it has kept none.

    Raises
    ------
    DataError
        The file is damaged.
    """
    path = runs / f"{run_id}.verdicts.parquet"
    if not path.is_file():
        return None
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path} cannot be read: {error}; without it approvals are compared"
        ) from error
