"""Tapes for the scanner's tests: random ones, and recorded days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from engine.domain.candidate import BucketReport
from engine.domain.fixed_point import fixed_prices, fixed_sizes
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.session import session
from engine.signals import Scanner
from engine.signals.columns import ColumnScanner

DAY = date(2025, 9, 18)

RECORDED = (
    "ticks/highfrequency_multi/2014-09-17.parquet",
    "ticks/highfrequency_xxx/2008-01-04.parquet",
    "ticks/highfrequency_xxx/2018-01-02.parquet",
    "ticks/fints_ibm1990/1990-12-24.parquet",
)

EAGER = parameters_from(
    {
        "min_cumulative_ao_volume": 500,
        "min_cumulative_notional": 1_000,
        "vol_floor": 50,
        "vol_surge_multiplier": 1,
        "min_ac_z": 1,
        "ao_accel_rate": 0.1,
    }
)
"""Gates low enough for quiet tapes to raise candidates."""


def batch(frame: pd.DataFrame) -> TradeBatch:
    """Return a batch from columns symbol, ts_event, price, size, conditions (and ts_init)."""
    symbols = frame["symbol"].astype("category").cat
    conditions = frame["conditions"].fillna("").astype("category").cat
    arrival = frame["ts_init"] if "ts_init" in frame else frame["ts_event"]
    return TradeBatch(
        symbols.codes.to_numpy().astype(np.int32),
        tuple(symbols.categories),
        frame["ts_event"].to_numpy(np.int64),
        arrival.to_numpy(np.int64),
        fixed_prices(frame["price"].to_numpy(np.float64)),
        fixed_sizes(frame["size"].to_numpy(np.float64)),
        conditions.codes.to_numpy().astype(np.int32),
        tuple(conditions.categories),
    )


def symbol_state(scanner: ColumnScanner, symbol: str) -> Mapping[str, Any]:
    """Return what is remembered of one symbol between closes; see ``state.Symbols``."""
    i, known = scanner.symbols.index(symbol), scanner.state.symbols
    return {name: getattr(known, name)[i] for name in known._fields}


def recorded(shared: Path, name: str) -> tuple[date, pd.DataFrame]:
    """Return the date and valid prints of one recorded day."""
    path = shared / "data" / name
    frame = pd.read_parquet(path)
    return date.fromisoformat(path.stem), frame[frame.price > 0].reset_index(drop=True)


def run(
    prints: TradeBatch, params: Parameters, day: date, cuts: list[int] | None = None
) -> tuple[Scanner, list[BucketReport]]:
    """Return the scanner and its reports after a day, the prints cut at ``cuts``."""
    scanner = Scanner(params, session(day), {})
    start = 0
    for end in [*(cuts or []), len(prints)]:
        scanner.step(prints.rows(slice(start, end)))
        start = end
    scanner.advance(session(day).close_ns + params.grace_ns)
    return scanner, scanner.reports()


@st.composite
def random_tapes(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a tape of a few symbols over a few minutes, with bursts, late prints and reversals."""
    seed = draw(st.integers(0, 2**32 - 1))
    n = draw(st.integers(50, 1_500))
    rng = np.random.default_rng(seed)
    span = draw(st.sampled_from([60, 600, 2_400])) * 10**9
    opening = session(DAY).open_ns
    ts_init = np.sort(opening + rng.integers(-(10**10), span, n))
    delay = rng.choice([0, 10**6, 2 * 10**8, 6 * 10**9], n, p=[0.3, 0.5, 0.15, 0.05])
    steps = rng.choice([-0.01, 0, 0, 0.01, 0.03], n)
    frame = pd.DataFrame(
        {
            "symbol": rng.choice(["AAA", "BBB", "SPY", "ZZZ"], n, p=[0.5, 0.2, 0.25, 0.05]),
            "ts_event": ts_init - delay,
            "ts_init": ts_init,
            "price": np.round(50 + np.cumsum(steps), 2),
            "size": rng.choice([1, 50, 100, 400, 2_000], n),
            "conditions": rng.choice(["", "@", "@I", "@F", "M", "B", "Z"], n),
        }
    )
    reversed_rows = frame.sample(n // 20, random_state=seed % 2**31).copy()
    reversed_rows["conditions"] = "!" + reversed_rows["conditions"]
    reversed_rows["ts_init"] += rng.choice([10**6, 10**9, 10**10], len(reversed_rows))
    tape = pd.concat([frame, reversed_rows], ignore_index=True)
    return tape.sort_values("ts_init", kind="stable").reset_index(drop=True)
