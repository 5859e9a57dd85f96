# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""A closed bucket against every gate, and what is written of it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.domain.candidate import Gate
from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.signals.kernel.compiled import inlined
from engine.signals.kernel.notional import less, usd
from engine.signals.kernel.oscillator import ac_z_of, sigma_bps_of
from engine.signals.settings import Settings
from engine.signals.state import Records, State, Symbols

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
_NOT_JUDGED = -1


class Readings(NamedTuple):
    """What one symbol's bucket is held against the gates with; see ``candidate.Gate``.

    ``gates`` are the bits of all of them but that of the run's notional, which takes longer to
    compute than all others and is asked of few.
    """

    sign: int
    ao_usd: float
    sigma_bps: float
    ac_z: float
    growth: float
    volume: float
    volume_mean: float
    surge: float
    run_volume: int
    carried: float
    last: float
    run: int
    gates: int


@inlined
def judge(s: State, p: Settings, b: int, first: int, end: int) -> None:
    """Hold every symbol's bucket against every gate, and lead the lives of candidates on."""
    _hold_against_gates(s, p, b, first, end)
    x = s.symbols
    for i in range(first, end):
        gates = np.int64(s.symbols.gates[i])
        if gates == _NOT_JUDGED:
            continue
        if gates & (1 << _AO_SIGN):
            gates |= (_run_notional(x, i) >= p.min_run_notional) << _RUN_NOTIONAL
        s.gate_counts[gates] += 1
        if _is_near_miss(gates) or x.alive[i] != 0 or p.every_bucket:
            _lead_on(s, p, b, i, gates)


@inlined
def _hold_against_gates(s: State, p: Settings, b: int, first: int, end: int) -> None:
    """Write the gate bits of every symbol; free of branches, as ``oscillator`` is."""
    x = s.symbols
    row = b & (s.ring_ao.shape[0] - 1)
    for i in range(first, end):
        gates = readings(s, p, b, i).gates
        ao = s.ring_ao[row, i]
        is_judged = (ao > 0) & p.allow_long | (ao < 0) & p.allow_short
        is_judged |= (x.alive[i] != 0) | p.every_bucket
        gates = gates if is_judged else np.int64(WRONG_SIDE)
        is_live = (x.first_bucket[i] >= 0) & (b - x.first_bucket[i] + 1 >= p.slow)
        x.gates[i] = gates if is_live else np.int64(_NOT_JUDGED)


@inlined
def readings(s: State, p: Settings, b: int, i: int) -> Readings:
    """Return the readings of one symbol at a close; without meaning while it has no ao."""
    x = s.symbols
    mask = s.ring_ao.shape[0] - 1
    ao, past = s.ring_ao[b & mask, i], s.ring_ao[(b - p.lookback) & mask, i]
    fixed_volume = s.ring_volume[b & (s.ring_volume.shape[0] - 1), i]
    age = b - x.first_bucket[i] + 1

    downwards = p.allow_short & ((ao < 0) | (not p.allow_long))
    sign = np.int64(-1) if downwards else np.int64(1)
    slow_mean = x.sum_slow[i] / (2.0 * p.slow) * _USD
    ao_usd = ao / (2.0 * p.fast * p.slow) * _USD
    sigma_bps = sigma_bps_of(p, x, i, age)
    ac_z = ac_z_of(p, x, i, sigma_bps)
    ac_z = ac_z if age >= p.slow + p.smooth - 1 else math.nan

    past_usd = past / (2.0 * p.fast * p.slow) * _USD
    noise_floor = p.growth_floor * sigma_bps * 1e-4 * slow_mean
    base = max(abs(past_usd), noise_floor)
    growth = sign * (ao_usd - past_usd) / base
    growth = growth if (age >= p.slow + p.lookback) & (base > 0) else math.nan

    volume = fixed_volume / SIZE_SCALE
    n_before = min(age - 1, p.volume_window)
    volume_mean = x.sum_volume[i] / SIZE_SCALE / n_before
    surge = volume / volume_mean
    unknown_surge = math.inf if volume > 0 else math.nan
    surge = surge if volume_mean > 0 else unknown_surge
    run_volume = x.session_volume[i] - x.run_base_volume[i]
    run_volume = run_volume if sign * ao > 0 else np.int64(0)
    carried = x.carried[i] / min(age, p.slow + p.smooth)
    last = x.last[i] / PRICE_SCALE
    rising, falling = np.int64(x.rising[i]), np.int64(x.falling[i])
    run = rising if sign > 0 else falling

    gates = np.int64(0)
    gates |= (age >= p.slow + p.smooth) << _WARM
    gates |= (carried <= p.max_carried_ratio) << _CARRIED
    gates |= ((p.min_price <= last) & (last <= p.max_price)) << _PRICE
    gates |= (sign * ao > 0) << _AO_SIGN
    gates |= (run >= p.lookback) << _AC_RISING
    gates |= (growth >= p.min_growth) << _AO_GROWTH
    gates |= (sign * ac_z >= p.min_ac_z) << _AC_Z
    gates |= (volume >= p.volume_floor) << _VOLUME_FLOOR
    gates |= (surge >= p.volume_surge) << _VOLUME_SURGE
    gates |= (run_volume / SIZE_SCALE >= p.min_run_volume) << _RUN_VOLUME
    gates |= (p.min_run_notional <= 0) << _RUN_NOTIONAL
    gates |= (x.flat[i] < p.flat_buckets) << _NOT_FLAT
    return Readings(
        sign, ao_usd, sigma_bps, ac_z, growth, volume, volume_mean, surge, run_volume, carried,
        last, run, gates,
    )  # fmt: skip


@inlined
def _run_notional(x: Symbols, i: int) -> float:
    """Return what has been traded since ao took its sign, USD."""
    high, low = less(
        x.session_high[i], x.session_notional[i], x.run_base_high[i], x.run_base_notional[i]
    )
    return usd(high, low)


@inlined
def _lead_on(s: State, p: Settings, b: int, i: int, gates: int) -> None:
    """Begin, go on with or end a candidate, or note a near miss."""
    x = s.symbols
    r = readings(s, p, b, i)
    mask = s.ring_ao.shape[0] - 1
    ao = s.ring_ao[b & mask, i]
    age = b - x.first_bucket[i] + 1
    has_ac = age >= p.slow + p.smooth - 1
    run_notional = _run_notional(x, i) if r.sign * ao > 0 else 0.0

    phase = -1
    reason = 0
    if x.alive[i] == 0:
        if gates == _ALL_GATES:
            phase = RAISED
            x.alive[i] = r.sign
            x.raised_at[i] = b
        elif _is_near_miss(gates):
            phase = NEAR_MISS
    else:
        if x.alive[i] * ao <= 0:
            reason = AO_TURNED
        elif x.flat[i] >= p.flat_buckets:
            reason = FLAT_LINED
        elif b == p.buckets - 1:
            reason = SESSION_ENDED
        if reason:
            phase = FADED
        elif (b - x.raised_at[i]) % p.publish == 0:
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
    row.side = r.sign if x.alive[i] == 0 else x.alive[i]
    row.gates = gates
    row.ao = r.ao_usd
    row.ac = x.ac[i] / (2.0 * p.fast * p.slow * p.smooth) * _USD if has_ac else math.nan
    row.ao_bps = 1e4 * ao / (float(p.fast) * x.sum_slow[i])
    ac_bps = 1e4 * x.ac[i] / (float(p.fast * p.smooth) * x.sum_slow[i])
    row.ac_bps = ac_bps if has_ac else math.nan
    row.sigma_bps = r.sigma_bps
    row.ac_z = r.ac_z
    row.last = x.last[i]
    row.volume = s.ring_volume[b & (s.ring_volume.shape[0] - 1), i]
    row.volume_mean = r.volume_mean
    row.run_volume = r.run_volume
    row.run_notional = run_notional
    row.session_volume = x.session_volume[i]
    mask = s.ring_vwap.shape[0] - 1
    row.vwap = s.ring_vwap[b & mask, i] * _USD
    row.vwap_slope = math.nan
    if age > p.window:
        row.vwap_slope = row.vwap - s.ring_vwap[(b - p.window) & mask, i] * _USD
    row.values[_WARM] = age
    row.values[_CARRIED] = r.carried
    row.values[_PRICE] = r.last
    row.values[_AO_SIGN] = r.ao_usd
    row.values[_AC_RISING] = r.run
    row.values[_AO_GROWTH] = r.growth
    row.values[_AC_Z] = r.sign * r.ac_z
    row.values[_VOLUME_FLOOR] = r.volume
    row.values[_VOLUME_SURGE] = r.surge
    row.values[_RUN_VOLUME] = r.run_volume / SIZE_SCALE
    row.values[_RUN_NOTIONAL] = run_notional
    row.values[_NOT_FLAT] = x.flat[i]
    if phase != NEAR_MISS:
        write_window(s, p, b, i)
    if phase == FADED:
        x.alive[i] = 0


@inlined
def _is_near_miss(gates: int) -> bool:
    """Say whether at most ``NEAR_MISS_GATES`` failed: none is left once so many are taken off."""
    missing = _ALL_GATES & ~gates
    for _ in range(NEAR_MISS_GATES):
        missing &= missing - 1
    return missing == 0


@inlined
def write_window(s: State, p: Settings, b: int, i: int) -> None:
    """Write the buckets of a candidate's window that have not been written yet."""
    clock, x = s.clock[0], s.symbols
    first = x.first_bucket[i]
    for k in range(max(x.windowed_to[i] + 1, b - p.window + 1, first), b + 1):
        write_bucket(s, p, s.bucket_rows[clock.n_bucket_rows], k, i, first)
        clock.n_bucket_rows += 1
    x.windowed_to[i] = b


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
