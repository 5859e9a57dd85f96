"""Books → the figures a strategy is judged by; what is undefined is None, never NaN."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from statistics import fmean, stdev
from typing import Any

import msgspec

from engine.accounting.books.equity import EquityPoint
from engine.accounting.books.trades import Trade
from engine.accounting.run_books import Books
from engine.domain.session import session

TRADING_DAYS_PER_YEAR = 252


class Performance(msgspec.Struct, frozen=True):
    """Figures over the closed trades and the equity of a run. Money is USD after all costs.

    Attributes
    ----------
    trades, open_trades : int
        Closed trades, which all other figures are about, and trades still open.
    net_pnl : Decimal
        Sum of ``realized_pnl``; ``gross_profit`` of the winners, ``gross_loss`` (<= 0) of the
        losers. A trade that ends at exactly 0 is neither.
    return_pct : float or None
        ``net_pnl`` over the starting balance.
    win_rate : float or None
        Winners over trades, 0 to 1.
    expectancy : Decimal or None
        Mean ``realized_pnl`` of a trade; ``avg_win``, ``avg_loss`` likewise.
    profit_factor : float or None
        ``gross_profit / -gross_loss``; None without a loss.
    sharpe : float or None
        ``sqrt(252) · mean(r) / sd(r)``, r the daily returns of day-end equity, sd the sample
        standard deviation, riskless rate 0. None below two days.
    sortino : float or None
        ``sqrt(252) · mean(r) / sqrt(mean(min(r, 0)²))``. None below two days or without a
        losing day.
    trade_sharpe : float or None
        ``mean(p) / sd(p)`` over ``realized_pnl`` per trade, not annualised: what a run of a single
        day can say. None below two trades.
    max_drawdown, max_drawdown_pct : Decimal, float
        Largest fall of equity from its highest point so far, USD and percent of that point.
    exposure : float or None
        Session time with a trade open over all session time of the run's ended days, 0 to 1.
    avg_hold_secs, slippage_bps, mae_pct, mfe_pct : float or None
        Means over trades, as far as they are known.
    exit_reasons : dict of str to int
        Closed trades by ``ExitReason``.
    """

    trades: int
    open_trades: int
    net_pnl: Decimal
    gross_profit: Decimal
    gross_loss: Decimal
    commission: Decimal
    return_pct: float | None
    win_rate: float | None
    expectancy: Decimal | None
    avg_win: Decimal | None
    avg_loss: Decimal | None
    profit_factor: float | None
    sharpe: float | None
    sortino: float | None
    trade_sharpe: float | None
    max_drawdown: Decimal
    max_drawdown_pct: float
    exposure: float | None
    avg_hold_secs: float | None
    slippage_bps: float | None
    mae_pct: float | None
    mfe_pct: float | None
    exit_reasons: dict[str, int]

    def figures(self) -> dict[str, Any]:
        """Return the figures as JSON and reports hold them: money as float, undefined as None."""
        values = msgspec.structs.asdict(self)
        return {
            name: float(value) if isinstance(value, Decimal) else value
            for name, value in values.items()
        }


def performance(books: Books, *, equity: Sequence[EquityPoint] | None = None) -> Performance:
    """Judge a run by its books.

    Parameters
    ----------
    equity : sequence of EquityPoint, optional
        A finer curve than the books', marked to market between fills.
    """
    closed = [trade for trade in books.trades if trade.realized_pnl is not None]
    pnl = [trade.realized_pnl for trade in closed if trade.realized_pnl is not None]
    wins, losses = [p for p in pnl if p > 0], [p for p in pnl if p < 0]
    net_pnl, gross_profit, gross_loss = _total(pnl), _total(wins), _total(losses)
    returns = _daily_returns(books)
    curve = books.equity if equity is None else equity
    drawdown, drawdown_pct = _max_drawdown(books.starting_balance, curve)
    return Performance(
        trades=len(closed),
        open_trades=len(books.trades) - len(closed),
        net_pnl=net_pnl,
        gross_profit=gross_profit,
        gross_loss=gross_loss,
        commission=_total(trade.commission for trade in closed),
        return_pct=_percent(net_pnl, books.starting_balance),
        win_rate=len(wins) / len(pnl) if pnl else None,
        expectancy=_mean(pnl),
        avg_win=_mean(wins),
        avg_loss=_mean(losses),
        profit_factor=float(gross_profit / -gross_loss) if gross_loss else None,
        sharpe=_annualised(returns, stdev(returns)) if len(returns) > 1 else None,
        sortino=_annualised(returns, _downside(returns)) if len(returns) > 1 else None,
        trade_sharpe=_ratio([float(p) for p in pnl]),
        max_drawdown=drawdown,
        max_drawdown_pct=drawdown_pct,
        exposure=_exposure(books, closed),
        avg_hold_secs=_fmean(trade.hold_secs for trade in closed),
        slippage_bps=_fmean(trade.slippage_bps for trade in closed),
        mae_pct=_fmean(trade.mae_pct for trade in closed),
        mfe_pct=_fmean(trade.mfe_pct for trade in closed),
        exit_reasons=dict(Counter(str(t.exit_reason) for t in closed if t.exit_reason)),
    )


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _mean(amounts: Sequence[Decimal]) -> Decimal | None:
    return (_total(amounts) / len(amounts)).quantize(Decimal("0.0001")) if amounts else None


def _fmean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _percent(part: Decimal, whole: Decimal) -> float | None:
    return float(100 * part / whole) if whole else None


def _ratio(values: Sequence[float]) -> float | None:
    spread = stdev(values) if len(values) > 1 else 0.0
    return fmean(values) / spread if spread else None


def _daily_returns(books: Books) -> list[float]:
    closes = [books.starting_balance, *(day.equity for day in books.days)]
    return [float(after / before) - 1 for before, after in pairwise(closes) if before > 0]


def _downside(returns: Sequence[float]) -> float:
    return math.sqrt(fmean(min(r, 0.0) ** 2 for r in returns))


def _annualised(returns: Sequence[float], risk: float) -> float | None:
    return math.sqrt(TRADING_DAYS_PER_YEAR) * fmean(returns) / risk if risk else None


def _max_drawdown(peak: Decimal, curve: Iterable[EquityPoint]) -> tuple[Decimal, float]:
    deepest, deepest_pct = Decimal(0), 0.0
    for point in curve:
        peak = max(peak, point.equity)
        fall = peak - point.equity
        deepest = max(deepest, fall)
        if peak > 0:
            deepest_pct = max(deepest_pct, float(100 * fall / peak))
    return deepest, deepest_pct


def _exposure(books: Books, closed: Sequence[Trade]) -> float | None:
    """Return the share of session time with a trade open; overlapping trades count once."""
    days = [session(date.fromisoformat(day.day)) for day in books.days]
    total_ns = sum(day.close_ns - day.open_ns for day in days)
    if not total_ns:
        return None
    open_ns, covered_until = 0, 0
    for start, end in sorted((t.entry_ts, t.exit_ts) for t in closed if t.exit_ts):
        open_ns += max(0, end - max(start, covered_until))
        covered_until = max(covered_until, end)
    return open_ns / total_ns
