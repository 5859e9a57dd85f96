"""Which parameters are the acceleration strategy's own; their names stand in one flat table."""

from __future__ import annotations

OSCILLATORS = (
    "fast_period",
    "slow_period",
    "smooth_period",
    "sigma_window",
    "ao_history_buckets",
)
"""Widths of the windows behind ao, ac and their noise."""

GATES = (
    "direction",
    "min_ac_z",
    "ao_accel_lookback",
    "ao_accel_rate",
    "flatline_ratio",
    "min_5s_flatline_ao_buckets",
    "min_cumulative_ao_volume",
    "min_cumulative_notional",
)
"""Limits that a symbol has to pass to become a candidate."""

WATCH = ("trailing_stop_percent",)
"""What is done with an open trade."""

PARAMETERS = frozenset((*OSCILLATORS, *GATES, *WATCH))
