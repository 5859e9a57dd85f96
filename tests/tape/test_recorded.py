"""A thin recorded day, with a late open and gaps of minutes, raises nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals import Scanner
from engine.tape import TapeLimits, TapeMonitor
from tests.signals.tapes import batch, recorded


def test_a_day_of_one_stock_and_three_hundred_prints_raises_nothing(shared: Path) -> None:
    day, frame = recorded(shared, "ticks/fints_ibm1990/1990-12-24.parquet")
    hours, params, prints = session(day), Parameters(), batch(frame)
    assert len(prints) > 200
    scanner, monitor = Scanner(params, hours, {}), TapeMonitor(hours.open_ns)
    start = closed = 0
    for now in range(hours.open_ns + params.bucket_ns, hours.close_ns, params.bucket_ns):
        end = int(np.searchsorted(prints.ts_init, now))
        arrived = [prints.rows(slice(start, end))] if end > start else []
        for rows in arrived:
            scanner.step(rows)
        scanner.advance(now)
        prices = scanner.closed_prices(closed)
        assert not monitor.close(prices, arrived, [], now, TapeLimits.of(params))
        start, closed = end, scanner.closed
    assert monitor.measure is not None
    assert monitor.measure.mean_gap_ns
