# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""Closed buckets into the rolling windows of their symbols, and their readings.

Every loop goes over the symbols from ``first`` to before ``end`` and is free of branches, so that
it is compiled to vectors: what is not to change is computed, too, and not taken. Loops are short
because each array written to has to be told from all others in it. Of a symbol that has not begun
all numbers are zero and stay so.
"""

from __future__ import annotations

import math

import numpy as np

from engine.signals.kernel.compiled import inlined
from engine.signals.kernel.notional import usd
from engine.signals.settings import Settings
from engine.signals.state import State, Symbols

_RETURN_UNITS = 1e8
"""Units of a return of 100 %: one unit is 1e-4 bps."""
_MAX_RETURN = 60_000_000.0
"""Returns beyond ±60 % in one bucket count as 60 %, which keeps the sum of squares inside int64."""


@inlined
def push(s: State, p: Settings, b: int, first: int, end: int) -> None:
    """Move every rolling window of every symbol on by the bucket that was collected."""
    _push_medians(s, p, b, first, end)
    _push_returns(s, p, b, first, end)
    _push_volumes(s, p, b, first, end)
    _push_ao(s, p, b, first, end)
    _begin_runs(s, b, first, end)
    _push_ac(s, p, b, first, end)


@inlined
def _push_medians(s: State, p: Settings, b: int, first: int, end: int) -> None:
    x = s.symbols
    mask = s.ring_median.shape[0] - 1
    row, before, fast, slow = b & mask, (b - 1) & mask, (b - p.fast) & mask, (b - p.slow) & mask
    priced = b & (s.ring_high.shape[0] - 1)
    mask = s.ring_carried.shape[0] - 1
    carried_row, gone = b & mask, (b - p.slow - p.smooth) & mask
    for i in range(first, end):
        high = s.ring_high[priced, i]
        carried = np.int64((high == 0) & (x.first_bucket[i] >= 0))
        median = high + s.ring_low[priced, i] + carried * s.ring_median[before, i]
        x.sum_fast[i] += median - s.ring_median[fast, i]
        x.sum_slow[i] += median - s.ring_median[slow, i]
        x.carried[i] += carried - s.ring_carried[gone, i]
        s.ring_median[row, i] = median
        s.ring_carried[carried_row, i] = carried


@inlined
def _push_returns(s: State, p: Settings, b: int, first: int, end: int) -> None:
    x = s.symbols
    mask = s.ring_median.shape[0] - 1
    median_row, before_row = b & mask, (b - 1) & mask
    mask = s.ring_return.shape[0] - 1
    row, gone_row = b & mask, (b - p.sigma_window) & mask
    for i in range(first, end):
        median, before = s.ring_median[median_row, i], s.ring_median[before_row, i]
        before = median if before == 0 else before
        change = (median - before) / max(before, 1) * _RETURN_UNITS
        move = np.int64(np.rint(min(max(change, -_MAX_RETURN), _MAX_RETURN)))
        gone = s.ring_return[gone_row, i]
        x.sum_return[i] += move - gone
        x.sum_return_squared[i] += move * move - gone * gone
        s.ring_return[row, i] = move


@inlined
def _push_volumes(s: State, p: Settings, b: int, first: int, end: int) -> None:
    """Move the sum of the volumes before this bucket on."""
    x = s.symbols
    mask = s.ring_volume.shape[0] - 1
    row, gone = (b - 1) & mask, (b - 1 - p.volume_window) & mask
    for i in range(first, end):
        x.sum_volume[i] += s.ring_volume[row, i] - s.ring_volume[gone, i]


@inlined
def _push_ao(s: State, p: Settings, b: int, first: int, end: int) -> None:
    x = s.symbols
    mask = s.ring_ao.shape[0] - 1
    row, before, gone = b & mask, (b - 1) & mask, (b - p.smooth) & mask
    stretch_row = b % p.history
    goes_on = np.int64(stretch_row > 0)
    for i in range(first, end):
        age = b - x.first_bucket[i] + 1
        is_live = (x.first_bucket[i] >= 0) & (age >= p.slow)
        ao = x.sum_fast[i] * p.slow - x.sum_slow[i] * p.fast
        ao = ao if is_live else np.int64(0)
        x.sum_ao[i] += ao - s.ring_ao[gone, i]
        change = abs(ao - s.ring_ao[before, i])
        largest = max(x.max_ao[i] * goes_on, abs(ao))
        x.max_ao[i] = largest
        largest = max(largest, s.ring_max_ao[stretch_row + 1, i])
        is_flat = (is_live & (age > p.slow)) & (change <= p.flat_ratio * largest)
        x.flat[i] = (x.flat[i] + 1) * np.int64(is_flat)
        s.ring_ao[row, i] = ao


@inlined
def _begin_runs(s: State, b: int, first: int, end: int) -> None:
    """Note what had been traded before this bucket where ao took another sign in it."""
    x = s.symbols
    row = b & (s.ring_ao.shape[0] - 1)
    for i in range(first, end):
        ao = s.ring_ao[row, i]
        sign = np.int64(ao > 0) - np.int64(ao < 0)
        has_turned = sign != x.run_sign[i]
        volume, high, low = x.session_volume[i], x.session_high[i], x.session_notional[i]
        x.run_base_volume[i] = volume if has_turned else x.run_base_volume[i]
        x.run_base_high[i] = high if has_turned else x.run_base_high[i]
        x.run_base_notional[i] = low if has_turned else x.run_base_notional[i]
        x.run_sign[i] = sign


@inlined
def _push_ac(s: State, p: Settings, b: int, first: int, end: int) -> None:
    x = s.symbols
    row = b & (s.ring_ao.shape[0] - 1)
    for i in range(first, end):
        age = b - x.first_bucket[i] + 1
        has_begun = x.first_bucket[i] >= 0
        has_ac = has_begun & (age >= p.slow + p.smooth - 1)
        has_two = has_begun & (age >= p.slow + p.smooth)
        before = x.ac[i]
        ac = s.ring_ao[row, i] * p.smooth - x.sum_ao[i]
        ac = ac if has_ac else before
        x.rising[i] = (x.rising[i] + 1) * np.int64(has_two & (ac > before))
        x.falling[i] = (x.falling[i] + 1) * np.int64(has_two & (ac < before))
        x.ac[i] = ac


@inlined
def keep_totals(s: State, p: Settings, b: int, first: int, end: int) -> None:
    """Keep of the closed bucket what only readers of the whole tape look back at."""
    x = s.symbols
    row = b & (s.ring_sigma.shape[0] - 1)
    for i in range(first, end):
        s.ring_sigma[row, i] = sigma_bps_of(p, x, i, b - x.first_bucket[i] + 1)
        s.ring_session_volume[row, i] = x.session_volume[i]
    for i in range(first, end):
        s.ring_session_notional[row, i] = usd(x.session_high[i], x.session_notional[i])


@inlined
def count_breadth(s: State, p: Settings, b: int, first: int, end: int) -> None:
    """Count the symbols that have an ao, and those in which it lies above and below zero."""
    x = s.symbols
    row = b & (s.ring_ao.shape[0] - 1)
    live = rising = falling = 0
    for i in range(first, end):
        ao = s.ring_ao[row, i]
        live += (x.first_bucket[i] >= 0) & (b - x.first_bucket[i] + 1 >= p.slow)
        rising += ao > 0
        falling += ao < 0
    s.breadth[b, 0] += live
    s.breadth[b, 1] += rising
    s.breadth[b, 2] += falling


@inlined
def begin_history(s: State, p: Settings, b: int, first: int, end: int) -> None:
    """Find the largest |ao| from every bucket of the last ``history`` on to their end.

    The largest of any ``history`` buckets in a row is then that of the end of one stretch and the
    beginning of the next (van Herk's sliding maximum).
    """
    mask = s.ring_ao.shape[0] - 1
    for row in range(p.history - 1, -1, -1):
        past = (b - p.history + row) & mask
        for i in range(first, end):
            s.ring_max_ao[row, i] = max(s.ring_max_ao[row + 1, i], abs(s.ring_ao[past, i]))


@inlined
def sigma_bps_of(p: Settings, x: Symbols, i: int, age: int) -> float:
    """Sample standard deviation of the median's returns; NaN with fewer than two."""
    n = min(age - 1, p.sigma_window)
    total = float(x.sum_return[i])
    variance = (float(x.sum_return_squared[i]) - total * total / n) / (n - 1)
    deviation = math.sqrt(max(variance, 0.0)) * 1e-4
    return deviation if n > 1 else math.nan


@inlined
def ac_z_of(p: Settings, x: Symbols, i: int, sigma_bps: float) -> float:
    """Return ac in units of its own noise; NaN where nothing has moved."""
    ac_bps = 1e4 * x.ac[i] / (float(p.fast * p.smooth) * x.sum_slow[i])
    return ac_bps / (p.ac_noise * sigma_bps) if sigma_bps > 0 else math.nan


@inlined
def read_index(s: State, p: Settings, b: int, k: int) -> None:
    """Write ao (bps) and ac_z of an index symbol, once it is warm."""
    i = s.index_id[k]
    x = s.symbols
    age = b - x.first_bucket[i] + 1
    if x.first_bucket[i] < 0 or age < p.slow + p.smooth:
        return
    ao = s.ring_ao[b & (s.ring_ao.shape[0] - 1), i]
    s.index_readings[b, k, 0] = 1e4 * ao / (float(p.fast) * x.sum_slow[i])
    s.index_readings[b, k, 1] = ac_z_of(p, x, i, sigma_bps_of(p, x, i, age))
