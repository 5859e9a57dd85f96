"""Hop 6: facts → trades, each from its plan through its entry to flat."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.domain.candidate import Side
from engine.domain.facts import (
    BracketPlanned,
    ExitReason,
    Fact,
    OrderFilled,
    OrderRole,
    TradeClosed,
)
from engine.domain.session import NANOS_PER_SECOND

MICRO = Decimal("0.000001")
"""Average prices are kept to 1e-6 USD; sums of fills are exact."""


class Trade(msgspec.Struct, frozen=True):
    """One bracket that was entered, with what it was meant to be and what it became.

    Attributes
    ----------
    quantity : int
        Shares entered. ``open_quantity`` of them are not yet closed.
    entry_ts, exit_ts : int
        First entry fill and last exit fill, UTC ns; ``exit_ts`` is None while the trade is open,
        as is ``hold_secs``, the time between them.
    avg_px_open, avg_px_close : Decimal
        Mean fill prices in USD, rounded to 1e-6; ``avg_px_close`` is None without an exit fill.
    realized_pnl : Decimal or None
        USD after commission, summed from fills without rounding; None while the trade is open.
    slippage_bps : float or None
        By how much the entry was worse than ``reference_price``, the price decided on, in 1e-4 of
        that price.
    mae_pct, mfe_pct : float or None
        Furthest the market went against (<= 0) and for (>= 0) the trade while it was open, in
        percent of ``avg_px_open``; None until measured on prints (``measure``).
    """

    trade_id: str
    symbol: str
    side: Side
    quantity: int
    open_quantity: int
    entry_ts: int
    exit_ts: int | None
    hold_secs: float | None
    avg_px_open: Decimal
    avg_px_close: Decimal | None
    realized_pnl: Decimal | None
    commission: Decimal
    exit_reason: ExitReason | None
    candidate_ts: int | None
    ac_z: float | None
    confidence: float | None
    reference_price: Decimal | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    slippage_bps: float | None
    mae_pct: float | None = None
    mfe_pct: float | None = None


class _Side(msgspec.Struct):
    quantity: int = 0
    notional: Decimal = Decimal(0)

    def take(self, fill: OrderFilled) -> None:
        self.quantity += fill.last_qty
        self.notional += fill.last_qty * fill.last_px

    @property
    def avg_px(self) -> Decimal:
        return (self.notional / self.quantity).quantize(MICRO)


class _Open(msgspec.Struct):
    """A trade in the making."""

    trade_id: str
    plan: BracketPlanned | None = None
    symbol: str = ""
    side: Side = Side.LONG
    entry_ts: int = 0
    last_exit_ts: int = 0
    entry: _Side = msgspec.field(default_factory=_Side)
    exit: _Side = msgspec.field(default_factory=_Side)
    commission: Decimal = Decimal(0)
    exit_reason: ExitReason | None = None


class TradeBook:
    """Fold facts into trades, one fact at a time, in order."""

    def __init__(self) -> None:
        self._trades: dict[str, _Open] = {}

    def post(self, fact: Fact) -> None:
        """Take one fact in; facts that concern no trade change nothing."""
        match fact.payload:
            case BracketPlanned() as plan:
                self._trade(plan.trade_id).plan = plan
            case OrderFilled() as fill:
                self._fill(fill, fact.ts_event)
            case TradeClosed() as closed:
                self._trade(closed.trade_id).exit_reason = closed.exit_reason
            case _:
                pass

    def trades(self) -> list[Trade]:
        """Return the trades with at least one entry fill, in the order of their plans."""
        return [_finished(trade) for trade in self._trades.values() if trade.entry.quantity]

    def _trade(self, trade_id: str) -> _Open:
        return self._trades.setdefault(trade_id, _Open(trade_id))

    def _fill(self, fill: OrderFilled, ts_event: int) -> None:
        trade = self._trade(fill.trade_id)
        trade.commission += fill.commission
        if fill.role is OrderRole.ENTRY:
            if not trade.entry.quantity:
                trade.symbol = fill.symbol
                trade.side = Side.LONG if fill.order_side == "BUY" else Side.SHORT
                trade.entry_ts = ts_event
            trade.entry.take(fill)
        else:
            trade.exit.take(fill)
            trade.last_exit_ts = ts_event


def _finished(trade: _Open) -> Trade:
    plan, entry, leave = trade.plan, trade.entry, trade.exit
    flat = entry.quantity == leave.quantity
    return Trade(
        trade_id=trade.trade_id,
        symbol=trade.symbol,
        side=trade.side,
        quantity=entry.quantity,
        open_quantity=entry.quantity - leave.quantity,
        entry_ts=trade.entry_ts,
        exit_ts=trade.last_exit_ts if flat else None,
        hold_secs=(trade.last_exit_ts - trade.entry_ts) / NANOS_PER_SECOND if flat else None,
        avg_px_open=entry.avg_px,
        avg_px_close=leave.avg_px if leave.quantity else None,
        realized_pnl=_profit(trade) if flat else None,
        commission=trade.commission,
        exit_reason=trade.exit_reason,
        candidate_ts=plan.candidate_ts if plan else None,
        ac_z=plan.ac_z if plan else None,
        confidence=plan.confidence if plan else None,
        reference_price=plan.reference_price if plan else None,
        take_profit=plan.take_profit if plan else None,
        stop_loss=plan.stop_loss if plan else None,
        slippage_bps=_slippage_bps(trade, plan.reference_price) if plan else None,
    )


def _profit(trade: _Open) -> Decimal:
    return trade.side * (trade.exit.notional - trade.entry.notional) - trade.commission


def _slippage_bps(trade: _Open, reference_price: Decimal) -> float:
    worse = trade.side * (trade.entry.avg_px - reference_price)
    return float(10_000 * worse / reference_price)
