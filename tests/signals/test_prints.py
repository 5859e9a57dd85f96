"""Which prints count: conditions, late prints, corrections, cancels, the session's edges."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.domain.fixed_point import Shares, exact_shares
from engine.domain.market_data.conditions import Updates, is_known, updates
from engine.domain.session import session
from engine.signals.columns import ColumnScanner, data_quality
from tests.signals.oracle import buckets
from tests.signals.tapes import DAY, EAGER, batch, symbol_state

OPEN = session(DAY).open_ns
SECOND = 1_000_000_000


def scanned(rows: Sequence[tuple[float, float, float, int, str]]) -> ColumnScanner:
    """Scan prints of AAA given as (event second, arrival second, price, size, conditions)."""
    frame = pd.DataFrame(rows, columns=["event", "arrival", "price", "size", "conditions"])
    frame["symbol"] = "AAA"
    frame["ts_event"] = OPEN + (frame.event * SECOND).astype("int64")
    frame["ts_init"] = OPEN + (frame.arrival * SECOND).astype("int64")
    scanner = ColumnScanner(EAGER, session(DAY), {})
    scanner.step(batch(frame))
    scanner.finish()
    return scanner


def totals(scanner: ColumnScanner) -> tuple[Shares, Shares, float]:
    """Return session volume, VWAP volume, and the last median in USD, after the day."""
    symbol = symbol_state(scanner, "AAA")
    volume, priced = (exact_shares(symbol[name]) for name in ("session_volume", "vwap_volume"))
    medians = scanner.tape_part().state.ring_median
    return volume, priced, int(medians[(scanner.closed - 1) % len(medians), 0]) / 2e6


def test_condition_rules_equal_the_published_table(shared: Path) -> None:
    table = shared / "fixtures" / "alpaca" / "tables" / "bar_condition_rules.csv"
    checked = 0
    with table.open() as file:
        for row in csv.DictReader(file):
            if "M" not in row["bar_types"]:
                continue
            expected = Updates.NOTHING
            expected |= Updates.HIGH_LOW if row["high_low"] == "G" else Updates.NOTHING
            expected |= Updates.LAST if row["open_close"] == "G" else Updates.NOTHING
            expected |= Updates.VOLUME if row["volume"] == "G" else Updates.NOTHING
            for tape in row["tapes"]:
                assert updates(row["condition"], tape) == expected, row
                checked += 1
            assert is_known(row["condition"])
    assert checked > 60


def test_the_strictest_code_wins_and_an_unknown_code_counts_in_volume_only() -> None:
    assert updates("FI") == Updates.VOLUME
    assert updates("FM") == Updates.NOTHING
    assert updates("?") == Updates.VOLUME
    assert not is_known("?")
    assert updates("B", "C") == Updates.VOLUME | Updates.HIGH_LOW | Updates.LAST
    assert updates("B") == updates("B", "A") == Updates.VOLUME
    assert updates("!F") == updates("F") | Updates.REVERSAL


def test_a_late_print_counts_in_volume_and_vwap_but_changes_no_closed_bucket() -> None:
    on_time = [(1, 1, 10.0, 100, ""), (6, 6, 11.0, 100, "")]
    late = (2, 5.25, 99.0, 50, "")
    scanner = scanned([on_time[0], late, on_time[1]])
    assert data_quality(scanner.state)["late_trades"] == 1
    assert totals(scanner) == (250, 250, 11.0)
    within_grace = (2, 5.249, 99.0, 50, "")
    scanner = scanned([on_time[0], within_grace, (6, 6, 11.0, 100, "M")])
    assert data_quality(scanner.state)["late_trades"] == 0
    assert totals(scanner)[2] == pytest.approx((99 + 10) / 2)


def test_a_cancel_in_an_open_bucket_leaves_no_trace() -> None:
    kept = [(1, 1, 10.0, 100, ""), (2, 2, 10.2, 100, "")]
    wrong = (1.5, 1.5, 55.0, 900, "F")
    cancel = (1.5, 3, 55.0, 900, "!F")
    scanner = scanned([kept[0], wrong, kept[1], cancel])
    assert data_quality(scanner.state)["reversals_applied"] == 1
    assert totals(scanner) == totals(scanned(kept)) == (200, 200, 10.1)


def test_a_correction_replaces_the_print_while_its_bucket_is_open() -> None:
    scanner = scanned(
        [
            (1, 1, 10.0, 100, ""),
            (1, 2, 10.0, 100, "!"),
            (1, 2, 12.0, 300, ""),
        ]
    )
    assert totals(scanner) == (300, 300, 12.0)


def test_a_cancel_after_the_bucket_closed_is_only_counted() -> None:
    scanner = scanned([(1, 1, 10.0, 100, ""), (1, 6, 10.0, 100, "!")])
    assert data_quality(scanner.state)["reversals_late"] == 1
    assert totals(scanner) == (100, 100, 10.0)


def test_a_cancel_that_names_no_print_is_counted_and_changes_nothing() -> None:
    scanner = scanned([(1, 1, 10.0, 100, ""), (1, 2, 10.0, 101, "!")])
    assert data_quality(scanner.state)["reversals_unmatched"] == 1
    assert totals(scanner) == (100, 100, 10.0)


def test_only_the_session_counts_and_its_edges_belong_to_the_open() -> None:
    length = (session(DAY).close_ns - OPEN) // SECOND
    scanner = scanned(
        [
            (-0.001, -0.001, 1.0, 7, ""),
            (0, 0, 10.0, 100, ""),
            (length - 0.001, length - 0.001, 12.0, 100, ""),
            (length, length, 99.0, 7, ""),
        ]
    )
    assert data_quality(scanner.state)["outside_session"] == 2
    assert totals(scanner) == (200, 200, 12.0)


def test_the_pre_market_warms_the_windows_but_not_volume_or_vwap() -> None:
    warm = EAGER.model_copy(update={"warm_premarket": True})
    frame = pd.DataFrame(
        {
            "symbol": "AAA",
            "ts_event": OPEN + np.arange(-60, 3) * 5 * SECOND,
            "price": 10.0,
            "size": 100,
            "conditions": "T",
        }
    )
    cold, hot = ColumnScanner(EAGER, session(DAY), {}), ColumnScanner(warm, session(DAY), {})
    for scanner in (cold, hot):
        scanner.step(batch(frame))
        scanner.finish()
        assert totals(scanner)[0] == 300
    assert cold.state.breadth[:3, 0].sum() == 0
    first = hot.settings.open_bucket
    assert list(hot.state.breadth[first : first + 3, 0]) == [1, 1, 1]


def test_volume_in_equals_volume_out(shared: Path) -> None:
    frame = pd.read_parquet(shared / "data" / "ticks/highfrequency_xxx/2018-01-02.parquet")
    frame = frame[frame.price > 0]
    hours = session(pd.Timestamp("2018-01-02").date())
    scanner = ColumnScanner(EAGER, hours, {})
    scanner.step(batch(frame))
    scanner.finish()
    ours = exact_shares(symbol_state(scanner, "XXX")["session_volume"])
    assert ours == buckets(frame, hours.open_ns, hours.close_ns).volume.sum() > 1_000_000
