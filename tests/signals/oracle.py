"""An independent reading of the signals in plain pandas and floats; slow, and shares no code."""

from __future__ import annotations

import numpy as np
import pandas as pd

_VOLUME_ONLY = set("CGHINPRUVWZ47") | {"B"}
_NOTHING = set("MQ9")
_KNOWN = set(" @ADEFHKLOQTXY56") | _VOLUME_ONLY | _NOTHING


def _price_counts(codes: str) -> bool:
    return not any(c in _VOLUME_ONLY or c in _NOTHING or c not in _KNOWN for c in codes)


def _volume_counts(codes: str) -> bool:
    return not any(c in _NOTHING for c in codes)


def buckets(trades: pd.DataFrame, open_ns: int, close_ns: int) -> pd.DataFrame:
    """Return one symbol's 5-second buckets from its first eligible print to the close.

    ``trades`` has ts_event, price, size, conditions and no late prints.
    """
    inside = trades[(trades.ts_event >= open_ns) & (trades.ts_event < close_ns)].copy()
    conditions = inside.conditions.fillna("")
    inside["priced"] = conditions.map(_price_counts)
    inside["counted"] = conditions.map(_volume_counts)
    inside["bucket"] = (inside.ts_event - open_ns) // 5_000_000_000
    priced = inside[inside.priced].groupby("bucket").price
    counted = inside[inside.counted]
    frame = pd.DataFrame(
        {
            "high": priced.max(),
            "low": priced.min(),
            "last": priced.last(),
            "volume": counted.groupby("bucket")["size"].sum(),
            "notional": (counted.price * counted["size"]).groupby(counted.bucket).sum(),
        },
        index=pd.RangeIndex((close_ns - open_ns) // 5_000_000_000),
    )
    eligible = inside[inside.priced & inside.counted]
    money = (eligible.price * eligible["size"]).groupby(eligible.bucket).sum()
    shares = eligible.groupby("bucket")["size"].sum()
    frame["vwap"] = (
        money.reindex(frame.index, fill_value=0).cumsum()
        / shares.reindex(frame.index, fill_value=0).cumsum()
    )
    frame["session_volume"] = frame.volume.fillna(0).cumsum().astype(int)
    frame["volume"] = frame.volume.fillna(0).astype(int)
    frame["carried"] = frame.high.isna()
    frame["median"] = ((frame.high + frame.low) / 2).ffill()
    frame["last"] = frame["last"].ffill()
    frame = frame.loc[priced.max().index.min() :]
    frame["ts"] = open_ns + (frame.index + 1) * 5_000_000_000
    return frame


def oscillators(
    frame: pd.DataFrame, fast: int = 5, slow: int = 34, smooth: int = 5, sigma_window: int = 120
) -> pd.DataFrame:
    """Add ao, ac, sigma_bps and ac_z to a frame of buckets."""
    frame = frame.copy()
    slow_mean = frame["median"].rolling(slow).mean()
    frame["ao"] = frame["median"].rolling(fast).mean() - slow_mean
    frame["ac"] = frame.ao - frame.ao.rolling(smooth).mean()
    returns = frame["median"].pct_change() * 1e4
    frame["sigma_bps"] = returns.rolling(sigma_window, min_periods=2).std()
    noise = _noise(fast, slow, smooth)
    frame["ac_z"] = 1e4 * frame.ac / slow_mean / (noise * frame.sigma_bps)
    return frame


def _noise(fast: int, slow: int, smooth: int) -> float:
    """Return sd(ac) under independent unit returns, read off its response to a single return."""
    step = pd.Series(np.r_[np.zeros(slow + smooth), np.ones(slow + smooth)])
    ao = step.rolling(fast).mean() - step.rolling(slow).mean()
    ac = ao - ao.rolling(smooth).mean()
    return float(np.sqrt((ac**2).sum()))
