"""Hop 6: everything accounting says of a run, folded from its facts in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.accounting.ledger import Ledger, post
from engine.accounting.trades import Trade, TradeBook
from engine.domain.facts import DayEnded, DayStarted, Fact, OrderFilled, RunStarted


class Fill(msgspec.Struct, frozen=True):
    """An ``OrderFilled`` with its place and times (UTC ns)."""

    seq: int
    ts_event: int
    ts_init: int
    order: OrderFilled


class EquityPoint(msgspec.Struct, frozen=True):
    """The account at one instant (UTC ns), USD; ``exposure`` is open notional over equity."""

    ts: int
    cash: Decimal
    equity: Decimal
    exposure: float


class DayClose(msgspec.Struct, frozen=True):
    """Equity at the end of a trading day, USD; ``day`` is an ISO date."""

    day: str
    equity: Decimal


class Books(msgspec.Struct, frozen=True):
    """Trades, fills, equity and day closes of a run; complete or as far as its facts go.

    Attributes
    ----------
    equity : tuple of EquityPoint
        At every start of a day, fill and end of a day; positions are marked at their last fill.
    """

    starting_balance: Decimal
    trades: tuple[Trade, ...]
    fills: tuple[Fill, ...]
    equity: tuple[EquityPoint, ...]
    days: tuple[DayClose, ...]
    ledger: Ledger


def keep_books(facts: Iterable[Fact]) -> Books:
    """Return the books of a run.

    Parameters
    ----------
    facts : iterable of Fact
        From the first fact on, in order.
    """
    ledger, trade_book, starting_balance = Ledger(), TradeBook(), Decimal(0)
    fills: list[Fill] = []
    equity: list[EquityPoint] = []
    days: list[DayClose] = []
    for fact in facts:
        ledger = post(ledger, fact)
        trade_book.post(fact)
        match fact.payload:
            case RunStarted() as started:
                starting_balance = started.starting_balance
            case OrderFilled() as order:
                fills.append(Fill(fact.seq, fact.ts_event, fact.ts_init, order))
            case DayEnded() as ended:
                days.append(DayClose(ended.day, ended.equity))
            case DayStarted():
                pass
            case _:
                continue
        equity.append(_point(fact.ts_event, ledger))
    return Books(
        starting_balance,
        tuple(trade_book.trades()),
        tuple(fills),
        tuple(equity),
        tuple(days),
        ledger,
    )


def _point(ts: int, ledger: Ledger) -> EquityPoint:
    equity = ledger.equity
    exposure = float(ledger.open_notional / equity) if equity > 0 else 0.0
    return EquityPoint(ts, ledger.cash, equity, exposure)
