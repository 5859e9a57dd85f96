"""Under a backtest's assumptions the look-alike fills as the backtest does, to the instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from catalog import Catalog
from simulator.exchange import backtest_fills
from tests.runtime.conftest import SYNTHETIC_DAY, recorded, synthetic
from tests.simulator.exchange.backtest import Copy, backtest, fills_of, market_rows

__all__ = ["recorded", "synthetic"]

CROWD = ("concurrent_trading=true", "max_concurrent=5", "max_open_notional=100000")


def assert_same_fills(
    market: Catalog, day: date, fills: str, *settings: str, at_least: int
) -> None:
    ran, sent = backtest(market, day, fills, *settings)
    symbols = sorted({each.body["symbol"] for each in sent if each.word == "submit"})
    copy = Copy(backtest_fills(fills), symbols)
    copied = copy.play(market_rows(market, day, symbols), sent)
    expected = fills_of(ran.facts)

    assert len(expected) >= at_least
    assert not copy.refused
    assert copied == expected


@pytest.mark.parametrize(
    ("fills", "settings"),
    [
        ("base", ("direction=both", *CROWD)),
        (
            "pessimistic",
            ("direction=both", "trailing_stop_percent=0.3", "entry_type=limit", *CROWD),
        ),
        ("optimistic", ("late_trade_grace_ms=0",)),
    ],
)
def test_a_synthetic_day_with_a_halt(
    synthetic: Catalog,
    fills: str,
    settings: tuple[str, ...],
) -> None:
    assert_same_fills(synthetic, SYNTHETIC_DAY, fills, *settings, at_least=40)


@pytest.mark.parametrize(
    ("series", "day", "fills"),
    [
        ("highfrequency_multi", date(2014, 9, 17), "pessimistic"),
        ("highfrequency_xxx", date(2018, 1, 2), "base"),
        ("fints_ibm1990", date(1990, 12, 27), "base"),
    ],
)
def test_a_recorded_day(
    recorded: Callable[[str], Catalog],
    series: str,
    day: date,
    fills: str,
) -> None:
    assert_same_fills(recorded(series), day, fills, at_least=2)
