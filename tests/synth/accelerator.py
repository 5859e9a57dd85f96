"""The gates of SIGNALS §2 and §3 over one symbol's whole day.

Written apart from the scanner, bucket arrays instead of a state machine, in floats. Late prints,
cancels and corrections, which only a clock can tell from others, are left out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from engine.domain.session import Session

BUCKET_NS = 5_000_000_000
FAST, SLOW, SMOOTH = 5, 34, 5
LOOKBACK, VOLUME_WINDOW, SIGMA_WINDOW = 3, 60, 120
AO_NOISE, AC_NOISE = 2.88, 0.729
VOLUME_ONLY = "CGHINPRUVWZ47"


def qualified_buckets(prints: pd.DataFrame, hours: Session) -> NDArray[np.int64]:
    """Return the ends (UTC ns) of the buckets in which the long gates all pass, at default values.

    ``prints`` are one symbol's; pass prices mirrored (``2 * first - price``) for the short side.
    """
    n = (hours.close_ns - hours.open_ns) // BUCKET_NS
    inside = prints.ts_event.between(hours.open_ns, hours.close_ns, inclusive="left")
    counted = prints[inside & ~prints.conditions.str.contains("[!MQ]")]
    bucket = ((counted.ts_event - hours.open_ns) // BUCKET_NS).to_numpy()
    price, size = counted.price.to_numpy() / 1e6, counted["size"].to_numpy(dtype=np.float64)
    volume = np.bincount(bucket, size, n)
    notional = np.bincount(bucket, size * price, n)
    pricing = ~counted.conditions.str.contains(f"[{VOLUME_ONLY}]").to_numpy()
    grouped = pd.Series(price[pricing]).groupby(bucket[pricing])
    every = range(n)
    middle = ((grouped.max() + grouped.min()) / 2).reindex(every).ffill()
    last = grouped.last().reindex(every).ffill()
    carried = ~np.isin(every, bucket[pricing])

    def mean(values: pd.Series[float], length: int) -> pd.Series[float]:
        return values.rolling(length).mean()

    slow_mean = mean(middle, SLOW)
    ao = mean(middle, FAST) - slow_mean
    ac = ao - mean(ao, SMOOTH)
    sigma = middle.pct_change().rolling(SIGMA_WINDOW, min_periods=2).std()
    floor = 0.5 * AO_NOISE * sigma * slow_mean
    growth = (ao - ao.shift(LOOKBACK)) / np.maximum(ao.shift(LOOKBACK).abs(), floor)
    rising = (ac.diff() > 0).rolling(LOOKBACK).sum() == LOOKBACK
    usual = pd.Series(volume).shift(1).rolling(VOLUME_WINDOW, min_periods=1).mean()
    run = ((ao > 0) != (ao.shift(1) > 0)).cumsum()
    gates = (
        (pd.Series(carried).rolling(SLOW + SMOOTH).mean() <= 0.5)
        & last.between(2, 500)
        & (ao > 0)
        & rising
        & (growth >= 0.25)
        & (ac / slow_mean / (AC_NOISE * sigma) >= 4)
        & (volume >= 1_000)
        & (volume >= 3 * usual)
        & (pd.Series(volume).groupby(run).cumsum() >= 50_000)
        & (pd.Series(notional).groupby(run).cumsum() >= 500_000)
    )
    return hours.open_ns + (np.flatnonzero(gates) + 1) * BUCKET_NS
