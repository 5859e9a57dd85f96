"""The strategies over the tape against plain pandas, from raw prints to raised and faded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from catalog import Catalog
from catalog.imports.ingest import import_files
from catalog.schema import Kind
from engine.domain.candidate import Phase
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals import scan
from engine.signals.whole_tape.signal_runner import in_process
from engine.signals.whole_tape.tape_strategy import TapeStrategy
from strategies.opening_range import OpeningRange
from strategies.reversion import Reversion
from tests.signals import oracle
from tests.signals.tapes import DAY

HOURS = session(DAY)
WIDTH = 5_000_000_000
SIGMA_WINDOW = Parameters().sigma_window

# odd limits, so that no ratio of whole numbers meets one exactly
REVERSION = Reversion(
    Reversion.Parameters.model_validate(
        {
            "min_distance": 1.2345,
            "min_age": 60,
            "min_surge": 1.2371,
            "volume_window": 30,
            "min_session_notional": 123_457.5,
        }
    )
)
OPENING_RANGE = OpeningRange(
    OpeningRange.Parameters.model_validate(
        {
            "range_buckets": 90,
            "last_bucket": 700,
            "volume_window": 40,
            "min_surge": 1.1371,
            "min_score": 0.1234,
            "min_session_notional": 123_457.5,
        }
    )
)


@pytest.fixture(scope="module")
def prints() -> pd.DataFrame:
    """Return an hour of prints; moves and sizes come in bursts, one symbol trades rarely."""
    rng = np.random.default_rng(23)
    shares = {"AAA": 0.4, "BBB": 0.3, "CCC": 0.25, "ZZZ": 0.05}
    frames: list[pd.DataFrame] = []
    for symbol, share in shares.items():
        n = int(20_000 * share)
        burst = rng.random(n // 20 + 1).repeat(20)[:n]
        steps = rng.choice([-0.02, -0.01, 0, 0.01, 0.02], n) + np.where(burst > 0.97, 0.04, 0)
        steps -= np.where(burst < 0.03, 0.04, 0)
        ts = np.sort(HOURS.open_ns + rng.integers(0, 720 * WIDTH, n))
        conditions = rng.choice(["", "@I", "M", "B"], n, p=[0.8, 0.12, 0.04, 0.04])
        conditions[:3] = ""
        frames.append(
            pd.DataFrame(
                {
                    "symbol": symbol,
                    "ts_event": ts,
                    "ts_init": ts,
                    "price": np.round(60 + np.cumsum(steps), 2),
                    "size": rng.choice([1, 50, 400], n) * np.where(abs(burst - 0.5) > 0.45, 9, 1),
                    "conditions": conditions,
                }
            )
        )
    return pd.concat(frames).sort_values("ts_init", kind="stable").reset_index(drop=True)


@pytest.fixture(scope="module")
def said(prints: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Return everything both strategies say of the day."""
    folder = tmp_path_factory.mktemp("market")
    prints.to_parquet(folder / "prints.parquet")
    catalog = Catalog(str(folder / "catalog"))
    import_files(catalog, [str(Path(folder) / "prints.parquet")], Kind.TRADES)
    made = in_process([REVERSION, OPENING_RANGE])
    source = made(HOURS, Parameters(), {"reversion", "opening_range"})
    result = scan(catalog, DAY, Parameters(), source=source)
    assert not result.failures
    assert result.signals is not None
    return result.signals.to_pandas()


def buckets(own: pd.DataFrame) -> pd.DataFrame:
    """Return one symbol's buckets with what both strategies look at, all in floats."""
    frame = oracle.buckets(own, HOURS.open_ns, HOURS.close_ns)
    frame["bucket"] = frame.index + 1
    frame["age"] = np.arange(1, len(frame) + 1)
    frame["session_notional"] = frame.notional.fillna(0).cumsum()
    frame["high"], frame["low"] = frame.high.fillna(frame["last"]), frame.low.fillna(frame["last"])
    # the scanner keeps returns in whole units of 1e-4 bps
    returns = (frame["median"].pct_change() * 1e8).round()
    frame["sigma_bps"] = 1e-4 * returns.rolling(SIGMA_WINDOW, min_periods=2).apply(
        lambda moves: float(np.nanstd(moves, ddof=1)), raw=True
    )
    return frame


def mean_volume(frame: pd.DataFrame, window: int) -> pd.Series[float]:
    return frame.volume.rolling(window, min_periods=1).mean()


def reversion(frame: pd.DataFrame) -> pd.DataFrame:
    """Return side, score, features and what keeps a signal alive."""
    p: Any = REVERSION.parameters
    away = 1e4 * (frame["last"] - frame.vwap) / frame.vwap
    walk = frame.sigma_bps * (frame.age / 3) ** 0.5
    found = pd.DataFrame({"ts": frame.ts, "side": -np.sign(away)})
    found["score"] = (away.abs() / walk).where(walk > 0)
    found["distance"], found["distance_ok"] = found.score, found.score >= p.min_distance
    found["age"], found["age_ok"] = frame.age, frame.age >= p.min_age
    found["surge"] = frame.volume / mean_volume(frame, p.volume_window)
    found["surge_ok"] = found.surge >= p.min_surge
    found["price"], found["price_ok"] = frame["last"], frame["last"] >= p.min_price
    found["session_notional"] = frame.session_notional
    found["session_notional_ok"] = frame.session_notional >= p.min_session_notional
    found["lives"] = found.score >= p.min_distance / 2
    return found


def opening_range(frame: pd.DataFrame) -> pd.DataFrame:
    """Return side, score, features and what keeps a signal alive."""
    p: Any = OPENING_RANGE.parameters
    first = frame[frame.bucket <= p.range_buckets]
    top, bottom = first.high.max(), first.low.min()
    over, under = frame["last"] > top, frame["last"] < bottom
    closed = frame.bucket >= p.range_buckets
    found = pd.DataFrame({"ts": frame.ts, "side": np.where(over, 1, np.where(under, -1, 0))})
    found["side"] = found.side.where(closed, 0)
    beyond = np.where(over, frame["last"] / top - 1, 1 - frame["last"] / bottom)
    walk = frame.sigma_bps * p.rising_window**0.5
    found["score"] = (1e4 * pd.Series(beyond, frame.index) / walk).where(walk > 0)
    found["score_ok"] = found.score >= p.min_score
    was_low = frame.low.rolling(p.rising_window, min_periods=1).min() <= top
    was_high = frame.high.rolling(p.rising_window, min_periods=1).max() >= bottom
    found["is_new_ok"] = np.where(found.side > 0, was_low, was_high)
    found["is_new"] = found.is_new_ok.astype(float)
    found["surge"] = mean_volume(frame, p.rising_window) / mean_volume(frame, p.volume_window)
    found["surge_ok"] = found.surge >= p.min_surge
    found["width"] = 100 * (top - bottom) / bottom
    found["width_ok"] = found.width >= p.min_width_percent
    found["bucket"], found["bucket_ok"] = frame.bucket, frame.bucket <= p.last_bucket
    found["price"], found["price_ok"] = frame["last"], frame["last"] >= p.min_price
    found["session_notional"] = frame.session_notional
    found["session_notional_ok"] = frame.session_notional >= p.min_session_notional
    found["lives"] = found.side != 0
    return found


def lives(found: pd.DataFrame, symbol: str) -> list[tuple[int, str, int, str]]:
    """Return when candidates are raised and fade."""
    passed = found[[name for name in found.columns if name.endswith("_ok")]].all(axis=1)
    told: list[tuple[int, str, int, str]] = []
    alive = 0
    for ts, side, qualified, goes_on in zip(
        found.ts, found.side, passed & (found.side != 0), found.lives, strict=True
    ):
        if alive and (side != alive or not goes_on or ts == HOURS.close_ns):
            told.append((int(ts), symbol, alive, Phase.FADED))
            alive = 0
        elif not alive and qualified and ts < HOURS.close_ns:
            told.append((int(ts), symbol, int(side), Phase.RAISED))
            alive = int(side)
    return told


@pytest.mark.parametrize(
    ("strategy", "expected", "least"),
    [(REVERSION, reversion, 20), (OPENING_RANGE, opening_range, 5)],
    ids=["reversion", "opening_range"],
)
def test_a_strategy_equals_plain_pandas(
    prints: pd.DataFrame, said: pd.DataFrame, strategy: TapeStrategy, expected: Any, least: int
) -> None:
    ours = said[said.strategy_id == strategy.strategy_id]
    raised: list[tuple[int, str, int, str]] = []
    sides: set[int] = set()
    for symbol, own in prints.groupby("symbol"):
        found = expected(buckets(own))
        raised += lives(found, str(symbol))
        by_ts = found.set_index("ts")
        for row in ours[ours.symbol == symbol].itertuples():
            theirs: Any = by_ts.loc[int(row.ts_event)]  # type: ignore[call-overload, arg-type]
            if row.phase != Phase.FADED:
                assert row.side == theirs.side
                sides.add(int(theirs.side))
            if row.phase == Phase.FADED and theirs.side == 0:
                continue  # beyond nothing: what it would score is no number that matters
            features: Any = row.features
            assert row.score == pytest.approx(theirs.score, rel=1e-9, nan_ok=True)
            for feature in features:
                assert feature["value"] == pytest.approx(
                    theirs[feature["name"]], rel=1e-9, nan_ok=True
                )
                assert feature["passed"] == theirs[f"{feature['name']}_ok"]
                assert feature["threshold"] > 0
    told = ours[ours.phase != Phase.UPDATED]
    rows = zip(told.ts_event, told.symbol, told.side, told.phase, strict=True)
    assert sorted((int(ts), symbol, int(side), phase) for ts, symbol, side, phase in rows) == (
        sorted(raised)
    )
    assert len(raised) >= least
    assert sides == {1, -1}
