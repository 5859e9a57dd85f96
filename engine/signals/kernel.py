# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""Hop 2: the compiled scanner step: prints in, candidates and breadth out.

All of it is integer arithmetic up to the gates, every symbol is treated alone, and a bucket closes
before the first print that arrives at or after its closing instant: so the result does not depend
on how the input is cut into batches. No float here may be reassociated (no ``fastmath``).

It is one file because numba's cache knows a compiled function by its own file alone: ``refill`` in
another one would go on with the ``close_until`` of before this one was changed.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.domain.candidate import Gate
from engine.domain.conditions import Updates
from engine.domain.fixed_point import PRICE_SCALE
from engine.signals.settings import Settings
from engine.signals.state import Records, State

DONE, TIME_WENT_BACK, NEED_OUTPUT, NEED_LOG = 0, 1, 2, 3
"""Why ``step`` returned."""

NEAR_MISS, RAISED, UPDATED, FADED = 0, 1, 2, 3
"""``phase`` of an output row."""

AO_TURNED, FLAT_LINED, SESSION_ENDED = 1, 2, 3
"""``fade_reason`` of an output row."""

NEAR_MISS_GATES = 1
"""A bucket is recorded as a near miss when no more gates than this failed."""

_HIGH_LOW, _LAST = int(Updates.HIGH_LOW), int(Updates.LAST)
_VOLUME, _REVERSAL = int(Updates.VOLUME), int(Updates.REVERSAL)
_VWAP = _HIGH_LOW | _VOLUME

_N_GATES = len(Gate)
_ALL_GATES = (1 << _N_GATES) - 1
_WARM, _CARRIED, _PRICE = int(Gate.WARM), int(Gate.CARRIED), int(Gate.PRICE)
_AO_SIGN, _AC_RISING, _AO_GROWTH = int(Gate.AO_SIGN), int(Gate.AC_RISING), int(Gate.AO_GROWTH)
_AC_Z, _VOLUME_FLOOR, _VOLUME_SURGE = int(Gate.AC_Z), int(Gate.VOLUME_FLOOR), int(Gate.VOLUME_SURGE)
_RUN_VOLUME, _RUN_NOTIONAL = int(Gate.CUMULATIVE_VOLUME), int(Gate.CUMULATIVE_NOTIONAL)
_NOT_FLAT = int(Gate.NOT_FLAT)

_WRONG_SIDE = 0
"""Gate bits of a bucket whose ao lies on no side that may be traded: it is judged no further."""

_USD = 1.0 / PRICE_SCALE
_RETURN_UNITS = 1e8
"""Units of a return of 100 %: one unit is 1e-4 bps."""
_MAX_RETURN = 60_000_000.0
"""Returns beyond ±60 % in one bucket count as 60 %, which keeps the sum of squares inside int64."""

_UNCOUNTED: dict[str, Any] = {"nogil": True, "_nrt": False}
"""No reference counts (``_nrt``): the kernel allocates nothing, and counting the arrays of a tuple
atomically at every access costs four fifths of its time."""

_compiled: Any = njit(**_UNCOUNTED, cache=True)
_inlined: Any = njit(**_UNCOUNTED, forceinline=True)
"""For the parts of a step: a call would copy the whole ``State`` of array headers."""


class Columns(NamedTuple):
    """The arrays of a ``TradeBatch``, read-only."""

    symbol_id: NDArray[np.int32]
    ts_event: NDArray[np.int64]
    ts_init: NDArray[np.int64]
    price: NDArray[np.int64]
    size: NDArray[np.int32]
    condition_id: NDArray[np.int32]


@_compiled
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
    counters = s.counters[0]
    symbol_id, ts_event, ts_init, price, size, condition_id = prints
    for i in range(start, len(ts_init)):
        now = ts_init[i]
        if now >= clock.closes_at:
            if not close_until(s, p, n_symbols, now):
                return i, NEED_OUTPUT
        elif now < clock.now:
            return i, TIME_WENT_BACK
        symbol = symbols[symbol_id[i]]
        may = updates[s.symbols[symbol].tape, condition_id[i]]
        since_open = ts_event[i] - clock.open_start
        in_session = clock.bucket < p.buckets
        if in_session and 0 <= since_open < 2 * p.width_ns:
            bucket = clock.bucket + (since_open >= p.width_ns)
            if bucket >= p.buckets:
                counters.outside_session += 1
            else:
                slot = bucket & 1
                if may & _REVERSAL:
                    counters.reversals += 1
                    if _take_back(s, slot, symbol, ts_event[i], price[i], size[i], may):
                        counters.reversals_applied += 1
                    else:
                        counters.reversals_unmatched += 1
                else:
                    logged = s.log_count[slot]
                    if logged == s.log.shape[1]:
                        return i, NEED_LOG
                    _log(s.log[slot, logged], symbol, ts_event[i], price[i], size[i], may)
                    s.log_count[slot] = logged + 1
                    _add(s.opened[slot, symbol], price[i], np.int64(size[i]), may)
                    counters.in_buckets += 1
        elif ts_event[i] < p.first_ns + p.open_bucket * p.width_ns or (
            ts_event[i] >= p.first_ns + p.buckets * p.width_ns
        ):
            counters.outside_session += 1
        elif in_session and since_open >= 0:
            counters.future_trades += 1
        elif may & _REVERSAL:
            counters.reversals += 1
            counters.reversals_late += 1
        else:
            counters.late_trades += 1
            _add_late(s.symbols[symbol], price[i], np.int64(size[i]), may)
        clock.now = now
        counters.trades += 1
    return len(ts_init), DONE


@_compiled
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


@_compiled
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
    for i in range(n_symbols):
        done = s.opened[slot, i]
        x = s.symbols[i]
        if (
            done.high == 0
            and done.last == 0
            and done.volume == 0
            and x.session_volume == counted[i]
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
        row.session_volume = x.session_volume
        row.session_notional = x.session_notional
        row.session_vwap_volume = x.vwap_volume
        row.session_vwap_notional = x.vwap_notional
        counted[i] = x.session_volume + done.volume * (b >= p.open_bucket)
    return n_kept


@_compiled
def refill(s: State, p: Settings, n_symbols: int, kept: Records, start: int, until: int) -> int:
    """Close the buckets before ``until`` with kept rows in the place of prints.

    Takes rows from ``start`` on, in order of their buckets, and returns how far it came: short of
    ``until`` when the output is full.
    """
    clock = s.clock[0]
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
            x = s.symbols[row.symbol_id]
            x.session_volume = row.session_volume
            x.session_notional = row.session_notional
            x.vwap_volume = row.session_vwap_volume
            x.vwap_notional = row.session_vwap_notional
            position += 1
        if not close_until(s, p, n_symbols, clock.closes_at):
            return start
        start = position
    return start


@_inlined
def _add(bucket: Records, price: int, size: int, may: int) -> None:
    if may & _HIGH_LOW:
        bucket.high = max(bucket.high, price)
        bucket.low = price if bucket.low == 0 else min(bucket.low, price)
    if may & _LAST:
        bucket.last = price
    if may & _VOLUME:
        bucket.volume += size
        bucket.notional += price * size
        if may & _HIGH_LOW:
            bucket.vwap_volume += size
            bucket.vwap_notional += price * size


@_inlined
def _add_late(symbol: Records, price: int, size: int, may: int) -> None:
    if may & _VOLUME:
        symbol.session_volume += size
        symbol.session_notional += price * size
        if may & _HIGH_LOW:
            symbol.vwap_volume += size
            symbol.vwap_notional += price * size


@_inlined
def _log(row: Records, symbol: int, ts_event: int, price: int, size: int, may: int) -> None:
    row.symbol_id = symbol
    row.ts_event = ts_event
    row.price = price
    row.size = size
    row.updates = may


@_compiled
def _take_back(
    s: State, slot: int, symbol: int, ts_event: int, price: int, size: int, may: int
) -> bool:
    """Remove one print from an open bucket and rebuild the bucket from those that remain."""
    original = may & ~_REVERSAL
    found = -1
    for k in range(s.log_count[slot] - 1, -1, -1):
        row = s.log[slot, k]
        if (
            row.symbol_id == symbol
            and row.ts_event == ts_event
            and row.price == price
            and row.size == size
            and row.updates == original
        ):
            found = k
            break
    if found < 0:
        return False
    s.log[slot, found].symbol_id = -1
    bucket = s.opened[slot, symbol]
    _reset(bucket)
    for k in range(s.log_count[slot]):
        row = s.log[slot, k]
        if row.symbol_id == symbol:
            _add(bucket, row.price, row.size, row.updates)
    return True


@_inlined
def _reset(bucket: Records) -> None:
    bucket.high = 0
    bucket.low = 0
    bucket.last = 0
    bucket.volume = 0
    bucket.notional = 0
    bucket.vwap_volume = 0
    bucket.vwap_notional = 0


@_inlined
def _close(s: State, p: Settings, n_symbols: int) -> None:
    """Close the oldest open bucket of every symbol."""
    clock = s.clock[0]
    b = clock.bucket
    slot = b & 1
    live = rising = falling = closed = 0
    if b % p.history == 0:
        _begin_history(s, p, b, n_symbols)
    for i in range(n_symbols):
        x = s.symbols[i]
        done = s.opened[slot, i]
        if x.first_bucket < 0:
            if done.high == 0:
                _count_volume(x, done, b >= p.open_bucket)
                _reset(done)
                continue
            x.first_bucket = b
        closed += 1
        _push(s, p, x, done, b, i)
        if p.every_bucket:
            _window(s, p, x, b, i)
        age = b - x.first_bucket + 1
        if age < p.slow:
            continue
        ao = s.ring_ao[b & (s.ring_ao.shape[0] - 1), i]
        live += 1
        rising += ao > 0
        falling += ao < 0
        if b >= p.open_bucket:
            on_a_side = (ao > 0 and p.allow_long) or (ao < 0 and p.allow_short)
            if on_a_side or x.alive != 0 or p.every_bucket:
                _judge(s, p, x, b, i, age, ao)
            else:
                s.gate_counts[_WRONG_SIDE] += 1
    s.breadth[b, 0] = live
    s.breadth[b, 1] = rising
    s.breadth[b, 2] = falling
    for k in range(len(s.index_id)):
        if s.index_id[k] >= 0:
            _read_index(s, p, b, k)
    s.counters[0].buckets_closed += closed
    s.log_count[slot] = 0


@_inlined
def _count_volume(x: Records, done: Records, in_session: bool) -> None:
    if in_session:
        x.session_volume += done.volume
        x.session_notional += done.notional
        x.vwap_volume += done.vwap_volume
        x.vwap_notional += done.vwap_notional


@_inlined
def _push(s: State, p: Settings, x: Records, done: Records, b: int, i: int) -> None:
    """Move every rolling window of one symbol on by the bucket just done."""
    carried = np.int64(done.high == 0)
    median = done.high + done.low + carried * x.median
    before = x.median + (x.median == 0) * median
    x.median = median
    x.last += (done.last - x.last) * (done.last > 0)
    mask = s.ring_median.shape[0] - 1
    x.sum_fast += median - s.ring_median[(b - p.fast) & mask, i]
    x.sum_slow += median - s.ring_median[(b - p.slow) & mask, i]
    s.ring_median[b & mask, i] = median

    change = (median - before) / before * _RETURN_UNITS
    move = np.int64(np.rint(min(max(change, -_MAX_RETURN), _MAX_RETURN)))
    mask = s.ring_return.shape[0] - 1
    gone = s.ring_return[(b - p.sigma_window) & mask, i]
    x.sum_return += move - gone
    x.sum_return_squared += move * move - gone * gone
    s.ring_return[b & mask, i] = move

    mask = s.ring_carried.shape[0] - 1
    x.carried += carried - s.ring_carried[(b - p.slow - p.smooth) & mask, i]
    s.ring_carried[b & mask, i] = carried

    mask = s.ring_volume.shape[0] - 1
    if b > x.first_bucket:
        x.sum_volume += (
            s.ring_volume[(b - 1) & mask, i] - s.ring_volume[(b - 1 - p.volume_window) & mask, i]
        )
    s.ring_volume[b & mask, i] = done.volume

    run_volume, run_notional = x.session_volume, x.session_notional
    _count_volume(x, done, b >= p.open_bucket)
    vwap = math.nan
    if x.vwap_volume > 0:
        vwap = x.vwap_notional / x.vwap_volume
    s.ring_vwap[b & (s.ring_vwap.shape[0] - 1), i] = vwap
    mask = s.ring_high.shape[0] - 1
    s.ring_high[b & mask, i] = done.high
    s.ring_low[b & mask, i] = done.low
    s.ring_last[b & mask, i] = x.last
    _reset(done)
    _oscillate(s, p, x, b, i, run_volume, run_notional)


@_inlined
def _oscillate(
    s: State, p: Settings, x: Records, b: int, i: int, run_volume: int, run_notional: int
) -> None:
    """Compute ao and ac of the bucket, and what must be kept of their past."""
    age = b - x.first_bucket + 1
    mask = s.ring_ao.shape[0] - 1
    if age < p.slow:
        s.ring_ao[b & mask, i] = 0
        return
    ao = x.sum_fast * p.slow - x.sum_slow * p.fast
    x.sum_ao += ao - s.ring_ao[(b - p.smooth) & mask, i]
    change = abs(ao - s.ring_ao[(b - 1) & mask, i])
    s.ring_ao[b & mask, i] = ao
    row = b % p.history
    x.max_ao = max(x.max_ao * (row > 0), abs(ao))
    max_ao = max(x.max_ao, s.ring_max_ao[row + 1, i])
    # Signs and directions are a coin's toss to the branch predictor: sums and products instead.
    x.flat = (x.flat + 1) * (age > p.slow and change <= p.flat_ratio * max_ao)
    sign = (ao > 0) - np.int64(ao < 0)
    turned = np.int64(sign != x.run_sign)
    x.run_sign = sign
    x.run_base_volume += turned * (run_volume - x.run_base_volume)
    x.run_base_notional += turned * (run_notional - x.run_base_notional)
    if age >= p.slow + p.smooth - 1:
        ac = ao * p.smooth - x.sum_ao
        has_two = age >= p.slow + p.smooth
        x.rising = (x.rising + 1) * (has_two and ac > x.ac)
        x.falling = (x.falling + 1) * (has_two and ac < x.ac)
        x.ac = ac


@_inlined
def _begin_history(s: State, p: Settings, b: int, n_symbols: int) -> None:
    """Find the largest |ao| from every bucket of the last ``history`` on to their end.

    The largest of any ``history`` buckets in a row is then that of the end of one stretch and the
    beginning of the next (van Herk's sliding maximum).
    """
    mask = s.ring_ao.shape[0] - 1
    for row in range(p.history - 1, -1, -1):
        past = (b - p.history + row) & mask
        for i in range(n_symbols):
            s.ring_max_ao[row, i] = max(s.ring_max_ao[row + 1, i], abs(s.ring_ao[past, i]))


@_inlined
def _sigma_bps(p: Settings, x: Records, age: int) -> float:
    """Sample standard deviation of the median's returns; NaN with fewer than two."""
    n = min(age - 1, p.sigma_window)
    if n <= 1:
        return math.nan
    total = float(x.sum_return)
    variance = (float(x.sum_return_squared) - total * total / n) / (n - 1)
    return math.sqrt(max(variance, 0.0)) * 1e-4


@_inlined
def _ac_z(p: Settings, x: Records, sigma_bps: float) -> float:
    ac_bps = 1e4 * x.ac / (float(p.fast * p.smooth) * x.sum_slow)
    return ac_bps / (p.ac_noise * sigma_bps) if sigma_bps > 0 else math.nan


@_inlined
def _read_index(s: State, p: Settings, b: int, k: int) -> None:
    i = s.index_id[k]
    x = s.symbols[i]
    age = b - x.first_bucket + 1
    if x.first_bucket < 0 or age < p.slow + p.smooth:
        return
    ao = s.ring_ao[b & (s.ring_ao.shape[0] - 1), i]
    s.index_readings[b, k, 0] = 1e4 * ao / (float(p.fast) * x.sum_slow)
    s.index_readings[b, k, 1] = _ac_z(p, x, _sigma_bps(p, x, age))


@_inlined
def _judge(s: State, p: Settings, x: Records, b: int, i: int, age: int, ao: int) -> None:
    """Hold one symbol's bucket against every gate, and lead its candidate's life on."""
    sign = -1 if p.allow_short and (ao < 0 or not p.allow_long) else 1
    slow_mean = x.sum_slow / (2.0 * p.slow) * _USD
    ao_usd = ao / (2.0 * p.fast * p.slow) * _USD
    sigma_bps = _sigma_bps(p, x, age)
    has_ac = age >= p.slow + p.smooth - 1
    ac_z = _ac_z(p, x, sigma_bps) if has_ac else math.nan

    past = s.ring_ao[(b - p.lookback) & (s.ring_ao.shape[0] - 1), i]
    past_usd = past / (2.0 * p.fast * p.slow) * _USD
    noise_floor = p.growth_floor * sigma_bps * 1e-4 * slow_mean
    base = max(abs(past_usd), noise_floor)
    growth = math.nan
    if age >= p.slow + p.lookback and base > 0:
        growth = sign * (ao_usd - past_usd) / base

    volume = s.ring_volume[b & (s.ring_volume.shape[0] - 1), i]
    n_before = min(age - 1, p.volume_window)
    volume_mean = x.sum_volume / n_before
    surge = volume / volume_mean if volume_mean > 0 else (math.inf if volume > 0 else math.nan)
    run_volume = np.int64(0)
    run_notional = 0.0
    if sign * ao > 0:
        run_volume = x.session_volume - x.run_base_volume
        run_notional = (x.session_notional - x.run_base_notional) * _USD
    carried = x.carried / min(age, p.slow + p.smooth)
    last = x.last / PRICE_SCALE
    run = x.rising if sign > 0 else x.falling

    gates = 0
    gates |= (age >= p.slow + p.smooth) << _WARM
    gates |= (carried <= p.max_carried_ratio) << _CARRIED
    gates |= (p.min_price <= last <= p.max_price) << _PRICE
    gates |= (sign * ao > 0) << _AO_SIGN
    gates |= (run >= p.lookback) << _AC_RISING
    gates |= (growth >= p.min_growth) << _AO_GROWTH
    gates |= (sign * ac_z >= p.min_ac_z) << _AC_Z
    gates |= (volume >= p.volume_floor) << _VOLUME_FLOOR
    gates |= (surge >= p.volume_surge) << _VOLUME_SURGE
    gates |= (run_volume >= p.min_run_volume) << _RUN_VOLUME
    gates |= (run_notional >= p.min_run_notional) << _RUN_NOTIONAL
    gates |= (x.flat < p.flat_buckets) << _NOT_FLAT
    s.gate_counts[gates] += 1

    phase = -1
    reason = 0
    if x.alive == 0:
        if gates == _ALL_GATES:
            phase = RAISED
            x.alive = sign
            x.raised_at = b
        elif _is_near_miss(gates):
            phase = NEAR_MISS
    else:
        if x.alive * ao <= 0:
            reason = AO_TURNED
        elif x.flat >= p.flat_buckets:
            reason = FLAT_LINED
        elif b == p.buckets - 1:
            reason = SESSION_ENDED
        if reason:
            phase = FADED
        elif (b - x.raised_at) % p.publish == 0:
            phase = UPDATED
    if phase < 0:
        if not p.every_bucket:
            return
        phase = NEAR_MISS

    clock = s.clock[0]
    row = s.rows[clock.n_rows]
    clock.n_rows += 1
    row.bucket = b
    row.symbol_id = i
    row.phase = phase
    row.fade_reason = reason
    row.side = sign if x.alive == 0 else x.alive
    row.gates = gates
    row.ao = ao_usd
    row.ac = x.ac / (2.0 * p.fast * p.slow * p.smooth) * _USD if has_ac else math.nan
    row.ao_bps = 1e4 * ao / (float(p.fast) * x.sum_slow)
    row.ac_bps = 1e4 * x.ac / (float(p.fast * p.smooth) * x.sum_slow) if has_ac else math.nan
    row.sigma_bps = sigma_bps
    row.ac_z = ac_z
    row.last = x.last
    row.volume = volume
    row.volume_mean = volume_mean
    row.run_volume = run_volume
    row.run_notional = run_notional
    row.session_volume = x.session_volume
    mask = s.ring_vwap.shape[0] - 1
    row.vwap = s.ring_vwap[b & mask, i] * _USD
    row.vwap_slope = math.nan
    if age > p.window:
        row.vwap_slope = row.vwap - s.ring_vwap[(b - p.window) & mask, i] * _USD
    row.values[_WARM] = age
    row.values[_CARRIED] = carried
    row.values[_PRICE] = last
    row.values[_AO_SIGN] = ao_usd
    row.values[_AC_RISING] = run
    row.values[_AO_GROWTH] = growth
    row.values[_AC_Z] = sign * ac_z
    row.values[_VOLUME_FLOOR] = volume
    row.values[_VOLUME_SURGE] = surge
    row.values[_RUN_VOLUME] = run_volume
    row.values[_RUN_NOTIONAL] = run_notional
    row.values[_NOT_FLAT] = x.flat
    if phase != NEAR_MISS:
        _window(s, p, x, b, i)
    if phase == FADED:
        x.alive = 0


@_inlined
def _is_near_miss(gates: int) -> bool:
    """Say whether at most ``NEAR_MISS_GATES`` failed: none is left once so many are taken off."""
    missing = _ALL_GATES & ~gates
    for _ in range(NEAR_MISS_GATES):
        missing &= missing - 1
    return missing == 0


@_inlined
def _window(s: State, p: Settings, x: Records, b: int, i: int) -> None:
    """Write the buckets of a candidate's window that have not been written yet."""
    clock = s.clock[0]
    mask = s.ring_high.shape[0] - 1
    volume_mask = s.ring_volume.shape[0] - 1
    ao_mask = s.ring_ao.shape[0] - 1
    for k in range(max(x.windowed_to + 1, b - p.window + 1, x.first_bucket), b + 1):
        row = s.bucket_rows[clock.n_bucket_rows]
        clock.n_bucket_rows += 1
        row.bucket = k
        row.symbol_id = i
        row.high = s.ring_high[k & mask, i]
        row.low = s.ring_low[k & mask, i]
        row.last = s.ring_last[k & mask, i]
        row.volume = s.ring_volume[k & volume_mask, i]
        age = k - x.first_bucket + 1
        row.ao = math.nan
        row.ac = math.nan
        if age >= p.slow:
            ao = s.ring_ao[k & ao_mask, i]
            row.ao = ao / (2.0 * p.fast * p.slow) * _USD
            if age >= p.slow + p.smooth - 1:
                total = np.int64(0)
                for j in range(p.smooth):
                    total += s.ring_ao[(k - j) & ao_mask, i]
                ac = ao * p.smooth - total
                row.ac = ac / (2.0 * p.fast * p.slow * p.smooth) * _USD
    x.windowed_to = b
