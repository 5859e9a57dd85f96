"""Charts of trades are small, and their merged bars keep what the buckets said."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from reports.price_charts import price_charts
from reports.view import BUCKETS, TRADES, RunView
from tests.reports.demo_run import demo_view
from tests.reports.demo_tape import BUCKET_NS, floating, typed

OPEN_NS = 1_789_738_200_000_000_000


@st.composite
def trades_in_buckets(draw: st.DrawFn) -> RunView:
    """One trade from its first bucket to its last, some of them carried."""
    n = draw(st.integers(2, 2_000))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    last = np.round(rng.uniform(1, 500) + np.cumsum(rng.normal(0, 0.01, n)), 4).clip(0.01)
    carried = rng.random(n) < draw(st.floats(0, 1))
    ts = OPEN_NS + BUCKET_NS * np.arange(1, n + 1)
    columns = {
        "symbol": np.full(n, "A"),
        "ts": ts,
        "high": np.where(carried, 0, last + 0.02),
        "low": np.where(carried, 0, np.maximum(last - 0.02, 0.0001)),
        "last": last,
        "volume": np.where(carried, 0, rng.integers(1, 10_000, n)),
        "ao": np.where(np.arange(n) < 33, np.nan, rng.normal(0, 0.1, n)),
        "ac": np.where(np.arange(n) < 37, np.nan, rng.normal(0, 0.1, n)),
    }
    schema = floating(BUCKETS)
    buckets = pa.table([pa.array(columns[f.name], f.type) for f in schema], schema=schema)
    trade = {"trade_id": "1", "symbol": "A", "side": 1, "quantity": 1}
    trade |= {"entry_ts": int(ts[0]), "exit_ts": int(ts[-1]), "candidate_ts": int(ts[0])}
    return RunView(manifest={}, metrics={}, trades=typed([trade], TRADES), buckets=buckets)


@given(trades_in_buckets())
def test_merged_bars_keep_extremes_volume_and_the_last_price(view: RunView) -> None:
    (chart,) = price_charts(view)
    assert chart is not None
    assert len(chart["t"]) <= 720
    high = np.array(view.buckets.column("high"))
    low = np.array(view.buckets.column("low"))
    tops = [hi for hi in chart["hi"] if hi is not None]
    if high.any():
        assert abs((chart["p0"] + max(tops)) / 1e4 - high.max()) < 1e-4
        bottoms = [lo for lo in chart["lo"] if lo is not None]
        assert abs((chart["p0"] + min(bottoms)) / 1e4 - low[low > 0].min()) < 1e-4
    else:
        assert not tops
    assert sum(chart["vol"]) == np.array(view.buckets.column("volume")).sum()
    last = view.buckets.column("last")[-1].as_py()
    assert abs((chart["p0"] + chart["last"][-1]) / 1e4 - last) < 1e-4


def test_bars_get_wider_as_trades_get_many() -> None:
    few, many = demo_view(trades=6), demo_view(trades=6)
    trades = pa.concat_tables([many.trades] * 200)
    many = RunView(manifest={}, metrics={}, trades=trades, buckets=many.buckets)
    bars_of_few = [len(chart["t"]) for chart in price_charts(few) if chart]
    bars_of_many = [len(chart["t"]) for chart in price_charts(many) if chart]
    assert len(bars_of_many) == 200 * len(bars_of_few) == 1_200
    assert sum(bars_of_many) <= 240_000 < 200 * sum(bars_of_few)


def test_trade_of_a_symbol_without_buckets_has_no_chart() -> None:
    view = demo_view(trades=2)
    assert price_charts(RunView(manifest={}, metrics={}, trades=view.trades)) == [None, None]
