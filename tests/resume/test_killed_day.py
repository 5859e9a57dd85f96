"""A process that is killed at any moment of its orders' lives goes on as if it had not been.

``TRADECTL_KILLS`` sets how often each day's process is killed: a few times by default, 24 for the
whole proof of 54 kills. ``--log-cli-level=INFO`` shows in which states of their lives orders were.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from catalog import Catalog
from catalog.synth import synthesize
from engine.domain.facts import DayEnded, OrderFilled
from engine.domain.session import NANOS_PER_SECOND
from tests.cli.conftest import DAY
from tests.resume.killed_day import BEGINS_NS, ENDS_NS, RUN, KilledDay
from tests.resume.nursery import Nursery
from tests.resume.oracle import lasting, loss_reached, sent_twice
from tests.resume.venue import CASH, simulated

_log = logging.getLogger(__name__)

_KILLS = int(os.environ.get("TRADECTL_KILLS", "8"))
_UNTIL_CAP, _UNTIL_LOSS = 1, 2
"""Seeds of the days on which the cap on trades, or on losses, is to be reached."""
_BOUND_NS = 6 * NANOS_PER_SECOND
"""One bucket and one second: how long shares may be unprotected while a process lives."""

_WAY_NS = 10 * NANOS_PER_SECOND
"""What the way to the venue and back may add on a busy machine, where time does not wait for it."""

_LOOSE = (
    "bucket_seconds=5", "min_ac_z=0.5", "vol_surge_multiplier=1", "vol_floor=10",
    "min_cumulative_ao_volume=0", "min_cumulative_notional=0", "max_carried_ratio=1",
    "max_volume_share_percent=off", "max_price=1000", "use_market_gravity=false",
    "use_spread_liquidity=false", "use_vwap_alignment=false", "ao_accel_lookback=1",
    "ao_accel_rate=0", "flatline_ratio=0", "sigma_window=24", "vol_window=12",
    "ao_history_buckets=12", "fast_period=3", "slow_period=10", "smooth_period=3",
    "min_5s_flatline_ao_buckets=12", "take_profit_percent=0.3", "stop_loss_percent=0.2",
    "trailing_stop_percent=0.2", "max_hold_seconds=45", "symbol_cooldown_seconds=5",
    "concurrent_trading=true", "max_concurrent=6", "max_open_notional=60000",
    "position_notional=8000", "no_entry_after=15:45", "daily_profit_target_percent=off",
)  # fmt: skip
"""Gates through which almost any move goes, and trades that end soon."""


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the catalog of a small synthetic day in which something happens all the time."""
    root = tmp_path_factory.mktemp("tape")
    synthesize(Catalog(str(root)), DAY, symbols=16, trades=120_000, seed=5, quotes=True)
    return root


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.mark.parametrize(
    ("seed", "pace", "limits"),
    [
        (1, None, {"max_trades_per_day": str(5 * _KILLS // 2), "daily_loss_limit_percent": "50"}),
        (2, None, {"max_trades_per_day": "5000", "daily_loss_limit_percent": "0.15"}),
        (3, 5, {"max_trades_per_day": str(_KILLS), "daily_loss_limit_percent": "50"}),
    ],
    ids=["trades", "loss", "paced"],
)
def test_a_day_of_kills_leaves_orders_protection_ledger_and_limits_intact(
    tape: Path,
    nursery: Nursery,
    tmp_path: Path,
    seed: int,
    pace: int | None,
    limits: dict[str, str],
) -> None:
    settings = [*_LOOSE, *(f"{name}={value}" for name, value in limits.items())]
    words = ["--start", "10:00", "--fills", "paper", "--seed", str(seed)]
    words += ["--speed", str(pace), "--requests", str(200 * pace)] if pace else ["--stepped"]
    with simulated(tape, DAY, *words) as venue:
        day = KilledDay(
            venue,
            nursery,
            tmp_path,
            Random(seed),
            [f"--set={each}" for each in settings],
            is_paced=pace is not None,
        )
        kills = max(1, _KILLS // 4) if pace else _KILLS
        day.play(kills, begins_ns=BEGINS_NS, ends_ns=ENDS_NS)
        orders, fills, found = venue.orders(), venue.fills(), day.trades()
        account, positions, now = venue.account(), venue.positions(), venue.now
    _log.info("%d kills: %s", day.kills, dict(day.states.most_common()))
    _log.info("%d trades, %d fills, starts took %s s", len(found), len(fills), day.start_secs)

    entered = [trade for trade in found if trade.fills]
    assert entered
    if pace is None:
        assert len(entered) >= min(day.kills, 10)
        least = 2 if seed == _UNTIL_LOSS else 4  # a day that ends early has little left to kill
        assert len(day.states.keys() - {"nothing open"}) >= least

    assert sent_twice(orders) == {}
    assert len({order["client_order_id"] for order in orders}) == len(orders)

    bound_ns = _BOUND_NS + _WAY_NS * (pace or 0)
    naked = {
        trade.name: [f"{ns / NANOS_PER_SECOND:.1f} s" for ns in lasted]
        for trade in found
        if (lasted := [ns for ns in lasting(trade.unprotected(now), day.down) if ns > bound_ns])
    }
    assert naked == {}
    assert positions == []
    assert all(trade.held == 0 for trade in found)

    journal = day.journals.open(RUN)
    assert journal.verify().clean
    facts = [fact.payload for fact in journal.facts()]
    told = [payload for payload in facts if isinstance(payload, OrderFilled)]
    assert len({fill.venue_trade_id for fill in told}) == len(told)
    ours = Counter[str]()
    for fill in told:
        ours[fill.trade_id] += fill.last_qty if fill.order_side == "BUY" else -fill.last_qty
    assert dict(ours) == dict.fromkeys((trade.name for trade in entered), 0)
    ledger = Decimal(CASH) - sum(
        (fill.last_qty if fill.order_side == "BUY" else -fill.last_qty) * fill.last_px
        for fill in told
    )
    assert round(ledger, 2) == round(Decimal(account["cash"]), 2)
    ends = [payload.equity for payload in facts if isinstance(payload, DayEnded)]
    assert [round(equity, 2) for equity in ends] == (
        [] if pace else [round(Decimal(account["equity"]), 2)]
    )

    assert len(entered) <= int(limits["max_trades_per_day"])
    lost_at = loss_reached(found, Decimal(CASH) * Decimal(limits["daily_loss_limit_percent"]) / 100)
    if seed == _UNTIL_CAP:
        assert len(entered) == int(limits["max_trades_per_day"])
    if seed == _UNTIL_LOSS:
        assert lost_at is not None
        late = [trade.name for trade in found if trade.begins > lost_at]
        assert late == []
