"""Days that were recorded on real exchanges, served and pulled, are what they were."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from catalog import Catalog
from catalog.imports.ingest import import_files
from catalog.pull import PullOrder, Vendor, pull
from catalog.schema import Kind
from engine.domain.parameters import parameters_from
from engine.signals import scan
from simulator.market_data import routes
from simulator.market_data.requests.clock_times import end_of
from tests.simulator.market_data.loopback import KEY, SECRET, Loopback

PARAMS = parameters_from(
    {
        "min_cumulative_ao_volume": 500,
        "min_cumulative_notional": 1_000,
        "vol_floor": 50,
        "vol_surge_multiplier": 1,
        "min_ac_z": 1,
        "ao_accel_rate": 0.1,
        "max_carried_ratio": 0.95,
        "max_price": 1000,
        "bucket_seconds": 30,
        "bucket_ttl": 3000,
    }
)
"""Gates low enough for one quiet symbol to raise candidates."""


@pytest.mark.parametrize(
    ("files", "symbols"),
    [
        ("highfrequency_multi/2014-09-17", ("AAA", "BBB", "ETF")),
        ("highfrequency_xxx/2018-01-02", ("XXX",)),
        ("fints_ibm1990/1990-12-2*", ("IBM",)),
    ],
)
def test_a_recorded_day_comes_back_bit_by_bit(
    shared: Path, tmp_path: Path, files: str, symbols: tuple[str, ...]
) -> None:
    source, pulled = Catalog(str(tmp_path / "source")), Catalog(str(tmp_path / "pulled"))
    paths = sorted(map(str, (shared / "data" / "ticks").glob(f"{files}.parquet")))
    import_files(source, paths, Kind.TRADES)
    days = source.dates()
    order = PullOrder(
        kinds=("trades",),
        symbols=symbols,
        start=days[0],
        end=days[-1],
        feed="sip",
        today=date(2026, 1, 1),
    )
    served = routes(source, days[-1], lambda: end_of(days[-1]))
    with Loopback(served) as server, Vendor(KEY, SECRET, server.url) as vendor:
        pull(pulled, vendor, order)
    assert pulled.dates() == days
    candidates = 0
    for day in days:
        for symbol in symbols:
            ours, theirs = (each.trades(day, [symbol], 0, 1 << 62) for each in (pulled, source))
            assert len(ours) == len(theirs) > 0
            for name in ("ts_event", "ts_init", "price", "size"):
                assert np.array_equal(getattr(ours, name), getattr(theirs, name))
            codes = [batch.conditions for batch in (ours, theirs)]
            assert [codes[0][c] for c in ours.condition_id] == [
                codes[1][c] for c in theirs.condition_id
            ]
        found, expected = (scan(each, day, PARAMS) for each in (pulled, source))
        assert found.digest() == expected.digest()
        candidates += expected.candidates.num_rows
    assert candidates > 0
