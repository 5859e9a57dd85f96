# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""A closed bucket against every gate, and what is written of it."""

from __future__ import annotations

import math

import numpy as np

from engine.domain.candidate import Gate
from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.signals.kernel.compiled import inlined
from engine.signals.kernel.notional import less, usd
from engine.signals.kernel.oscillator import ac_z_of, sigma_bps_of
from engine.signals.settings import Settings
from engine.signals.state import Records, State

NEAR_MISS, RAISED, UPDATED, FADED = 0, 1, 2, 3
"""``phase`` of an output row."""

AO_TURNED, FLAT_LINED, SESSION_ENDED = 1, 2, 3
"""``fade_reason`` of an output row."""

NEAR_MISS_GATES = 1
"""A bucket is recorded as a near miss when no more gates than this failed."""

_N_GATES = len(Gate)
_ALL_GATES = (1 << _N_GATES) - 1
_WARM, _CARRIED, _PRICE = int(Gate.WARM), int(Gate.CARRIED), int(Gate.PRICE)
_AO_SIGN, _AC_RISING, _AO_GROWTH = int(Gate.AO_SIGN), int(Gate.AC_RISING), int(Gate.AO_GROWTH)
_AC_Z, _VOLUME_FLOOR, _VOLUME_SURGE = int(Gate.AC_Z), int(Gate.VOLUME_FLOOR), int(Gate.VOLUME_SURGE)
_RUN_VOLUME, _RUN_NOTIONAL = int(Gate.CUMULATIVE_VOLUME), int(Gate.CUMULATIVE_NOTIONAL)
_NOT_FLAT = int(Gate.NOT_FLAT)

WRONG_SIDE = 0
"""Gate bits of a bucket whose ao lies on no side that may be traded: it is judged no further."""

_USD = 1.0 / PRICE_SCALE


@inlined
def judge(s: State, p: Settings, x: Records, b: int, i: int, age: int, ao: int) -> None:
    """Hold one symbol's bucket against every gate, and lead its candidate's life on."""
    sign = -1 if p.allow_short and (ao < 0 or not p.allow_long) else 1
    slow_mean = x.sum_slow / (2.0 * p.slow) * _USD
    ao_usd = ao / (2.0 * p.fast * p.slow) * _USD
    sigma_bps = sigma_bps_of(p, x, age)
    has_ac = age >= p.slow + p.smooth - 1
    ac_z = ac_z_of(p, x, sigma_bps) if has_ac else math.nan

    past = s.ring_ao[(b - p.lookback) & (s.ring_ao.shape[0] - 1), i]
    past_usd = past / (2.0 * p.fast * p.slow) * _USD
    noise_floor = p.growth_floor * sigma_bps * 1e-4 * slow_mean
    base = max(abs(past_usd), noise_floor)
    growth = math.nan
    if age >= p.slow + p.lookback and base > 0:
        growth = sign * (ao_usd - past_usd) / base

    fixed_volume = s.ring_volume[b & (s.ring_volume.shape[0] - 1), i]
    volume = fixed_volume / SIZE_SCALE
    n_before = min(age - 1, p.volume_window)
    volume_mean = x.sum_volume / SIZE_SCALE / n_before
    surge = volume / volume_mean if volume_mean > 0 else (math.inf if volume > 0 else math.nan)
    fixed_run_volume = np.int64(0)
    run_notional = 0.0
    if sign * ao > 0:
        fixed_run_volume = x.session_volume - x.run_base_volume
        high, low = less(x.session_high, x.session_notional, x.run_base_high, x.run_base_notional)
        run_notional = usd(high, low)
    run_volume = fixed_run_volume / SIZE_SCALE
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
    row.volume = fixed_volume
    row.volume_mean = volume_mean
    row.run_volume = fixed_run_volume
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
        write_window(s, p, x, b, i)
    if phase == FADED:
        x.alive = 0


@inlined
def _is_near_miss(gates: int) -> bool:
    """Say whether at most ``NEAR_MISS_GATES`` failed: none is left once so many are taken off."""
    missing = _ALL_GATES & ~gates
    for _ in range(NEAR_MISS_GATES):
        missing &= missing - 1
    return missing == 0


@inlined
def write_window(s: State, p: Settings, x: Records, b: int, i: int) -> None:
    """Write the buckets of a candidate's window that have not been written yet."""
    clock = s.clock[0]
    for k in range(max(x.windowed_to + 1, b - p.window + 1, x.first_bucket), b + 1):
        write_bucket(s, p, s.bucket_rows[clock.n_bucket_rows], k, i, x.first_bucket)
        clock.n_bucket_rows += 1
    x.windowed_to = b


@inlined
def write_bucket(s: State, p: Settings, row: Records, k: int, i: int, first_bucket: int) -> None:
    """Write one closed bucket of a symbol."""
    mask = s.ring_high.shape[0] - 1
    ao_mask = s.ring_ao.shape[0] - 1
    row.bucket = k
    row.symbol_id = i
    row.high = s.ring_high[k & mask, i]
    row.low = s.ring_low[k & mask, i]
    row.last = s.ring_last[k & mask, i]
    row.volume = s.ring_volume[k & (s.ring_volume.shape[0] - 1), i]
    age = k - first_bucket + 1
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
