"""Parameters that change while the scanner runs: from that bucket on as if they always had been."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.errors import ConfigError
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.domain.session import session
from engine.signals import Scanner
from engine.signals.columns import ColumnScanner
from engine.signals.state import ROW, Records
from tests.signals.tapes import DAY, EAGER, RECORDED, batch, random_tapes, recorded

LIVED = {"phase", "fade_reason", "side"}
"""What depends on candidates raised before a change."""

OTHERS = [
    EAGER.model_copy(update={"fast_period": 3, "slow_period": 12, "smooth_period": 4}),
    EAGER.model_copy(update={"sigma_window": 400, "vol_window": 200, "ao_history_buckets": 90}),
    EAGER.model_copy(update={"flatline_ratio": 0.4, "ao_accel_lookback": 6}),
]
"""Parameters that need other windows, or streaks counted in another way."""


def from_bucket(bucket: int, params: Parameters, day_open_ns: int) -> Stretch:
    return Stretch(day_open_ns + (bucket + 1) * params.bucket_ns, 2, params)


def judged(
    prints: TradeBatch, params: Parameters, change: Stretch | None = None, pieces: int = 1
) -> Records:
    """Return every bucket of every symbol held against every gate, by bucket and symbol."""
    scanner = ColumnScanner(params, session(DAY), {}, every_bucket=True, keep_buckets=True)
    if change is not None:
        scanner.change(change)
    for piece in np.array_split(np.arange(len(prints)), pieces):
        scanner.step(prints.rows(piece))
    scanner.finish()
    rows = np.concatenate([output.rows for output in scanner.take_output()])
    return rows[np.lexsort((rows["symbol_id"], rows["bucket"]))]


def comparable(rows: Records, first: int) -> bytes:
    rows = rows[rows["bucket"] >= first]
    return b"".join(rows[name].tobytes() for name in ROW.names or () if name not in LIVED)


@settings(max_examples=30, deadline=None)
@given(
    tape=random_tapes(),
    after=st.sampled_from(OTHERS),
    bucket=st.integers(1, 300),
    pieces=st.integers(1, 6),
)
def test_changed_windows_equal_those_of_a_scanner_that_always_had_them(
    tape: pd.DataFrame, after: Parameters, bucket: int, pieces: int
) -> None:
    prints = batch(tape)
    change = from_bucket(bucket, after, session(DAY).open_ns)
    through, always = judged(prints, EAGER, change, pieces), judged(prints, after)
    assert comparable(through, bucket) == comparable(always, bucket)
    until = judged(prints, EAGER)
    assert comparable(_before(through, bucket), 0) == comparable(_before(until, bucket), 0)


def _before(rows: Records, bucket: int) -> Records:
    return rows[rows["bucket"] < bucket]


@settings(max_examples=20, deadline=None)
@given(tape=random_tapes(), bucket=st.integers(1, 300), pieces=st.integers(1, 6))
def test_changed_thresholds_hold_from_their_bucket_on(
    tape: pd.DataFrame, bucket: int, pieces: int
) -> None:
    strict = EAGER.model_copy(update={"min_ac_z": 3.0, "vol_floor": 400, "direction": "both"})
    prints = batch(tape)
    change = from_bucket(bucket, strict, session(DAY).open_ns)
    through, always = judged(prints, EAGER, change, pieces), judged(prints, strict)
    assert comparable(through, bucket) == comparable(always, bucket)


def test_a_recorded_day_with_changes_is_the_same_in_any_cutting(shared: Path) -> None:
    day, frame = recorded(shared, RECORDED[0])
    prints, hours = batch(frame), session(day)
    grace = EAGER.model_copy(update={"late_trade_grace_ms": 900})
    changes = [
        from_bucket(700, grace, hours.open_ns),
        from_bucket(1_500, OTHERS[0], hours.open_ns),
        from_bucket(1_500, OTHERS[1], hours.open_ns),
    ]
    found: list[tuple[str, int]] = []
    for pieces in (1, 500):
        scanner = Scanner(EAGER, hours, {}, keep_buckets=True)
        for change in changes:
            scanner.change(change)
        for piece in np.array_split(np.arange(len(prints)), pieces):
            scanner.step(prints.rows(piece))
        scanner.advance(hours.close_ns + grace.grace_ns)
        reports = scanner.reports()
        assert [len(reports), reports[699].ts_init - reports[699].ts_event] == [4_680, 250_000_000]
        assert reports[700].ts_init - reports[700].ts_event == 900_000_000
        found.append((scanner.digest(), sum(len(each.candidates) for each in reports)))
    assert found[0] == found[1]
    assert found[0][1] > 0


def test_what_cannot_change_now_is_refused() -> None:
    scanner, opens = ColumnScanner(EAGER, session(DAY), {}), session(DAY).open_ns
    wider = EAGER.model_copy(update={"bucket_seconds": 10})
    with pytest.raises(ConfigError, match="version 2 needs a restart"):
        scanner.change(from_bucket(50, wider, opens))
    with pytest.raises(ConfigError, match="no bucket is kept"):
        scanner.change(from_bucket(50, OTHERS[0], opens))
    scanner.advance(opens + 60 * EAGER.bucket_ns)
    with pytest.raises(ConfigError, match="comes too late"):
        scanner.change(from_bucket(50, EAGER, opens))
