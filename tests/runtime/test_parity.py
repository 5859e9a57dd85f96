"""The pruned engine is the full engine without the work: same decisions, same fills, same facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from catalog import Catalog
from engine.domain.facts import ExitReason
from engine.runtime import Engine
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import EAGER, Ran, run, story

CROWD = ("concurrent_trading=true", "max_concurrent=5", "max_open_notional=100000")

WAYS_OUT = {
    ExitReason.TAKE_PROFIT,
    ExitReason.STOP_LOSS,
    ExitReason.TIME_STOP,
    ExitReason.FLAT_BY_CLOSE,
}


def assert_same(pruned: Ran, full: Ran) -> None:
    assert pruned.outcome.decision_digest == full.outcome.decision_digest
    assert pruned.outcome.fill_digest == full.outcome.fill_digest
    assert story(pruned.facts) == story(full.facts)
    for one, other in zip(pruned.outcome.days, full.outcome.days, strict=True):
        assert one.verdicts == other.verdicts
        assert one.equity == other.equity
        assert one.trades == other.trades
        assert one.candidates == other.candidates
        assert one.ticks < other.ticks


@pytest.mark.parametrize(
    ("fills", "settings"),
    [
        ("base", ("direction=both", *CROWD)),
        (
            "pessimistic",
            ("direction=both", "trailing_stop_percent=0.3", "entry_type=limit", *CROWD),
        ),
        ("optimistic", ("warm_premarket=true", "late_trade_grace_ms=0")),
    ],
)
def test_synthetic_day(synthetic: Catalog, fills: str, settings: tuple[str, ...]) -> None:
    options = {"settings": (*EAGER, *settings), "fills": fills}
    pruned = run(synthetic, [SYNTHETIC_DAY], **options)
    full = run(synthetic, [SYNTHETIC_DAY], Engine.FULL, **options)

    assert len(pruned.outcome.trades) >= 20
    assert {trade.exit_reason for trade in pruned.outcome.trades} >= WAYS_OUT
    assert_same(pruned, full)


@pytest.mark.parametrize(
    ("series", "day", "fills"),
    [
        ("highfrequency_multi", date(2014, 9, 17), "pessimistic"),
        ("highfrequency_xxx", date(2018, 1, 2), "base"),
        ("fints_ibm1990", date(1990, 12, 27), "base"),
    ],
)
def test_recorded_day(
    recorded: Callable[[str], Catalog], series: str, day: date, fills: str
) -> None:
    market = recorded(series)
    pruned = run(market, [day], fills=fills)
    full = run(market, [day], Engine.FULL, fills=fills)

    assert pruned.outcome.trades
    assert_same(pruned, full)
