"""The buckets of a day as they closed, kept so that windows can be filled again."""

from __future__ import annotations

import numpy as np

from engine.signals import kernel
from engine.signals.settings import Settings
from engine.signals.state import STORED, Records, State, new_state, with_output

_OF_THE_SESSION = (
    "session_volume",
    "session_notional",
    "session_high",
    "vwap_volume",
    "vwap_notional",
    "vwap_high",
    "vwap",
)


class BucketLog:
    """Every bucket of every symbol that brought news, in order of closing.

    Attributes
    ----------
    rows : array of ``state.STORED``
    """

    def __init__(self) -> None:
        self._rows = np.empty(1024, STORED)
        self._counted = np.zeros(64, np.int64)
        self._n = 0

    @property
    def rows(self) -> Records:
        """Everything kept so far."""
        return self._rows[: self._n]

    def keep(self, state: State, p: Settings, n_symbols: int) -> None:
        """Keep the bucket that is about to close."""
        if n_symbols > len(self._counted):
            more = max(n_symbols, 2 * len(self._counted)) - len(self._counted)
            self._counted = np.concatenate([self._counted, np.zeros(more, np.int64)])
        if self._n + n_symbols > len(self._rows):
            more = max(n_symbols, len(self._rows))
            self._rows = np.concatenate([self._rows, np.empty(more, STORED)])
        self._n = kernel.keep(state, p, n_symbols, self._counted, self._rows, self._n)


def reseeded(state: State, p: Settings, n_symbols: int, rows: Records) -> State:
    """Return a state whose windows are those of other settings, filled from kept buckets.

    It is bit by bit the state of a scanner that had ``p`` from the start, but for what belongs to
    the day as it was lived: the candidates that are alive, the counts, the open buckets.

    Parameters
    ----------
    state : State
        Of the scanner whose buckets were kept, between two closes, its output taken.
    rows : array of ``STORED``
        All buckets it has closed.
    """
    fresh = new_state(p, capacity=state.capacity, n_indices=len(state.index_id))
    fresh = with_output(fresh, p, state.capacity)
    silent = p._replace(allow_long=False, allow_short=False, every_bucket=False)
    kernel.refill(fresh, silent, n_symbols, rows, 0, int(state.clock["bucket"][0]))
    for name in ("tape", "alive", "raised_at", "windowed_to", *_OF_THE_SESSION):
        getattr(fresh.symbols, name)[:] = getattr(state.symbols, name)
    return fresh._replace(
        clock=state.clock,
        counters=state.counters,
        opened=state.opened,
        log=state.log,
        log_count=state.log_count,
        breadth=state.breadth,
        index_id=state.index_id,
        index_readings=state.index_readings,
        gate_counts=state.gate_counts,
    )
