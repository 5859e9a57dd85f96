"""What the scanner remembers, as records and rings of plain numbers.

Prices are 1e-6 USD, medians doubled (``high + low``), volumes 1e-6 share, returns 1e-4 bps, ``ao``
in units of 1e-6 USD / (2·fast·slow), ``ac`` in the same over ``smooth``: integers all, so sums are
exact and cannot drift. Notional is 1e-12 USD in two words, of which the low one has the bare name;
see ``kernel.notional``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.candidate import Gate
from engine.signals.settings import Settings

type Records = NDArray[np.void]

CLOCK = np.dtype(
    [
        ("now", "i8"),
        ("bucket", "i8"),
        ("open_start", "i8"),
        ("closes_at", "i8"),
        ("n_rows", "i8"),
        ("n_bucket_rows", "i8"),
    ]
)
"""Where the scanner stands: the oldest open bucket, its start and closing instant, output used."""

COUNTERS = np.dtype(
    [
        ("trades", "i8"),
        ("in_buckets", "i8"),
        ("late_trades", "i8"),
        ("future_trades", "i8"),
        ("outside_session", "i8"),
        ("reversals", "i8"),
        ("reversals_applied", "i8"),
        ("reversals_late", "i8"),
        ("reversals_unmatched", "i8"),
        ("buckets_closed", "i8"),
    ]
)
"""Data quality as the scanner saw it; ``buckets_closed`` counts symbol-buckets."""

OPEN_BUCKET = np.dtype(
    [
        ("high", "i8"),
        ("low", "i8"),
        ("last", "i8"),
        ("volume", "i8"),
        ("notional", "u8"),
        ("vwap_volume", "i8"),
        ("vwap_notional", "u8"),
        ("notional_high", "i4"),
        ("vwap_high", "i4"),
    ]
)
"""A bucket still open, one cache line; ``high`` is 0 until a print may set it."""

LOGGED = np.dtype(
    [("ts_event", "i8"), ("price", "i8"), ("size", "i8"), ("symbol_id", "i4"), ("updates", "i4")]
)
"""A print of an open bucket, kept so that a correction or cancel can take it back."""


class Symbols(NamedTuple):
    """All symbols between closes, an array a number: a close works on whole vectors of each.

    ``first_bucket`` is -1 before a symbol's first eligible print. ``vwap`` (1e-6 USD a share, NaN
    without an eligible print) follows from the sums above it. Arrays have the shape (capacity,).
    """

    first_bucket: NDArray[np.int32]
    last: NDArray[np.int64]
    sum_fast: NDArray[np.int64]
    sum_slow: NDArray[np.int64]
    sum_ao: NDArray[np.int64]
    ac: NDArray[np.int64]
    sum_return: NDArray[np.int64]
    sum_return_squared: NDArray[np.int64]
    sum_volume: NDArray[np.int64]
    max_ao: NDArray[np.int64]
    session_volume: NDArray[np.int64]
    session_notional: NDArray[np.uint64]
    session_high: NDArray[np.int32]
    vwap_volume: NDArray[np.int64]
    vwap_notional: NDArray[np.uint64]
    vwap_high: NDArray[np.int32]
    vwap: NDArray[np.float64]
    run_base_volume: NDArray[np.int64]
    run_base_notional: NDArray[np.uint64]
    run_base_high: NDArray[np.int32]
    run_sign: NDArray[np.int8]
    carried: NDArray[np.int32]
    rising: NDArray[np.int32]
    falling: NDArray[np.int32]
    flat: NDArray[np.int32]
    alive: NDArray[np.int8]
    raised_at: NDArray[np.int32]
    windowed_to: NDArray[np.int32]
    tape: NDArray[np.int8]
    gates: NDArray[np.int16]
    """Gate bits of the last close, -1 where the symbol was not judged."""


_SYMBOL_DTYPES = {
    "i1": ("run_sign", "alive", "tape"),
    "i2": ("gates",),
    "i4": (
        "first_bucket", "session_high", "vwap_high", "run_base_high", "carried", "rising",
        "falling", "flat", "raised_at", "windowed_to",
    ),
    "u8": ("session_notional", "vwap_notional", "run_base_notional"),
    "f8": ("vwap",),
}  # fmt: skip
"""Of those that are not ``i8``."""


def new_symbols(capacity: int) -> Symbols:
    """Return so many symbols of which nothing is known."""
    dtypes = {name: dtype for dtype, names in _SYMBOL_DTYPES.items() for name in names}
    symbols = Symbols(*(np.zeros(capacity, dtypes.get(name, "i8")) for name in Symbols._fields))
    symbols.first_bucket[:] = symbols.windowed_to[:] = -1
    symbols.vwap[:] = np.nan
    return symbols


ROW = np.dtype(
    [
        ("bucket", "i4"),
        ("symbol_id", "i4"),
        ("phase", "i1"),
        ("fade_reason", "i1"),
        ("side", "i1"),
        ("gates", "i2"),
        ("ao", "f8"),
        ("ac", "f8"),
        ("ao_bps", "f8"),
        ("ac_bps", "f8"),
        ("sigma_bps", "f8"),
        ("ac_z", "f8"),
        ("last", "i8"),
        ("volume", "i8"),
        ("volume_mean", "f8"),
        ("run_volume", "i8"),
        ("run_notional", "f8"),
        ("session_volume", "i8"),
        ("vwap", "f8"),
        ("vwap_slope", "f8"),
        ("values", "f8", (len(Gate),)),
    ]
)
"""One symbol at one close: an event of a candidate's life, or a near miss."""

BUCKET_ROW = np.dtype(
    [
        ("bucket", "i4"),
        ("symbol_id", "i4"),
        ("high", "i8"),
        ("low", "i8"),
        ("last", "i8"),
        ("volume", "i8"),
        ("ao", "f8"),
        ("ac", "f8"),
    ]
)
"""One bucket of a candidate's window; ``high`` and ``low`` are 0 where it was carried."""

STORED = np.dtype(
    [
        ("bucket", "i4"),
        ("symbol_id", "i4"),
        ("high", "i8"),
        ("low", "i8"),
        ("last", "i8"),
        ("volume", "i8"),
        ("notional", "u8"),
        ("vwap_volume", "i8"),
        ("vwap_notional", "u8"),
        ("session_volume", "i8"),
        ("session_notional", "u8"),
        ("session_vwap_volume", "i8"),
        ("session_vwap_notional", "u8"),
        ("notional_high", "i4"),
        ("vwap_high", "i4"),
        ("session_high", "i4"),
        ("session_vwap_high", "i4"),
    ]
)
"""A bucket as it closed, from which windows of any length can be filled again.

``session_*`` are the totals of the session without it, late prints included.
"""


class State(NamedTuple):
    """Everything the kernel reads and writes.

    ``opened`` and ``log`` hold the two buckets that can be open at once, by ``bucket & 1``. Rings
    are time-major, shape ``(length, n_symbols)``, so that a close walks memory in order; a bucket
    lives in row ``bucket & (length - 1)`` and ``length`` exceeds the longest lag read; those of
    ``sigma`` (bps), ``session_volume`` and ``session_notional`` (USD) are kept for readers of the
    whole tape alone. Row ``k`` of
    ``ring_max_ao`` is the largest |ao| of the last whole stretch of ``history`` buckets from its
    ``k``-th on; ``max_ao`` of a symbol is that of the stretch begun.
    """

    clock: Records
    counters: Records
    opened: Records
    log: Records
    log_count: NDArray[np.int64]
    symbols: Symbols
    ring_median: NDArray[np.int64]
    ring_return: NDArray[np.int64]
    ring_volume: NDArray[np.int64]
    ring_carried: NDArray[np.int8]
    ring_ao: NDArray[np.int64]
    ring_max_ao: NDArray[np.int64]
    ring_vwap: NDArray[np.float64]
    ring_high: NDArray[np.int64]
    ring_low: NDArray[np.int64]
    ring_last: NDArray[np.int64]
    ring_sigma: NDArray[np.float64]
    ring_session_volume: NDArray[np.int64]
    ring_session_notional: NDArray[np.float64]
    breadth: NDArray[np.int32]
    index_id: NDArray[np.int32]
    index_readings: NDArray[np.float64]
    gate_counts: NDArray[np.int64]
    rows: Records
    bucket_rows: Records

    @property
    def capacity(self) -> int:
        """For how many symbols there is room."""
        return self.opened.shape[1]


def _ring_length(longest_lag: int) -> int:
    return 1 << (longest_lag + 1).bit_length()


def new_state(p: Settings, *, capacity: int, n_indices: int) -> State:
    """Return an empty state with room for ``capacity`` symbols.

    ``breadth`` has shape ``(buckets, 3)``: live, rising, falling. ``index_readings`` has shape
    ``(buckets, n_indices, 2)``: ao_bps, ac_z; NaN where unknown. ``gate_counts`` counts warm
    symbol-buckets by their gate bits.
    """
    clock = np.zeros(1, CLOCK)
    clock["open_start"] = p.first_ns
    clock["closes_at"] = p.first_ns + p.width_ns + p.grace_ns

    def ring[T: np.generic](longest_lag: int, dtype: type[T]) -> NDArray[T]:
        return np.zeros((_ring_length(longest_lag), capacity), dtype)

    back = p.tape_buckets
    oscillator_lag = max(p.history, p.smooth, p.lookback) + p.window + p.smooth + back
    return State(
        clock=clock,
        counters=np.zeros(1, COUNTERS),
        opened=np.zeros((2, capacity), OPEN_BUCKET),
        log=np.zeros((2, 1024), LOGGED),
        log_count=np.zeros(2, np.int64),
        symbols=new_symbols(capacity),
        ring_median=ring(p.slow, np.int64),
        ring_return=ring(p.sigma_window, np.int64),
        ring_volume=ring(max(p.volume_window, p.window) + back, np.int64),
        ring_carried=ring(p.slow + p.smooth, np.int8),
        ring_ao=ring(oscillator_lag, np.int64),
        ring_max_ao=np.zeros((p.history + 1, capacity), np.int64),
        ring_vwap=ring(p.window + back, np.float64),
        ring_high=ring(p.window + back, np.int64),
        ring_low=ring(p.window + back, np.int64),
        ring_last=ring(p.window + back, np.int64),
        ring_sigma=ring(back, np.float64),
        ring_session_volume=ring(back, np.int64),
        ring_session_notional=ring(back, np.float64),
        breadth=np.zeros((p.buckets, 3), np.int32),
        index_id=np.full(n_indices, -1, np.int32),
        index_readings=np.full((p.buckets, n_indices, 2), np.nan),
        gate_counts=np.zeros(1 << len(Gate), np.int64),
        rows=np.zeros(0, ROW),
        bucket_rows=np.zeros(0, BUCKET_ROW),
    )


_BY_SYMBOL = ("opened", *(name for name in State._fields if name.startswith("ring_")))


def with_capacity(state: State, capacity: int) -> State:
    """Return the same state with room for more symbols."""
    have = state.capacity
    grown = {}
    for name in _BY_SYMBOL:
        old = getattr(state, name)
        new = np.zeros((*old.shape[:-1], capacity), old.dtype)
        new[..., :have] = old
        grown[name] = new
    symbols = new_symbols(capacity)
    for new, old in zip(symbols, state.symbols, strict=True):
        new[:have] = old
    return state._replace(symbols=symbols, **grown)


def with_longer_log(state: State) -> State:
    """Return the same state with room for twice as many prints in its open buckets."""
    return state._replace(log=np.concatenate([state.log, np.zeros_like(state.log)], axis=1))


def with_output(state: State, p: Settings, n_symbols: int) -> State:
    """Return the same state with fresh output buffers that hold any one close."""
    state.clock["n_rows"] = state.clock["n_bucket_rows"] = 0
    rows = 4 * n_symbols + 4096
    return state._replace(
        rows=np.empty(rows, ROW),
        bucket_rows=np.empty(n_symbols * (p.window + 1) + 8192, BUCKET_ROW),
    )
