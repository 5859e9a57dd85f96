"""Buckets and oscillators against a plain pandas reading and a third-party library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from talipp.indicators import AO
from talipp.ohlcv import OHLCV

from engine.domain.fixed_point import exact_shares
from engine.domain.parameters import parameters_from
from engine.domain.session import session
from engine.signals.columns import ColumnScanner
from engine.signals.tables import buckets_table, rows_table
from tests.signals import oracle
from tests.signals.tapes import RECORDED, batch, recorded

WIDE_OPEN = parameters_from(
    {
        "min_cumulative_ao_volume": 0,
        "min_cumulative_notional": 0,
        "vol_floor": 0,
        "vol_surge_multiplier": 1,
        "min_ac_z": 0,
        "ao_accel_rate": 0,
        "ao_accel_lookback": 1,
        "flatline_ratio": 0,
        "max_carried_ratio": 1,
        "direction": "both",
    }
)
"""Gates so open that candidates come all day."""


@pytest.mark.parametrize("name", RECORDED)
def test_buckets_and_oscillators_equal_an_independent_reading(shared: Path, name: str) -> None:
    day, frame = recorded(shared, name)
    hours = session(day)
    scanner = ColumnScanner(WIDE_OPEN, hours, {}, every_bucket=True)
    scanner.step(batch(frame))
    scanner.finish()
    (output,) = scanner.take_output()
    ours = buckets_table(output.bucket_rows, scanner.symbols, scanner.settings).to_pandas()
    events = rows_table(output.rows, scanner.symbols, scanner.settings).to_pandas()
    compared = 0
    for symbol, prints in frame.groupby("symbol"):
        theirs = oracle.oscillators(oracle.buckets(prints, hours.open_ns, hours.close_ns))
        own = ours[ours.symbol == symbol]
        pair = own.merge(theirs, on="ts", suffixes=("", "_oracle"))
        assert len(own) == len(pair) == len(theirs)
        compared += len(pair)
        traded = pair[~pair.carried]
        for column in ("high", "low", "last"):
            left = traded[column].astype(float)
            np.testing.assert_allclose(left, traded[f"{column}_oracle"], rtol=0, atol=1e-9)
        np.testing.assert_array_equal(pair.volume, pair.volume_oracle)
        np.testing.assert_allclose(pair.ao, pair.ao_oracle, rtol=0, atol=1e-9)
        np.testing.assert_allclose(pair.ac, pair.ac_oracle, rtol=0, atol=1e-9)
        rows = events[events.symbol == symbol].merge(
            theirs, left_on="ts_event", right_on="ts", suffixes=("", "_oracle")
        )
        np.testing.assert_allclose(rows.vwap, rows.vwap_oracle, rtol=1e-12)
        np.testing.assert_array_equal(rows.session_volume, rows.session_volume_oracle)
        np.testing.assert_allclose(
            rows.sigma_bps, rows.sigma_bps_oracle, rtol=0, atol=1e-4
        )  # the unit
        np.testing.assert_allclose(rows.ac_z, rows.ac_z_oracle, rtol=1e-4, atol=1e-9)
    assert compared > 500


@pytest.mark.parametrize("name", RECORDED)
def test_ao_equals_a_third_party_awesome_oscillator(shared: Path, name: str) -> None:
    day, frame = recorded(shared, name)
    hours = session(day)
    scanner = ColumnScanner(WIDE_OPEN, hours, {}, every_bucket=True)
    scanner.step(batch(frame))
    scanner.finish()
    (output,) = scanner.take_output()
    ours = buckets_table(output.bucket_rows, scanner.symbols, scanner.settings).to_pandas()
    symbol = str(frame.symbol.mode()[0])
    bars = oracle.buckets(frame[frame.symbol == symbol], hours.open_ns, hours.close_ns)
    median = bars["median"]
    ranges = zip(bars.high.fillna(median), bars.low.fillna(median), median, strict=True)
    values = AO(5, 34, [OHLCV(mid, high, low, mid) for high, low, mid in ranges])
    theirs = pd.Series([np.nan if v is None else v for v in values], index=bars.ts.to_numpy())
    own = ours[ours.symbol == symbol].set_index("ts").ao
    both = pd.concat([own, theirs], axis=1, join="inner").dropna()
    assert len(both) > 300
    np.testing.assert_allclose(both.iloc[:, 0], both.iloc[:, 1], rtol=0, atol=1e-9)


def test_first_ao_after_slow_buckets_and_first_ac_after_slow_plus_smooth_less_one(
    shared: Path,
) -> None:
    day, frame = recorded(shared, RECORDED[0])
    hours = session(day)
    scanner = ColumnScanner(WIDE_OPEN, hours, {}, every_bucket=True)
    scanner.step(batch(frame))
    scanner.finish()
    rows = scanner.take_output()[0].bucket_rows
    one = rows[rows["symbol_id"] == 0]
    assert one["bucket"].min() == 0
    assert one["bucket"][~np.isnan(one["ao"])].min() == 33
    assert one["bucket"][~np.isnan(one["ac"])].min() == 37
    assert scanner.state.breadth[32, 0] == 0
    assert scanner.state.breadth[33, 0] == 3


def test_official_closes_do_not_count_the_auction_twice(shared: Path) -> None:
    day, frame = recorded(shared, "ticks/highfrequency_xxx/2018-01-02.parquet")
    hours = session(day)
    inside = frame[(frame.ts_event >= hours.open_ns) & (frame.ts_event < hours.close_ns)]
    officials = inside[inside.conditions.str.contains("[MQ]")]["size"].sum()
    scanner = ColumnScanner(WIDE_OPEN, hours, {}, every_bucket=True)
    scanner.step(batch(frame))
    scanner.finish()
    (output,) = scanner.take_output()
    counted = exact_shares(output.rows["session_volume"].max())
    assert officials > 0
    assert counted <= inside["size"].sum() - officials
