"""Cash moves only by fills and commissions, and trades say the same as fills, to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from engine.accounting import FillBook, Ledger, keep_books
from engine.domain.account import ACCELERATION
from engine.domain.candidate import Side
from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, ExitReason, OrderFilled, OrderRole, TradeClosed
from tests.accounting.streams import (
    ALPACA,
    BALANCE,
    OPEN_NS,
    facts,
    fill,
    payload_streams,
    plan,
    run_started,
    whole_run,
)


@given(payload_streams)
def test_cash_moves_only_by_fills_and_commissions(payloads: list[AnyPayload]) -> None:
    fills, ledger = FillBook(), Ledger()
    for fact in facts(payloads):
        before = ledger.cash
        ledger.post(fact, fills.post(fact))
        match fact.payload:
            case OrderFilled(order_side=side, last_qty=quantity, last_px=price, commission=fee):
                paid = quantity * price if side == "BUY" else -quantity * price
                assert ledger.cash == before - paid - fee
            case payload if payload == run_started():
                assert ledger.cash == BALANCE
            case _:
                assert ledger.cash == before


@pytest.mark.parametrize("side", [Side.LONG, Side.SHORT])
def test_a_trade_filled_in_pieces_has_exact_profit_and_rounded_average_prices(side: Side) -> None:
    bracket = plan("T1", "AAA", side, 3, Decimal("10.00"))
    away, fee = side * Decimal("0.01"), Decimal("0.35")
    stream = facts(
        whole_run(
            [
                bracket,
                fill(bracket, OrderRole.ENTRY, 1, Decimal("10.00"), fee),
                fill(bracket, OrderRole.ENTRY, 2, 10 + away, fee, 2),
                fill(bracket, OrderRole.TAKE_PROFIT, 3, 10 + 30 * away, fee),
                TradeClosed(
                    "T1",
                    ACCELERATION,
                    "AAA",
                    *ALPACA,
                    side,
                    Decimal(3),
                    Decimal(0),
                    Decimal(0),
                    Decimal(0),
                    Decimal(0),
                    ExitReason.TAKE_PROFIT,
                ),
            ]
        )
    )
    (trade,) = keep_books(stream).trades
    assert trade.side is side
    assert trade.realized_pnl == Decimal("0.88") - 3 * fee
    assert trade.avg_px_open == 10 + side * Decimal("0.006667")
    assert trade.slippage_bps == pytest.approx(6.667)
    assert (trade.entry_ts, trade.exit_ts) == (OPEN_NS + 3 * 10**9, OPEN_NS + 5 * 10**9)
    assert trade.hold_secs == 2.0
    assert trade.exit_reason is ExitReason.TAKE_PROFIT


def test_an_open_trade_has_no_profit_yet_and_is_marked_at_its_last_fill() -> None:
    bracket = plan("T1", "AAA", 1, 10, Decimal(20))
    entry = fill(bracket, OrderRole.ENTRY, 10, Decimal(20), Decimal(1))
    sold = fill(bracket, OrderRole.EXIT, 4, Decimal(21), Decimal(1))
    books = keep_books(facts([run_started(), bracket, entry, sold]))
    (trade,) = books.trades
    assert (trade.open_quantity, trade.exit_ts, trade.realized_pnl) == (6, None, None)
    assert books.equity[-1].equity == BALANCE + 10 - 2
    assert books.equity[-1].exposure == pytest.approx(126 / 100_008)


def test_a_plan_that_was_never_filled_is_no_trade() -> None:
    bracket = plan("T1", "AAA", 1, 10, Decimal(20))
    assert keep_books(facts(whole_run([bracket]))).trades == ()


def test_a_fill_on_neither_side_halts_accounting() -> None:
    bracket = plan("T1", "AAA", 1, 10, Decimal(20))
    odd = OrderFilled(
        "o",
        "T1",
        "AAA",
        *ALPACA,
        OrderRole.ENTRY,
        "NO_SIDE",
        "v",
        Decimal(1),
        Decimal(1),
        Decimal(0),
        "TAKER",
    )
    with pytest.raises(JournalError, match="fact 3: expected a fill to BUY or SELL"):
        keep_books(facts([run_started(), bracket, odd]))
