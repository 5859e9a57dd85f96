"""The scanner at work on columns: batches in, output rows out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.errors import ConfigError, DataError
from engine.domain.market_data.conditions import tape_id, updates_table
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.domain.session import Session
from engine.domain.symbols import is_test_issue
from engine.signals import kernel
from engine.signals.bucket_log import BucketLog, reseeded
from engine.signals.quote_ring import QuotePart
from engine.signals.scores import tape_scores
from engine.signals.settings import Settings, same_windows, settings
from engine.signals.state import (
    BUCKET_ROW,
    COUNTERS,
    ROW,
    STORED,
    Records,
    State,
    new_state,
    with_capacity,
    with_longer_log,
    with_output,
)


class Output(NamedTuple):
    """Rows the kernel wrote under one set of parameters, in order of closing.

    ``start`` and ``end`` number the buckets closed, the end excluded; dtypes are ``ROW`` and
    ``BUCKET_ROW``.
    """

    params: Parameters
    settings: Settings
    start: int
    end: int
    rows: Records
    bucket_rows: Records


class ClosedPrices(NamedTuple):
    """One closed bucket, shape (n_symbols,), 1e-6 USD; high and low are 0 where it is empty."""

    high: NDArray[np.int64]
    low: NDArray[np.int64]
    last: NDArray[np.int64]


class TapePart(NamedTuple):
    """The symbols of one scanner, as of its last close.

    ``first_buckets`` has shape (n,): the bucket of each symbol's first eligible print, -1 before
    it. Good until as many buckets more have closed as the scanner keeps. ``quotes`` are
    there where somebody asks for them.
    """

    symbols: Sequence[str]
    first_buckets: NDArray[np.int64]
    closed: int
    settings: Settings
    state: State
    quotes: QuotePart | None = None


class ColumnScanner:
    """The compiled scanner over one set of symbols on one day.

    Symbol ids are positions in ``symbols``, given as symbols appear. Prints of the exchanges' test
    issues are passed over: no bucket is formed of them.

    Parameters
    ----------
    tapes : mapping of symbol to tape letter
        Symbols without an entry are held to the strictest tape's rules.
    every_bucket : bool
        Judge and write each bucket of every symbol, not only those of candidates.
    keep_buckets : bool
        Keep every bucket that closes; needed before windows can change their lengths.
    tape_buckets : int
        How many of the buckets that closed last can be read with ``tape_part``.
    expected : int
        How many symbols to make room for at once; more may come.

    Attributes
    ----------
    state : State
        What is remembered and counted between closes, for others to read. Another takes its place
        when room is made, so look it up anew after each step.
    """

    def __init__(
        self,
        params: Parameters,
        session: Session,
        tapes: Mapping[str, str],
        *,
        every_bucket: bool = False,
        keep_buckets: bool = False,
        tape_buckets: int = 0,
        expected: int = 0,
    ) -> None:
        self.params = params
        self.session = session
        self._every_bucket = every_bucket
        self._log = BucketLog() if keep_buckets else None
        self._tape_buckets = tape_buckets
        self._before: TapePart | None = None
        self._changes: list[Stretch] = []
        self.settings = self._settings(params)
        self.symbols: list[str] = []
        self._tapes = tapes
        self._ids: dict[str, int] = {}
        self._test_issues: list[int] = []
        self._registered: tuple[str, ...] = ()
        self._registered_ids = np.empty(0, np.int32)
        room = _room_for(expected)
        self.state = new_state(self.settings, capacity=room, n_indices=len(params.index_symbols))
        self.state = with_output(self.state, self.settings, room)
        self._finished: list[Output] = []
        self._written: list[tuple[Records, Records]] = []
        self._told = 0

    @property
    def closed(self) -> int:
        """Number of buckets closed so far; bucket ``k`` starts ``k`` widths after the first."""
        return int(self.state.clock["bucket"][0])

    @property
    def closes_at(self) -> int:
        """The instant at which the oldest open bucket closes, UTC ns."""
        return int(self.state.clock["closes_at"][0])

    def step(self, batch: TradeBatch) -> None:
        """Take a batch of any size.

        Raises
        ------
        DataError
            ``ts_init`` went back; nothing from that print on has been taken.
        """
        start = 0
        while start < len(batch):
            stop = self._stops_at()
            ahead = batch.rows(slice(start, None)) if start else batch
            if stop is None or ahead.ts_init[-1] < stop:
                self._take(ahead)
                return
            end = int(np.searchsorted(ahead.ts_init, stop))
            self._take(ahead.rows(slice(None, end)))
            self.advance(stop)
            start += end

    def advance(self, now: int) -> None:
        """Close every bucket whose end plus grace is at or before ``now``."""
        while (stop := self._stops_at()) is not None and stop <= now:
            if self._log is not None:
                self._log.keep(self.state, self.settings, len(self.symbols))
            self._close_until(stop)
            self._change_over()
        self._close_until(now)

    def finish(self) -> None:
        """Close every bucket of the session."""
        p = self.settings
        self.advance(p.first_ns + p.buckets * p.width_ns + p.grace_ns)

    def change(self, stretch: Stretch) -> None:
        """Go over to other parameters from the bucket that ends at ``stretch.start_ns`` on.

        Raises
        ------
        ConfigError
            That bucket has closed already, or what changes needs a restart, or kept buckets.
        """
        p, after = self.settings, settings(stretch.params, self.session)
        if self.closed and self._bucket_of(stretch) < self.closed:
            raise ConfigError(f"version {stretch.version} comes too late: its bucket has closed")
        before = self._changes[-1].params if self._changes else self.params
        fixed = (p.first_ns, p.width_ns, before.index_symbols)
        if (after.first_ns, after.width_ns, stretch.params.index_symbols) != fixed:
            raise ConfigError(f"version {stretch.version} needs a restart of the scanner")
        if self._log is None and not same_windows(settings(before, self.session), after):
            raise ConfigError(f"version {stretch.version} changes windows, but no bucket is kept")
        self._changes.append(stretch)
        self._change_over()

    def refill(self, symbols: Sequence[str], rows: Records, start: int, until: int) -> None:
        """Close buckets ``start`` to ``until``, that one excluded, with kept ones for prints.

        Parameters
        ----------
        symbols : sequence of str
            What the rows' ids stand for; the same in every call.
        rows : array of ``state.STORED``
            In order of closing, from bucket ``start`` on.
        start : int
            Where the last call stopped; a fresh scanner may begin anywhere.
        """
        self._register(tuple(symbols))
        if self.closed != start:
            p, clock = self.settings, self.state.clock
            clock["bucket"], clock["open_start"] = start, p.first_ns + start * p.width_ns
            clock["closes_at"] = clock["open_start"] + p.width_ns + p.grace_ns
            self._told = start
        position = 0
        while self.closed < until:
            position = kernel.refill(
                self.state, self.settings, len(self.symbols), rows, position, until
            )
            self._drain()

    def take_output(self) -> list[Output]:
        """Return the rows written since the last call, a piece for each set of parameters."""
        self._end_output()
        finished, self._finished = self._finished, []
        return finished

    def closed_prices(self, since: int) -> Iterator[ClosedPrices]:
        """Yield high, low and last of every symbol in the buckets from ``since`` on.

        Views of the rings: to be used before the next step. Buckets that the rings hold no more
        are left out.
        """
        state, n = self.state, len(self.symbols)
        length = len(state.ring_high)
        for bucket in range(max(since, self.closed - length), self.closed):
            row = bucket & (length - 1)
            yield ClosedPrices(
                state.ring_high[row, :n], state.ring_low[row, :n], state.ring_last[row, :n]
            )

    def newest_bucket(self) -> Records:
        """Return the bucket that closed last, of the symbols that printed in it; ``BUCKET_ROW``."""
        if not self.closed:
            return np.empty(0, BUCKET_ROW)
        state, n, bucket = self.state, len(self.symbols), self.closed - 1
        heard = state.ring_high[bucket & (len(state.ring_high) - 1), :n] > 0
        ids = np.flatnonzero(heard & (state.symbols.first_bucket[:n] >= 0))
        rows = np.empty(len(ids), BUCKET_ROW)
        since = np.full(len(ids), bucket)
        kernel.windows(state, self.settings, ids, since, since + 1, rows)
        return rows

    def tape_part(self) -> TapePart:
        """Return what has been closed, under the parameters under which it was."""
        if self._before is not None and self._before.closed == self.closed:
            return self._before
        return self._part()

    @property
    def changes_at(self) -> int | None:
        """Number of the bucket with which other parameters come to hold, None without any."""
        return self._bucket_of(self._changes[0]) if self._changes else None

    def closing_instant(self, bucket: int) -> int:
        """Return when a bucket that is still open closes, UTC ns, under today's parameters."""
        p = self.settings
        return p.first_ns + (bucket + 1) * p.width_ns + p.grace_ns

    def scores(self) -> NDArray[np.int8]:
        """Return every symbol's score as of the last close; see ``scores.tape_scores``."""
        return tape_scores(self.state.symbols, len(self.symbols), self.closed - 1, self.settings)

    def kept(self) -> Records:
        """Return every bucket closed so far that brought news, in order; dtype ``STORED``."""
        return np.empty(0, STORED) if self._log is None else self._log.rows

    def _take(self, batch: TradeBatch) -> None:
        symbols = self._register(batch.symbols)
        if self._test_issues:
            batch = batch.rows(~np.isin(symbols[batch.symbol_id], self._test_issues))
        updates = updates_table(batch.conditions)
        columns = _read_only_columns(batch)
        position = 0
        while position < len(batch):
            position, stopped = kernel.step(
                self.state,
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
                    f"trade {position} of a batch, {symbol}, arrived "
                    f"{self._now - batch.ts_init[position]:,} ns before the one above it; "
                    "expected ts_init never to decrease: re-import the day"
                )
            self._make_room(stopped)

    def _settings(self, params: Parameters) -> Settings:
        return settings(
            params, self.session, every_bucket=self._every_bucket, tape_buckets=self._tape_buckets
        )

    def _part(self) -> TapePart:
        n = len(self.symbols)
        first = self.state.symbols.first_bucket[:n].astype(np.int64)
        return TapePart(self.symbols, first, self.closed, self.settings, self.state)

    def _stops_at(self) -> int | None:
        """Return the next instant before which nothing may close unseen, None without one."""
        if self._log is not None:
            return self.closes_at
        if self._changes:
            p = self.settings
            return p.first_ns + self._bucket_of(self._changes[0]) * p.width_ns + p.grace_ns
        return None

    def _bucket_of(self, stretch: Stretch) -> int:
        p = self.settings
        return (stretch.start_ns - p.first_ns) // p.width_ns - 1

    def _change_over(self) -> None:
        """Go over to the parameters whose first bucket is the next to close."""
        while self._changes and self._bucket_of(self._changes[0]) <= self.closed:
            self._end_output()
            self._before = self._part()
            self.params = self._changes.pop(0).params
            before = self.settings
            self.settings = self._settings(self.params)
            if not same_windows(before, self.settings):
                self.state = reseeded(self.state, self.settings, len(self.symbols), self.kept())
            if self.closed < self.settings.buckets:
                ends = int(self.state.clock["open_start"][0]) + self.settings.width_ns
                self.state.clock["closes_at"] = ends + self.settings.grace_ns
            self.state = with_output(self.state, self.settings, self.state.capacity)

    def _close_until(self, now: int) -> None:
        while not kernel.close_until(self.state, self.settings, len(self.symbols), now):
            self._make_room(kernel.NEED_OUTPUT)

    def _end_output(self) -> None:
        """Put what was written since the last piece into a piece of its own."""
        self._drain()
        rows = [np.empty(0, ROW), *(written for written, _ in self._written)]
        bucket_rows = [np.empty(0, BUCKET_ROW), *(written for _, written in self._written)]
        self._written = []
        piece = Output(
            self.params,
            self.settings,
            self._told,
            self.closed,
            np.concatenate(rows),
            np.concatenate(bucket_rows),
        )
        self._finished.append(piece)
        self._told = self.closed

    @property
    def _now(self) -> int:
        return int(self.state.clock["now"][0])

    def _register(self, names: tuple[str, ...]) -> NDArray[np.int32]:
        """Return the scanner's id of each of a batch's symbols, making room for new ones.

        The table of a stream grows at its end; what was looked up before is not again.
        """
        if names is not self._registered:
            known = len(self._registered)
            if names[:known] != self._registered:
                known = 0
            new = dict.fromkeys(name for name in names[known:] if name not in self._ids)
            self._reserve(len(self.symbols) + len(new))
            for name in new:
                self._add(name)
            fresh = np.array([self._ids[name] for name in names[known:]], dtype=np.int32)
            self._registered = names
            self._registered_ids = np.concatenate([self._registered_ids[:known], fresh])
        return self._registered_ids

    def _reserve(self, symbols: int) -> None:
        """Make room for so many symbols at once: each time, everything remembered is copied."""
        room = _room_for(symbols)
        if room > self.state.capacity:
            self._drain()
            self.state = with_capacity(self.state, room)
            self.state = with_output(self.state, self.settings, room)

    def _add(self, name: str) -> None:
        new = len(self.symbols)
        self._ids[name] = new
        self.symbols.append(name)
        if is_test_issue(name):
            self._test_issues.append(new)
        tape = self._tapes.get(name, "")
        self.state.symbols.tape[new] = tape_id(tape)
        if name in self.params.index_symbols:
            self.state.index_id[self.params.index_symbols.index(name)] = new

    def _make_room(self, stopped: int) -> None:
        if stopped == kernel.NEED_LOG:
            self.state = with_longer_log(self.state)
        elif stopped == kernel.NEED_OUTPUT:
            self._drain()
            self.state = with_output(self.state, self.settings, self.state.capacity)

    def _drain(self) -> None:
        clock = self.state.clock
        n_rows, n_bucket_rows = int(clock["n_rows"][0]), int(clock["n_bucket_rows"][0])
        if n_rows or n_bucket_rows:
            self._written.append(
                (self.state.rows[:n_rows].copy(), self.state.bucket_rows[:n_bucket_rows].copy())
            )
        clock["n_rows"] = clock["n_bucket_rows"] = 0


def _room_for(symbols: int) -> int:
    """Return for how many symbols to make room: doubling, and no power of two.

    A column of a ring whose rows are a power of two apart lies in one and the same cache set.
    """
    return (1 << (max(64, symbols) - 1).bit_length()) + 72


def data_quality(state: State) -> dict[str, int]:
    """Return what was counted of the data so far, by the names of ``COUNTERS``."""
    return {name: int(state.counters[name][0]) for name in COUNTERS.names or ()}


def must_keep_buckets(params: Parameters, changes: Sequence[Stretch], session: Session) -> bool:
    """Say whether a scanner that is to go through these changes has to keep its buckets."""
    made = [settings(each, session) for each in (params, *(each.params for each in changes))]
    return not all(same_windows(before, after) for before, after in pairwise(made))


def load_kernel(params: Parameters, session: Session) -> None:
    """Have the kernel ready: compiled the first time ever, else loaded, half a second a process."""
    before = np.array([session.pre_market_ns - 1])
    zero = np.zeros(1, np.int32)
    scanner = ColumnScanner(params, session, {})
    scanner.step(TradeBatch(zero, ("",), before, before, before, before, zero, ("",)))
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
