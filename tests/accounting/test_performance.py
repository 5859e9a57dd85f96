"""The figures of a run, worked out by hand; what is undefined is None and never NaN."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given

from engine.accounting import Books, EquityPoint, keep_books, performance
from engine.domain.facts import AnyPayload, DayEnded, OrderRole
from tests.accounting.streams import (
    BALANCE,
    facts,
    fill,
    payload_streams,
    plan,
    run_started,
    whole_run,
)

HALF_SESSION_SECS = 11_700


def _round_trip(number: int, profit: int) -> list[AnyPayload]:
    bracket = plan(f"T{number}", "AAA", 1, 100, Decimal(50))
    leave = Decimal(50) + Decimal(profit) / 100
    return [
        bracket,
        fill(bracket, OrderRole.ENTRY, 100, Decimal(50), Decimal(0)),
        fill(bracket, OrderRole.EXIT, 100, leave, Decimal(0)),
    ]


def _days(*equities: int) -> Books:
    opening = msgspec.structs.replace(run_started(), starting_balance=Decimal(100))
    days = [DayEnded(f"2018-01-0{n}", Decimal(equity)) for n, equity in enumerate(equities, 2)]
    return keep_books(facts([opening, *days]))


def test_figures_of_three_trades_worked_out_by_hand() -> None:
    trades = [*_round_trip(1, 300), *_round_trip(2, -100), *_round_trip(3, -50)]
    figures = performance(keep_books(facts(whole_run(trades))))
    assert (figures.trades, figures.open_trades, figures.net_pnl) == (3, 0, Decimal(150))
    assert figures.win_rate == pytest.approx(1 / 3)
    assert (figures.expectancy, figures.profit_factor) == (Decimal(50), 2.0)
    assert (figures.avg_win, figures.avg_loss) == (Decimal(300), Decimal(-75))
    assert figures.return_pct == pytest.approx(0.15)
    assert figures.max_drawdown == Decimal(150)
    assert figures.max_drawdown_pct == pytest.approx(15_000 / 100_300)
    assert figures.exposure == pytest.approx(3 / (2 * HALF_SESSION_SECS))
    assert figures.trade_sharpe == pytest.approx(50 / math.sqrt(47_500))
    assert figures.avg_hold_secs == 1.0


def test_a_trade_that_ends_at_nothing_neither_won_nor_lost() -> None:
    trades = [*_round_trip(1, 300), *_round_trip(2, 0), *_round_trip(3, -50)]
    figures = performance(keep_books(facts(whole_run(trades))))
    assert (figures.avg_win, figures.avg_loss) == (Decimal(300), Decimal(-50))
    assert figures.win_rate == pytest.approx(1 / 3)


def test_drawdown_counts_from_the_starting_balance_and_follows_a_finer_curve() -> None:
    books = keep_books(facts(whole_run(_round_trip(1, 100))))
    dip = [EquityPoint(1, BALANCE, BALANCE - 500, 0.0)]
    assert performance(books).max_drawdown == 0
    assert performance(books, equity=dip).max_drawdown == Decimal(500)


def test_sharpe_and_sortino_of_daily_returns() -> None:
    assert performance(_days(110, 99)).sharpe == pytest.approx(0.0)
    figures = performance(_days(102, 101))
    returns = [0.02, 101 / 102 - 1]
    mean = sum(returns) / 2
    spread = math.sqrt(sum((r - mean) ** 2 for r in returns))
    assert figures.sharpe == pytest.approx(math.sqrt(252) * mean / spread)
    assert figures.sortino == pytest.approx(math.sqrt(252) * mean / (-returns[1] / math.sqrt(2)))


def test_overlapping_trades_are_exposed_once() -> None:
    first, second = _round_trip(1, 10), _round_trip(2, 10)
    mixed = [first[0], second[0], first[1], second[1], first[2], second[2]]
    figures = performance(keep_books(facts(whole_run(mixed))))
    assert figures.exposure == pytest.approx(3 / (2 * HALF_SESSION_SECS))


def test_a_run_without_trades_has_no_ratios() -> None:
    figures = performance(keep_books(facts(whole_run([])))).figures()
    undefined = {"win_rate", "expectancy", "profit_factor", "sharpe", "sortino", "avg_hold_secs"}
    assert {name for name in undefined if figures[name] is None} == undefined
    assert (figures["trades"], figures["exposure"]) == (0, 0.0)


@given(payload_streams)
def test_figures_of_any_run_are_json_without_nan(payloads: list[AnyPayload]) -> None:
    json.dumps(performance(keep_books(facts(payloads))).figures(), allow_nan=False)
