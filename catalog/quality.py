"""What is worth knowing about stored rows, though it keeps none of them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.domain.market_data.conditions import REVERSAL_MARK, forms_bars
from engine.domain.session import NANOS_PER_SECOND, Session

_SECONDS = 60


class Observed(msgspec.Struct):
    """Counts over the rows of one partition, none of which keeps a row out.

    Attributes
    ----------
    duplicates : int
        Rows equal to their symbol's row before them; equal prints are legal and kept.
    outside_session : int
        Rows with ``ts_event`` before the open, or at or after the close.
    unknown_conditions : int
        Prints with a sale-condition code that stands in no table.
    reversals : int
        Rows that take back an earlier print.
    """

    duplicates: int = 0
    outside_session: int = 0
    unknown_conditions: int = 0
    reversals: int = 0


class Observer:
    """Counts what is worth knowing about a partition, batch by batch, in stored order.

    Parameters
    ----------
    session
        Of the partition's date, None when the exchange was closed.
    conditions
        Sale-condition codes by id.
    n_symbols
        Number of symbol ids.

    Attributes
    ----------
    observed : Observed
    rows : int
        Rows seen; ``rows_by_symbol`` likewise, by symbol id.
    """

    def __init__(self, session: Session | None, conditions: list[str], n_symbols: int) -> None:
        self.observed = Observed()
        self.rows = 0
        self.rows_by_symbol = np.zeros(n_symbols, dtype=np.int64)
        self._session = session
        self._unknown = np.array([not forms_bars(codes) for codes in conditions], dtype=np.bool_)
        self._reverses = np.array(
            [codes.startswith(REVERSAL_MARK) for codes in conditions], dtype=np.bool_
        )
        self._last = np.zeros((n_symbols, 0), dtype=np.int64)
        self._seconds = np.zeros(_SECONDS, dtype=np.int64)
        self._minutes: set[int] = set()

    def see(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Count one batch of coded columns."""
        seen, ts_event = self.observed, columns["ts_event"]
        self.rows += len(ts_event)
        n_symbols = len(self.rows_by_symbol)
        self.rows_by_symbol += np.bincount(columns["symbol"], minlength=n_symbols)
        if self._session is None:
            seen.outside_session += len(ts_event)
        else:
            inside = (ts_event >= self._session.open_ns) & (ts_event < self._session.close_ns)
            seen.outside_session += len(ts_event) - int(np.count_nonzero(inside))
        self._see_seconds(ts_event)
        if "conditions" in columns:
            seen.unknown_conditions += int(np.count_nonzero(self._unknown[columns["conditions"]]))
            seen.reversals += int(np.count_nonzero(self._reverses[columns["conditions"]]))
        values = np.column_stack([v for name, v in columns.items() if name != "symbol"])
        if not self._last.size:
            self._last = np.full((len(self._last), values.shape[1]), np.iinfo(np.int64).min)
        seen.duplicates += _count_repeats(columns["symbol"], values, self._last)

    @property
    def on_one_second(self) -> int:
        """Rows on the second of the minute on which most whole seconds lie: bars do."""
        return int(self._seconds.max())

    @property
    def minutes(self) -> int:
        """In how many minutes there are rows on whole seconds."""
        return len(self._minutes)

    def _see_seconds(self, ts_event: NDArray[np.int64]) -> None:
        whole = ts_event[ts_event % NANOS_PER_SECOND == 0] // NANOS_PER_SECOND
        if len(whole):
            self._seconds += np.bincount(whole % _SECONDS, minlength=_SECONDS)
            self._minutes.update(np.unique(whole // _SECONDS).tolist())


@njit(cache=True)
def _count_repeats(
    symbol: NDArray[np.int32], values: NDArray[np.int64], last: NDArray[np.int64]
) -> int:  # pragma: no cover  (compiled)
    repeats = 0
    for row in range(len(symbol)):
        before = last[symbol[row]]
        equal = True
        for column in range(values.shape[1]):
            if before[column] != values[row, column]:
                equal = False
                before[column] = values[row, column]
        repeats += equal
    return repeats
