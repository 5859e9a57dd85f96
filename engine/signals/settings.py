"""The parameters and the session as the plain numbers the compiled scanner eats."""

from __future__ import annotations

from typing import NamedTuple

from engine.domain.candidate import Gate, Side
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND, Session
from engine.signals.noise import ac_noise, ao_noise

_DIRECTIONS = {
    "long": (True, False),
    "short": (False, True),
    "both": (True, True),
}


class Settings(NamedTuple):
    """What the kernel needs to know; lags and windows in buckets, times in UTC nanoseconds.

    ``first_ns`` starts bucket 0, ``open_bucket`` is the first of the regular session and
    ``buckets`` counts them all. ``every_bucket`` judges and writes each bucket of every symbol, not
    only those of candidates. ``growth_floor`` is ε over σ, in standard deviations of noise.
    ``tape_buckets`` is how many closed buckets of the whole tape can be read back, 0 for none.
    """

    first_ns: int
    width_ns: int
    grace_ns: int
    open_bucket: int
    buckets: int
    fast: int
    slow: int
    smooth: int
    lookback: int
    history: int
    sigma_window: int
    volume_window: int
    window: int
    publish: int
    allow_long: bool
    allow_short: bool
    max_carried_ratio: float
    min_price: float
    max_price: float
    min_growth: float
    growth_floor: float
    min_ac_z: float
    ac_noise: float
    volume_floor: float
    volume_surge: float
    min_run_volume: float
    min_run_notional: float
    flat_ratio: float
    flat_buckets: int
    every_bucket: bool
    tape_buckets: int


def settings(
    params: Parameters, session: Session, *, every_bucket: bool = False, tape_buckets: int = 0
) -> Settings:
    """Return the kernel's numbers for one day."""
    first = session.pre_market_ns if params.warm_premarket else session.open_ns
    width = params.bucket_seconds * NANOS_PER_SECOND
    allow_long, allow_short = _DIRECTIONS[params.direction]
    fast, slow, smooth = params.fast_period, params.slow_period, params.smooth_period
    return Settings(
        first_ns=first,
        width_ns=width,
        grace_ns=params.late_trade_grace_ms * 1_000_000,
        open_bucket=(session.open_ns - first) // width,
        buckets=(session.close_ns - first) // width,
        fast=fast,
        slow=slow,
        smooth=smooth,
        lookback=params.ao_accel_lookback,
        history=params.ao_history_buckets,
        sigma_window=params.sigma_window,
        volume_window=params.vol_window,
        window=params.window_buckets,
        publish=max(1, params.candidate_publish_secs // params.bucket_seconds),
        allow_long=allow_long,
        allow_short=allow_short,
        max_carried_ratio=params.max_carried_ratio,
        min_price=float(params.min_price),
        max_price=float(params.max_price),
        min_growth=params.ao_accel_rate,
        growth_floor=0.5 * ao_noise(fast, slow),
        min_ac_z=params.min_ac_z,
        ac_noise=ac_noise(fast, slow, smooth),
        volume_floor=float(params.vol_floor),
        volume_surge=params.vol_surge_multiplier,
        min_run_volume=float(params.min_cumulative_ao_volume),
        min_run_notional=float(params.min_cumulative_notional),
        flat_ratio=params.flatline_ratio,
        flat_buckets=params.min_5s_flatline_ao_buckets,
        every_bucket=every_bucket,
        tape_buckets=tape_buckets,
    )


_HELD_AGAINST = frozenset(
    {
        "grace_ns",
        "publish",
        "allow_long",
        "allow_short",
        "max_carried_ratio",
        "min_price",
        "max_price",
        "min_growth",
        "min_ac_z",
        "volume_floor",
        "volume_surge",
        "min_run_volume",
        "min_run_notional",
        "flat_buckets",
    }
)
"""Numbers that a bucket is held against once its windows are made."""


def same_windows(before: Settings, after: Settings) -> bool:
    """Say whether what is remembered under one setting can be gone on with under another."""
    return all(
        getattr(before, name) == getattr(after, name)
        for name in Settings._fields
        if name not in _HELD_AGAINST
    )


def thresholds(params: Parameters) -> dict[Gate, float]:
    """Return what each gate's value is held against (``PRICE``: the lower bound)."""
    return {
        Gate.WARM: float(params.slow_period + params.smooth_period),
        Gate.CARRIED: params.max_carried_ratio,
        Gate.PRICE: float(params.min_price),
        Gate.AO_SIGN: 0.0,
        Gate.AC_RISING: float(params.ao_accel_lookback),
        Gate.AO_GROWTH: params.ao_accel_rate,
        Gate.AC_Z: params.min_ac_z,
        Gate.VOLUME_FLOOR: float(params.vol_floor),
        Gate.VOLUME_SURGE: params.vol_surge_multiplier,
        Gate.CUMULATIVE_VOLUME: float(params.min_cumulative_ao_volume),
        Gate.CUMULATIVE_NOTIONAL: float(params.min_cumulative_notional),
        Gate.NOT_FLAT: float(params.min_5s_flatline_ao_buckets),
    }


def sides(params: Parameters) -> tuple[Side, ...]:
    """Return the directions in which candidates may be raised."""
    allowed = zip((Side.LONG, Side.SHORT), _DIRECTIONS[params.direction], strict=True)
    return tuple(side for side, is_allowed in allowed if is_allowed)
