"""Commands run as a user runs them, in a process of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog import Catalog
from catalog.synth import synthesize
from tests.forked_processes import Answer, ForkedProcesses

DAY = date(2026, 9, 18)

EAGER = (
    "min_cumulative_ao_volume=500",
    "min_cumulative_notional=1000",
    "vol_floor=100",
    "vol_surge_multiplier=1",
    "min_ac_z=1.5",
    "ao_accel_rate=0.1",
    "use_market_gravity=false",
    "use_spread_liquidity=false",
    "use_vwap_alignment=false",
    "take_profit_percent=0.3",
    "stop_loss_percent=0.2",
    "max_hold_seconds=600",
    "max_trades_per_day=20",
    "daily_loss_limit_percent=5",
    "symbol_cooldown_seconds=60",
    "max_lag_seconds=60",
    "stale_feed_seconds=300",
)
"""Settings under which a few quiet symbols still trade, at whatever pace a slow machine rehearses.

What a frame takes through a busy machine is many seconds of a market that runs 40 times as fast.
"""


type Tradectl = Callable[..., Answer]


@pytest.fixture(scope="session")
def tradectl(nursery: ForkedProcesses, tmp_path_factory: pytest.TempPathFactory) -> Tradectl:
    place = tmp_path_factory.mktemp("place")

    def run(*arguments: str | Path) -> Answer:
        return nursery.answer(arguments, {}, place)

    return run


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the catalog of one small synthetic day with quotes."""
    root = tmp_path_factory.mktemp("catalog")
    synthesize(Catalog(str(root)), DAY, symbols=60, trades=200_000, seed=11, quotes=True)
    return root


@pytest.fixture(scope="session")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the catalog of a smaller one."""
    root = tmp_path_factory.mktemp("catalog")
    synthesize(Catalog(str(root)), DAY, symbols=40, trades=80_000, seed=11, quotes=True)
    return root


@pytest.fixture(scope="session")
def backtested(
    tradectl: Tradectl, market: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """Return a folder with one eager backtest of ``market``, to be copied, and what it said."""
    folder = tmp_path_factory.mktemp("backtested") / "runs"
    where = ("--catalog", market, "--runs", folder)
    done = tradectl("backtest", *where, "--ladder", *eager(), "--json")
    assert done.code == 0, done.err
    assert done.json["trades"] > 3
    return folder, done.json


def eager() -> list[str]:
    """Return ``EAGER`` as arguments."""
    return [word for setting in EAGER for word in ("--set", setting)]
