"""Hop 2: the scanner at work on columns: batches in, output rows out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.conditions import TAPES, updates_table
from engine.domain.errors import DataError
from engine.domain.parameters import Parameters
from engine.domain.session import Session
from engine.domain.trades import TradeBatch
from engine.signals import kernel
from engine.signals.settings import settings
from engine.signals.state import (
    BUCKET_ROW,
    COUNTERS,
    ROW,
    Records,
    new_state,
    with_capacity,
    with_longer_log,
    with_output,
)


class Output(NamedTuple):
    """Rows the kernel wrote, in order of closing; dtypes ``ROW`` and ``BUCKET_ROW``."""

    rows: Records
    bucket_rows: Records


class ColumnScanner:
    """The compiled scanner over one set of symbols on one day.

    Symbol ids are positions in ``symbols``, given as symbols appear.

    Parameters
    ----------
    tapes : mapping of symbol to tape letter
        Symbols without an entry are held to the strictest tape's rules.
    every_bucket : bool
        Judge and write each bucket of every symbol, not only those of candidates.
    """

    def __init__(
        self,
        params: Parameters,
        session: Session,
        tapes: Mapping[str, str],
        *,
        every_bucket: bool = False,
    ) -> None:
        self.params = params
        self.session = session
        self.settings = settings(params, session, every_bucket=every_bucket)
        self.symbols: list[str] = []
        self._tapes = tapes
        self._ids: dict[str, int] = {}
        self._registered: tuple[str, ...] = ()
        self._registered_ids = np.empty(0, np.int32)
        self._state = new_state(self.settings, capacity=64, n_indices=len(params.index_symbols))
        self._state = with_output(self._state, self.settings, 64)
        self._finished: list[Output] = []

    @property
    def closed(self) -> int:
        """Number of buckets closed so far; bucket ``k`` starts ``k`` widths after the first."""
        return int(self._state.clock["bucket"][0])

    @property
    def closes_at(self) -> int:
        """The instant at which the oldest open bucket closes, UTC ns."""
        return int(self._state.clock["closes_at"][0])

    @property
    def breadth(self) -> NDArray[np.int32]:
        """Counts by bucket, shape ``(buckets, 3)``: live, rising, falling."""
        return self._state.breadth

    @property
    def index_readings(self) -> NDArray[np.float64]:
        """Readings by bucket, shape ``(buckets, n_indices, 2)``: ao_bps, ac_z."""
        return self._state.index_readings

    @property
    def gate_counts(self) -> NDArray[np.int64]:
        """Symbol-buckets by the gate bits they passed, shape ``(4096,)``."""
        return self._state.gate_counts

    @property
    def counters(self) -> dict[str, int]:
        """Data quality by name, see ``state.COUNTERS``."""
        counters = self._state.counters
        return {name: int(counters[name][0]) for name in COUNTERS.names or ()}

    def symbol_state(self, symbol: str) -> np.void:
        """Return what is remembered of one symbol between closes, a record of ``state.SYMBOL``."""
        return self._state.symbols[self._ids[symbol]]

    def step(self, batch: TradeBatch) -> None:
        """Take a batch of any size.

        Raises
        ------
        DataError
            ``ts_init`` went back; nothing from that print on has been taken.
        """
        symbols = self._register(batch.symbols)
        updates = updates_table(batch.conditions)
        columns = _read_only_columns(batch)
        position = 0
        while position < len(batch):
            position, stopped = kernel.step(
                self._state,
                self.settings,
                len(self.symbols),
                symbols,
                updates,
                columns,
                position,
            )
            if stopped == kernel.TIME_WENT_BACK:
                symbol = batch.symbols[batch.symbol_id[position]]
                raise DataError(
                    f"trade {position} of a batch, {symbol}, arrived at "
                    f"{batch.ts_init[position]} ns, before the clock at {self._now} ns; "
                    "expected ts_init never to decrease: re-import the day"
                )
            self._make_room(stopped)

    def advance(self, now: int) -> None:
        """Close every bucket whose end plus grace is at or before ``now``."""
        while not kernel.close_until(self._state, self.settings, len(self.symbols), now):
            self._make_room(kernel.NEED_OUTPUT)

    def finish(self) -> None:
        """Close every bucket of the session."""
        p = self.settings
        self.advance(p.first_ns + p.buckets * p.width_ns + p.grace_ns)

    def take_output(self) -> Output:
        """Return the rows written since the last call."""
        self._drain()
        finished, self._finished = self._finished, []
        if not finished:
            return Output(np.empty(0, ROW), np.empty(0, BUCKET_ROW))
        if len(finished) == 1:
            return finished[0]
        return Output(
            np.concatenate([output.rows for output in finished]),
            np.concatenate([output.bucket_rows for output in finished]),
        )

    @property
    def _now(self) -> int:
        return int(self._state.clock["now"][0])

    def _register(self, names: tuple[str, ...]) -> NDArray[np.int32]:
        """Return the scanner's id of each of a batch's symbols, making room for new ones."""
        if names is not self._registered:
            for name in names:
                if name not in self._ids:
                    self._add(name)
            self._registered = names
            self._registered_ids = np.array([self._ids[name] for name in names], dtype=np.int32)
        return self._registered_ids

    def _add(self, name: str) -> None:
        new = len(self.symbols)
        if new == len(self._state.symbols):
            self._drain()
            self._state = with_capacity(self._state, 2 * new)
            self._state = with_output(self._state, self.settings, 2 * new)
        self._ids[name] = new
        self.symbols.append(name)
        tape = self._tapes.get(name, "")
        self._state.symbols["tape"][new] = TAPES.index(tape) if tape in TAPES else 0
        if name in self.params.index_symbols:
            self._state.index_id[self.params.index_symbols.index(name)] = new

    def _make_room(self, stopped: int) -> None:
        if stopped == kernel.NEED_LOG:
            self._state = with_longer_log(self._state)
        elif stopped == kernel.NEED_OUTPUT:
            self._drain()
            self._state = with_output(self._state, self.settings, len(self._state.symbols))

    def _drain(self) -> None:
        clock = self._state.clock
        n_rows, n_bucket_rows = int(clock["n_rows"][0]), int(clock["n_bucket_rows"][0])
        if n_rows or n_bucket_rows:
            self._finished.append(
                Output(
                    self._state.rows[:n_rows].copy(),
                    self._state.bucket_rows[:n_bucket_rows].copy(),
                )
            )
        clock["n_rows"] = clock["n_bucket_rows"] = 0


def load_kernel(params: Parameters, session: Session) -> None:
    """Have the kernel ready: compiled the first time ever, else loaded, half a second a process."""
    before = np.array([session.pre_market_ns - 1])
    zero = np.zeros(1, np.int32)
    scanner = ColumnScanner(params, session, {})
    scanner.step(TradeBatch(zero, ("",), before, before, before, zero, zero, ("",)))
    scanner.advance(session.pre_market_ns)


def _read_only_columns(batch: TradeBatch) -> kernel.Columns:
    """Return a batch's columns as Arrow's come, so that the kernel is compiled for one type."""
    return kernel.Columns(
        _read_only(batch.symbol_id),
        _read_only(batch.ts_event),
        _read_only(batch.ts_init),
        _read_only(batch.price),
        _read_only(batch.size),
        _read_only(batch.condition_id),
    )


def _read_only[Number: np.generic](column: NDArray[Number]) -> NDArray[Number]:
    if column.flags.writeable:
        column = column.view()
        column.flags.writeable = False
    return column
