"""Arrow columns as numpy, whatever numeric type they were stored in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.domain.session import NANOS_PER_SECOND, NEW_YORK

_NANOS_PER_HOUR = 3_600 * NANOS_PER_SECOND


def floats(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Return a numeric column as float64; null becomes NaN."""
    column = table.column(name).cast(pa.float64(), safe=False)
    return column.to_numpy(zero_copy_only=False).astype(np.float64)


def integers(table: pa.Table, name: str, missing: int = 0) -> NDArray[np.int64]:
    """Return an integer column as int64; null becomes ``missing``."""
    column = table.column(name).cast(pa.int64()).fill_null(pa.scalar(missing, pa.int64()))
    return column.to_numpy(zero_copy_only=False)


def flags(table: pa.Table, name: str) -> NDArray[np.bool_]:
    """Return a boolean column; null becomes False."""
    return np.array([bool(flag) for flag in table.column(name).to_pylist()], dtype=bool)


def strings(table: pa.Table, name: str) -> list[Any]:
    """Return a string column as a list; null is None."""
    return table.column(name).to_pylist()


def new_york_ms(ts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return New York wall-clock time as milliseconds since 1970, as if New York were UTC.

    A plot has no time zones: drawn like this its axis reads as the exchange's clock does.
    """
    hours, where = np.unique(ts // _NANOS_PER_HOUR, return_inverse=True)
    offsets = np.array([_offset_ms(int(hour) * 3_600) for hour in hours], dtype=np.int64)
    return ts // 1_000_000 + (offsets[where] if len(hours) else 0)


def _offset_ms(unix_secs: int) -> int:
    offset = datetime.fromtimestamp(unix_secs, tz=NEW_YORK).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 1_000


def of_strategy(table: pa.Table, strategy_id: str) -> pa.Table:
    """Return the rows of one strategy."""
    return table.filter(pc.field("strategy_id") == pc.scalar(strategy_id))
