"""A stretch scanned again from kept buckets says what the scan of the whole day said."""

from __future__ import annotations

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from app.strategies import hosted
from catalog import Catalog, StoredBuckets
from engine.domain.errors import ConfigError
from engine.domain.facts import ExitReason
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.session import NANOS_PER_SECOND, session
from engine.preview import Configuration, PaperTrade, Preview, preview
from engine.signals import scan
from engine.signals.rescan import rescan, warm_up_ns
from tests.accounting.stored_prints import stored_halt
from tests.runtime.conftest import SYNTHETIC_DAY, synthetic
from tests.runtime.runs import EAGER
from tests.signals import shown_strategies

__all__ = ["synthetic"]

HOURS = session(SYNTHETIC_DAY)
START, END = HOURS.at("12:00"), HOURS.at("12:30")
BEFORE = parameters_from({}, EAGER)
SAME = ("symbol", "ts_event", "ts_init", "last", "ac_z", "vwap", "session_volume", "sigma_bps")


@pytest.fixture(scope="module")
def buckets(synthetic: Catalog) -> StoredBuckets:
    store = StoredBuckets(synthetic, BEFORE)
    assert store.record(SYNTHETIC_DAY) > 5
    assert store.record(SYNTHETIC_DAY) == 0
    return store


def previewed(synthetic: Catalog, buckets: StoredBuckets, after: Parameters) -> Preview:
    sides = Configuration(BEFORE), Configuration(after)
    return preview(synthetic, buckets, SYNTHETIC_DAY, *sides, START, END, equity=Decimal(100_000))


def test_a_rescanned_stretch_equals_the_whole_day(
    synthetic: Catalog, buckets: StoredBuckets
) -> None:
    whole = scan(synthetic, SYNTHETIC_DAY, BEFORE)
    earliest = START - warm_up_ns(BEFORE)
    kept = {
        letter: buckets.between(SYNTHETIC_DAY, letter, earliest, END)
        for letter in synthetic.letters(SYNTHETIC_DAY)
    }
    part = rescan(synthetic, SYNTHETIC_DAY, BEFORE, kept, START, END)
    ts = whole.candidates["ts_event"].to_numpy()
    expected = whole.candidates.filter((ts >= START) & (ts <= END))
    assert len(part.breadth) == 361
    assert len(expected) > 20
    assert part.candidates.select(SAME).equals(expected.select(SAME))
    assert part.breadth["ts"][0].as_py() == START


def test_strategies_say_of_kept_buckets_what_they_say_of_the_prints(
    synthetic: Catalog, buckets: StoredBuckets
) -> None:
    asked = hosted(["reversion", "opening_range", f"{shown_strategies.__name__}:Breakout"])
    make_source = asked.make_source(synthetic)
    own = [make_source(HOURS, BEFORE, asked.names) for _ in range(2)]
    whole = scan(synthetic, SYNTHETIC_DAY, BEFORE, source=own[0])
    kept = {
        letter: buckets.between(SYNTHETIC_DAY, letter, HOURS.pre_market_ns, END)
        for letter in synthetic.letters(SYNTHETIC_DAY)
    }
    part = rescan(synthetic, SYNTHETIC_DAY, BEFORE, kept, START, END, source=own[1])
    assert whole.signals is not None
    assert part.signals is not None
    ts = whole.signals["ts_event"].to_numpy()
    expected = whole.signals.filter((ts >= START) & (ts <= END))
    assert min(Counter(expected["strategy_id"].to_pylist())[name] for name in asked.names) > 5
    # as texts: NaN is no other NaN
    rows = [list(map(repr, table.to_pylist())) for table in (part.signals, expected)]
    assert rows[0] == rows[1]
    windows = [
        [
            (each.symbol, each.strategy_id, each.window.ts.tolist(), each.window.last.tolist())
            for report in result.reports()
            if START <= report.ts_event <= END
            for each in report.candidates
            if each.strategy_id in asked.names
        ]
        for result in (whole, part)
    ]
    assert windows[0] == windows[1]
    assert len(windows[0]) == len(expected)


def test_a_stricter_gate_skips_trades_and_says_what_they_did(
    synthetic: Catalog, buckets: StoredBuckets
) -> None:
    found = previewed(synthetic, buckets, BEFORE.model_copy(update={"min_ac_z": 4.5}))
    assert len(found.before.trades) > 2
    assert found.skipped
    assert len(found.after.raised) < len(found.before.raised)
    for trade in found.before.trades:
        assert START <= trade.ts_event <= END < HOURS.close_ns
        assert trade.ts_event < trade.exit_ns
        assert trade.adverse_pct <= 0 <= trade.favourable_pct
        assert trade.adverse_pct - 0.5 < trade.result_pct < trade.favourable_pct + 0.5


def test_no_change_skips_and_adds_nothing(synthetic: Catalog, buckets: StoredBuckets) -> None:
    found = previewed(synthetic, buckets, BEFORE)
    assert found.before == found.after
    assert found.skipped == found.added == ()


def test_what_cuts_other_buckets_cannot_be_previewed(
    synthetic: Catalog, buckets: StoredBuckets
) -> None:
    with pytest.raises(ConfigError, match="bucket_seconds cuts other buckets"):
        previewed(synthetic, buckets, BEFORE.model_copy(update={"bucket_seconds": 10}))


def test_nobody_enters_or_leaves_in_a_halt_and_what_is_printed_in_it_is_no_move(
    synthetic: Catalog, buckets: StoredBuckets, tmp_path: Path
) -> None:
    trades = previewed(synthetic, buckets, BEFORE).before.trades
    moved = {ExitReason.STOP_LOSS, ExitReason.TAKE_PROFIT}
    trade = next(each for each in trades if each.exit_reason in moved)
    halted = Catalog(str(shutil.copytree(synthetic.root, tmp_path / "halted")))
    end = trade.exit_ns + 60 * NANOS_PER_SECOND

    def own(start: int) -> list[PaperTrade]:
        """Return the stock's trades when it is halted from an instant on."""
        stored_halt(halted, SYNTHETIC_DAY, trade.symbol, start, end)
        found = previewed(halted, StoredBuckets(halted, BEFORE), BEFORE).before.trades
        return [each for each in found if each.symbol == trade.symbol]

    (held,) = (
        each for each in own(trade.ts_event + NANOS_PER_SECOND) if each.entered == trade.entered
    )
    assert held.exit_ns > end
    assert not [each for each in own(trade.ts_event) if each.entered == trade.entered]
