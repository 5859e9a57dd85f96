# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""The compiled scanner step: prints in, candidates and breadth out.

All of it is integer arithmetic up to the gates, every symbol is treated alone, and a bucket closes
before the first print that arrives at or after its closing instant: so the result does not depend
on how the input is cut into batches. No float here may be reassociated (no ``fastmath``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.signals.kernel.buckets import (
    REVERSAL,
    add,
    add_late,
    average,
    collect,
    log,
    settle,
    take_back,
)
from engine.signals.kernel.compiled import compiled, inlined
from engine.signals.kernel.judgement import judge, write_bucket, write_window
from engine.signals.kernel.oscillator import (
    begin_history,
    count_breadth,
    keep_totals,
    push,
    read_index,
)
from engine.signals.settings import Settings
from engine.signals.state import Records, State

DONE, TIME_WENT_BACK, NEED_OUTPUT, NEED_LOG = 0, 1, 2, 3
"""Why ``step`` returned."""

_STRETCH = 512
"""Symbols that are led through a close together: what is known of them stays in the cache."""

PARTS_SHA256 = "b5d37e7d776674b1430983f551abc47c57655269d5a8cee00224f3f1ba383aca"
"""Of the texts and numbers that are compiled in here from other files.

What is compiled is kept on disk until the text of this very file changes, whatever becomes of
theirs: this line makes it change with them.
"""


class Columns(NamedTuple):
    """The arrays of a ``TradeBatch``, read-only."""

    symbol_id: NDArray[np.int32]
    ts_event: NDArray[np.int64]
    ts_init: NDArray[np.int64]
    price: NDArray[np.int64]
    size: NDArray[np.int64]
    condition_id: NDArray[np.int32]


@compiled
def step(
    s: State,
    p: Settings,
    n_symbols: int,
    symbols: NDArray[np.int32],
    updates: NDArray[np.uint8],
    prints: Columns,
    start: int,
) -> tuple[int, int]:
    """Take prints from ``start`` on; return how far it came and why it stopped.

    ``symbols`` turns a batch's symbol id into the scanner's, ``updates`` is
    ``conditions.updates_table``. Nothing of the print at the returned position has been taken.
    """
    clock = s.clock[0]
    i, n = start, len(prints.ts_init)
    while i < n:
        now = prints.ts_init[i]
        if now >= clock.closes_at and not close_until(s, p, n_symbols, now):
            return i, NEED_OUTPUT
        i, stopped = _take(s, p, symbols, updates, prints, i)
        if stopped != DONE:
            return i, stopped
    return n, DONE


@inlined
def _take(
    s: State,
    p: Settings,
    symbols: NDArray[np.int32],
    updates: NDArray[np.uint8],
    prints: Columns,
    start: int,
) -> tuple[int, int]:
    """Take the prints before the next close; return how far it came and why it stopped."""
    clock = s.clock[0]
    counters = s.counters[0]
    symbol_id, ts_event, ts_init = (
        prints.symbol_id[start:],
        prints.ts_event[start:],
        prints.ts_init[start:],
    )
    price, size, condition_id = (
        prints.price[start:],
        prints.size[start:],
        prints.condition_id[start:],
    )
    # In variables of their own, or each print would wait for what the one before it has written.
    closes_at, latest = clock.closes_at, clock.now
    oldest, open_start = clock.bucket, clock.open_start
    in_session = oldest < p.buckets
    in_buckets = 0
    i, stopped = 0, DONE
    while i < len(ts_init):
        now = ts_init[i]
        if now >= closes_at:
            break
        if now < latest:
            stopped = TIME_WENT_BACK
            break
        symbol = symbols[symbol_id[i]]
        may = updates[s.symbols.tape[symbol], condition_id[i]]
        since_open = ts_event[i] - open_start
        if in_session and 0 <= since_open < 2 * p.width_ns:
            bucket = oldest + (since_open >= p.width_ns)
            if bucket >= p.buckets:
                counters.outside_session += 1
            else:
                slot = bucket & 1
                if may & REVERSAL:
                    counters.reversals += 1
                    if take_back(s, slot, symbol, ts_event[i], price[i], size[i], may):
                        counters.reversals_applied += 1
                    else:
                        counters.reversals_unmatched += 1
                else:
                    logged = s.log_count[slot]
                    if logged == s.log.shape[1]:
                        stopped = NEED_LOG
                        break
                    log(s.log[slot, logged], symbol, ts_event[i], price[i], size[i], may)
                    s.log_count[slot] = logged + 1
                    add(s.opened[slot, symbol], price[i], size[i], may)
                    in_buckets += 1
        elif ts_event[i] < p.first_ns + p.open_bucket * p.width_ns or (
            ts_event[i] >= p.first_ns + p.buckets * p.width_ns
        ):
            counters.outside_session += 1
        elif in_session and since_open >= 0:
            counters.future_trades += 1
        elif may & REVERSAL:
            counters.reversals += 1
            counters.reversals_late += 1
        else:
            counters.late_trades += 1
            add_late(s.symbols, symbol, price[i], size[i], may)
        latest = now
        i += 1
    clock.now = latest
    counters.in_buckets += in_buckets
    counters.trades += i
    return start + i, stopped


@compiled
def close_until(s: State, p: Settings, n_symbols: int, now: int) -> bool:
    """Close every bucket whose end plus grace has come; False when the output is full."""
    clock = s.clock[0]
    while clock.bucket < p.buckets and now >= clock.closes_at:
        if clock.n_rows + n_symbols > len(s.rows):
            return False
        if clock.n_bucket_rows + n_symbols * p.window > len(s.bucket_rows):
            return False
        _close(s, p, n_symbols)
        clock.bucket += 1
        clock.open_start += p.width_ns
        clock.closes_at += p.width_ns
    if clock.bucket == p.buckets:
        clock.closes_at = np.iinfo(np.int64).max
    clock.now = max(clock.now, now)
    return True


@compiled
def keep(
    s: State,
    p: Settings,
    n_symbols: int,
    counted: NDArray[np.int64],
    kept: Records,
    n_kept: int,
) -> int:
    """Append the bucket about to close to ``kept``; return how many rows it then has.

    Symbols without news have no row. ``counted`` are their session volumes as the rows so far make
    them; ``kept`` has room for all of them.
    """
    b = s.clock[0].bucket
    slot = b & 1
    x = s.symbols
    for i in range(n_symbols):
        done = s.opened[slot, i]
        if (
            done.high == 0
            and done.last == 0
            and done.volume == 0
            and x.session_volume[i] == counted[i]
        ):
            continue
        row = kept[n_kept]
        n_kept += 1
        row.bucket = b
        row.symbol_id = i
        row.high = done.high
        row.low = done.low
        row.last = done.last
        row.volume = done.volume
        row.notional = done.notional
        row.vwap_volume = done.vwap_volume
        row.vwap_notional = done.vwap_notional
        row.session_volume = x.session_volume[i]
        row.session_notional = x.session_notional[i]
        row.session_vwap_volume = x.vwap_volume[i]
        row.session_vwap_notional = x.vwap_notional[i]
        row.notional_high = done.notional_high
        row.vwap_high = done.vwap_high
        row.session_high = x.session_high[i]
        row.session_vwap_high = x.vwap_high[i]
        counted[i] = x.session_volume[i] + done.volume * (b >= p.open_bucket)
    return n_kept


@compiled
def refill(s: State, p: Settings, n_symbols: int, kept: Records, start: int, until: int) -> int:
    """Close the buckets before ``until`` with kept rows in the place of prints.

    Takes rows from ``start`` on, in order of their buckets, and returns how far it came: short of
    ``until`` when the output is full.
    """
    clock, x = s.clock[0], s.symbols
    while clock.bucket < until:
        slot = clock.bucket & 1
        position = start
        while position < len(kept) and kept[position].bucket == clock.bucket:
            row = kept[position]
            done = s.opened[slot, row.symbol_id]
            done.high = row.high
            done.low = row.low
            done.last = row.last
            done.volume = row.volume
            done.notional = row.notional
            done.vwap_volume = row.vwap_volume
            done.vwap_notional = row.vwap_notional
            done.notional_high = row.notional_high
            done.vwap_high = row.vwap_high
            i = row.symbol_id
            x.session_volume[i] = row.session_volume
            x.session_notional[i] = row.session_notional
            x.vwap_volume[i] = row.session_vwap_volume
            x.vwap_notional[i] = row.session_vwap_notional
            x.session_high[i] = row.session_high
            x.vwap_high[i] = row.session_vwap_high
            average(x, i)
            position += 1
        if not close_until(s, p, n_symbols, clock.closes_at):
            return start
        start = position
    return start


@compiled
def windows(
    s: State,
    p: Settings,
    symbol_ids: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    rows: Records,
) -> None:
    """Write closed buckets of some symbols, from ``starts`` to ``ends`` each, the end excluded."""
    n_rows = 0
    for n in range(len(symbol_ids)):
        i = symbol_ids[n]
        for k in range(starts[n], ends[n]):
            write_bucket(s, p, rows[n_rows], k, i, s.symbols.first_bucket[i])
            n_rows += 1


@inlined
def _close(s: State, p: Settings, n_symbols: int) -> None:
    """Close the oldest open bucket of every symbol, a stretch of symbols at a time."""
    b = s.clock[0].bucket
    for start in range(0, n_symbols, _STRETCH):
        # Unsigned, for what may be negative may count from the end, which no vector does.
        first, end = np.uint64(start), np.uint64(min(start + _STRETCH, n_symbols))
        if b % p.history == 0:
            begin_history(s, p, b, first, end)
        s.counters[0].buckets_closed += collect(s, b, first, end)
        push(s, p, b, first, end)
        settle(s, p, b, first, end)
        if p.tape_buckets > 0:
            keep_totals(s, p, b, first, end)
        if p.every_bucket:
            for i in range(first, end):
                if s.symbols.first_bucket[i] >= 0:
                    write_window(s, p, b, i)
        count_breadth(s, p, b, first, end)
        if b >= p.open_bucket:
            judge(s, p, b, first, end)
    for k in range(len(s.index_id)):
        if s.index_id[k] >= 0:
            read_index(s, p, b, k)
    s.log_count[b & 1] = 0
