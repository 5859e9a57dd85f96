"""When a trade is closed from above, and how its stop trails."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import exit_deadline_ns, exit_due, trailing_stop
from engine.domain.candidate import Side
from engine.domain.facts import ExitReason
from engine.domain.markets.tick_grid import RULE_612
from engine.domain.parameters import Parameters
from engine.domain.session import Session
from tests.decision.scene import (
    HALF_DAY,
    SESSION,
    closed,
    governor,
    open_trade,
    parameters,
    planned,
    prices,
    sides,
)

# fmt: off
DUE = [
    # session   entered     now         day's result  hold   expected
    (SESSION,   "12:00",    "12:29:59", 0,            1_800, None),
    (SESSION,   "12:00",    "12:30",    0,            1_800, ExitReason.TIME_STOP),
    (SESSION,   "12:00",    "15:54:59", 0,            None,  None),
    (SESSION,   "15:50",    "15:55",    0,            1_800, ExitReason.FLAT_BY_CLOSE),
    (SESSION,   "12:00",    "12:01",    -1_000,       1_800, ExitReason.DAY_LIMIT),
    (SESSION,   "12:00",    "12:01",    3_000,        1_800, ExitReason.DAY_LIMIT),
    (SESSION,   None,       "12:30",    0,            1_800, None),
    (SESSION,   None,       "15:55",    0,            1_800, ExitReason.FLAT_BY_CLOSE),
    (HALF_DAY,  "12:50",    "12:54:59", 0,            1_800, None),
    (HALF_DAY,  "12:50",    "12:55",    0,            1_800, ExitReason.FLAT_BY_CLOSE),
]
# fmt: on


@pytest.mark.parametrize(("day", "entered", "now", "pnl", "hold", "expected"), DUE)
def test_exit_is_due(
    day: Session,
    entered: str | None,
    now: str,
    pnl: int,
    hold: int | None,
    expected: ExitReason | None,
) -> None:
    trade = open_trade(entered_ns=None if entered is None else day.at(entered), max_hold_secs=hold)
    state = governor(planned("other"), closed("other", pnl))
    assert exit_due(trade, state, day.at(now), Parameters(), day) is expected


@given(entered=st.integers(SESSION.open_ns, SESSION.close_ns), hold=st.integers(30, 23_400))
def test_the_clock_alone_closes_a_trade_at_its_deadline(entered: int, hold: int) -> None:
    params, trade = Parameters(), open_trade(entered_ns=entered, max_hold_secs=hold)
    deadline = exit_deadline_ns(trade, params, SESSION)
    assert exit_due(trade, governor(), deadline, params, SESSION) is not None
    assert exit_due(trade, governor(), deadline - 1, params, SESSION) is None


@pytest.mark.parametrize(
    ("side", "best", "stop", "expected"),
    [
        (Side.LONG, "104.00", "98.50", "102.96"),
        (Side.LONG, "104.004", "98.50", "102.96"),
        (Side.LONG, "99.00", "98.50", "98.50"),
        (Side.SHORT, "96.00", "101.50", "96.96"),
        (Side.SHORT, "101.00", "101.50", "101.50"),
    ],
)
def test_stop_trails_the_best_price(side: Side, best: str, stop: str, expected: str) -> None:
    found = trailing_stop(side, int(Decimal(best) * 1_000_000), Decimal(stop), Decimal(1), RULE_612)
    assert found == Decimal(expected)


@given(
    side=sides,
    best=st.lists(prices, min_size=1, max_size=20),
    percent=st.decimals("0.1", 20, places=2),
)
def test_a_trailing_stop_never_loosens(side: Side, best: list[int], percent: Decimal) -> None:
    stop = Decimal("0.01") if side is Side.LONG else Decimal(10_000)
    for price in best:
        moved = trailing_stop(side, price, stop, percent, RULE_612)
        assert side * moved >= side * stop
        assert moved % RULE_612.tick(moved) == 0
        assert moved == stop or side * moved < side * Decimal(price).scaleb(-6)
        stop = moved


def test_a_trade_keeps_the_time_stop_it_was_planned_with() -> None:
    plan = msgspec.structs.replace(planned("one"), max_hold_secs=600)
    (trade,) = governor(plan).open_trades
    trade = msgspec.structs.replace(trade, entered_ns=SESSION.at("12:00"))
    changed = parameters(max_hold_seconds=60)
    assert exit_deadline_ns(trade, changed, SESSION) == SESSION.at("12:10")
