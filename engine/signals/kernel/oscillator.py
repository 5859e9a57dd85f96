# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""A closed bucket into the rolling windows of its symbol, and their readings."""

from __future__ import annotations

import math

import numpy as np

from engine.signals.kernel.buckets import count_volume, reset
from engine.signals.kernel.compiled import inlined
from engine.signals.kernel.notional import usd
from engine.signals.settings import Settings
from engine.signals.state import Records, State

_RETURN_UNITS = 1e8
"""Units of a return of 100 %: one unit is 1e-4 bps."""
_MAX_RETURN = 60_000_000.0
"""Returns beyond ±60 % in one bucket count as 60 %, which keeps the sum of squares inside int64."""


@inlined
def push(s: State, p: Settings, x: Records, done: Records, b: int, i: int) -> None:
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

    run_volume, run_high, run_notional = x.session_volume, x.session_high, x.session_notional
    if done.volume != 0:
        count_volume(x, done, b >= p.open_bucket)
    s.ring_vwap[b & (s.ring_vwap.shape[0] - 1), i] = x.vwap
    mask = s.ring_high.shape[0] - 1
    s.ring_high[b & mask, i] = done.high
    s.ring_low[b & mask, i] = done.low
    s.ring_last[b & mask, i] = x.last
    reset(done)
    _oscillate(s, p, x, b, i, run_volume, run_high, run_notional)


@inlined
def keep_totals(s: State, p: Settings, x: Records, b: int, i: int) -> None:
    """Keep of a closed bucket what only readers of the whole tape look back at."""
    row = b & (s.ring_sigma.shape[0] - 1)
    s.ring_sigma[row, i] = sigma_bps_of(p, x, b - x.first_bucket + 1)
    s.ring_session_volume[row, i] = x.session_volume
    s.ring_session_notional[row, i] = usd(x.session_high, x.session_notional)


@inlined
def _oscillate(
    s: State,
    p: Settings,
    x: Records,
    b: int,
    i: int,
    run_volume: int,
    run_high: int,
    run_notional: int,
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
    x.run_base_high += turned * (run_high - x.run_base_high)
    x.run_base_notional += np.uint64(turned) * (run_notional - x.run_base_notional)
    if age >= p.slow + p.smooth - 1:
        ac = ao * p.smooth - x.sum_ao
        has_two = age >= p.slow + p.smooth
        x.rising = (x.rising + 1) * (has_two and ac > x.ac)
        x.falling = (x.falling + 1) * (has_two and ac < x.ac)
        x.ac = ac


@inlined
def begin_history(s: State, p: Settings, b: int, n_symbols: int) -> None:
    """Find the largest |ao| from every bucket of the last ``history`` on to their end.

    The largest of any ``history`` buckets in a row is then that of the end of one stretch and the
    beginning of the next (van Herk's sliding maximum).
    """
    mask = s.ring_ao.shape[0] - 1
    for row in range(p.history - 1, -1, -1):
        past = (b - p.history + row) & mask
        for i in range(n_symbols):
            s.ring_max_ao[row, i] = max(s.ring_max_ao[row + 1, i], abs(s.ring_ao[past, i]))


@inlined
def sigma_bps_of(p: Settings, x: Records, age: int) -> float:
    """Sample standard deviation of the median's returns; NaN with fewer than two."""
    n = min(age - 1, p.sigma_window)
    if n <= 1:
        return math.nan
    total = float(x.sum_return)
    variance = (float(x.sum_return_squared) - total * total / n) / (n - 1)
    return math.sqrt(max(variance, 0.0)) * 1e-4


@inlined
def ac_z_of(p: Settings, x: Records, sigma_bps: float) -> float:
    """Return ac in units of its own noise; NaN where nothing has moved."""
    ac_bps = 1e4 * x.ac / (float(p.fast * p.smooth) * x.sum_slow)
    return ac_bps / (p.ac_noise * sigma_bps) if sigma_bps > 0 else math.nan


@inlined
def read_index(s: State, p: Settings, b: int, k: int) -> None:
    """Write ao (bps) and ac_z of an index symbol, once it is warm."""
    i = s.index_id[k]
    x = s.symbols[i]
    age = b - x.first_bucket + 1
    if x.first_bucket < 0 or age < p.slow + p.smooth:
        return
    ao = s.ring_ao[b & (s.ring_ao.shape[0] - 1), i]
    s.index_readings[b, k, 0] = 1e4 * ao / (float(p.fast) * x.sum_slow)
    s.index_readings[b, k, 1] = ac_z_of(p, x, sigma_bps_of(p, x, age))
