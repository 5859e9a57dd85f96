"""What is held, and what protects it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.decision.exits import exit_deadline_ns
from engine.decision.governor.day_windows import NEVER_NS
from engine.display.frame import PositionRow, Protection
from engine.domain.parameters import Parameters
from engine.hub.books import Books, LiveTrade
from engine.hub.trade_view import TradeView

_ZERO = Decimal(0)


def position_rows(
    books: Books, params: Parameters, view: Callable[[LiveTrade], TradeView]
) -> tuple[PositionRow, ...]:
    """Return a row for each trade that is not over, in order of planning.

    Parameters
    ----------
    view : callable
        Returns a trade's orders and its market as they stand.
    """
    return tuple(_row(books, params, each, view(each)) for each in books.trades.values())


def _row(books: Books, params: Parameters, trade: LiveTrade, seen: TradeView) -> PositionRow:
    plan, booked = trade.plan, books.booked(trade.plan.trade_id)
    stop = seen.orders.stop_price(plan)
    held = _ZERO if booked is None else Decimal(booked.open_quantity)
    opened = None if booked is None else booked.avg_px_open
    last = None if opened is None else seen.last_price

    def result(price: Decimal | None) -> Decimal:
        if opened is None or price is None:
            return _ZERO
        return int(plan.side) * held * (price - opened)

    governed = books.governed(trade)
    deadline = exit_deadline_ns(governed, params, books.session)
    return PositionRow(
        trade_id=plan.trade_id,
        strategy_id=plan.strategy_id,
        symbol=plan.symbol,
        side=int(plan.side),
        quantity=held,
        planned=plan.quantity,
        entry_limit=plan.entry_limit,
        avg_px_open=opened,
        last=last,
        stop=stop,
        target=plan.take_profit,
        protection=_protection(trade, seen, held),
        trailing_percent=plan.trailing_stop_percent,
        pnl=result(last),
        pnl_at_stop=result(stop),
        pnl_at_target=result(plan.take_profit),
        entered_ns=governed.entered_ns,
        time_stop_ns=None if deadline >= NEVER_NS else deadline,
        exit_reason=None if trade.exit_reason is None else str(trade.exit_reason),
        has_alarm=trade.has_alarm,
    )


def _protection(trade: LiveTrade, seen: TradeView, held: Decimal) -> Protection:
    if seen.orders.stop_rests:
        return Protection.RESTING
    if trade.is_open:
        return Protection.GUARDIAN
    return Protection.FILLING if held else Protection.ENTERING
