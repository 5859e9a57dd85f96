"""Facts → trades, each from its plan through its entry to flat."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FILLS, Fill, FillChange
from engine.accounting.books.owners import Owners
from engine.accounting.shares import MICRO, Shares
from engine.domain.candidate import Side
from engine.domain.facts import (
    BracketPlanned,
    ExitReason,
    Fact,
    FeeCharged,
    OrderRole,
    TradeClosed,
    TradeMeasured,
)
from engine.domain.session import NANOS_PER_SECOND


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One bracket that was entered, with what it was meant to be and what it became.

    Attributes
    ----------
    strategy_id : str or None
        Who owns it; None for one that was neither planned here nor named by a strategy.
    quantity : Decimal
        Shares entered. ``open_quantity`` of them are not yet closed.
    entry_ts, exit_ts : int
        First entry fill and last exit fill, UTC ns; ``exit_ts`` is None while the trade is open,
        as is ``hold_secs``, the time between them.
    avg_px_open, avg_px_close : Decimal
        Mean fill prices in USD, rounded to 1e-6; ``avg_px_close`` is None without an exit fill.
    realized_pnl : Decimal or None
        USD after commission and the fees charged for this trade, summed from fills without
        rounding; None while the trade is open.
    commission, fees : Decimal
        USD; ``fees`` are those charged for this trade alone, not those charged for a day.
    candidate_ts, score, confidence, params_version
        Of the plan: the candidate's bucket, score and confidence, and the parameters then.
    reference_price, take_profit, stop_loss : Decimal or None
        Of the plan, USD: the price decided on and the bracket around it.
    entry_type, entry_limit, max_hold_secs, trailing_stop_percent
        Of the plan: how to enter, and what else was to end the trade.
    slippage_bps : float or None
        By how much the entry was worse than ``reference_price``, in 1e-4 of that price.
    mae_pct, mfe_pct : float or None
        Furthest the market went against (<= 0) and for (>= 0) the trade while it was open, in
        percent of ``avg_px_open``; None until measured on prints (``TradeMeasured``).
    """

    trade_id: str
    strategy_id: str | None
    symbol: str
    venue: str
    account: str
    side: Side
    quantity: Shares
    open_quantity: Shares
    entry_ts: int
    exit_ts: int | None
    hold_secs: float | None
    avg_px_open: Decimal
    avg_px_close: Decimal | None
    realized_pnl: Decimal | None
    commission: Decimal
    fees: Decimal
    exit_reason: ExitReason | None
    candidate_ts: int | None
    score: float | None
    confidence: float | None
    params_version: int | None
    reference_price: Decimal | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    entry_type: str | None
    entry_limit: Decimal | None
    max_hold_secs: int | None
    trailing_stop_percent: Decimal | None
    slippage_bps: float | None
    mae_pct: float | None
    mfe_pct: float | None


class _Story(msgspec.Struct):
    """A trade in the making; its fills are those that stand, by their first report."""

    trade_id: str
    plan: BracketPlanned | None = None
    fills: dict[int, Fill] = {}
    fees: Decimal = Decimal(0)
    exit_reason: ExitReason | None = None
    measured: TradeMeasured | None = None


class TradeBook(Book[Trade]):
    """Trades by id; one of which no entry fill stands makes no row."""

    kinds = (BracketPlanned, TradeClosed, TradeMeasured, FeeCharged, *FILLS)

    def __init__(self, owners: Owners | None = None) -> None:
        super().__init__()
        self._owners = owners or Owners()
        self._stories: dict[str, _Story] = {}
        self._told: dict[str, Trade | None] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Take one fact in, and what it did to a fill."""
        if change is not None:
            fill = change.fill
            story = self._story(fill.order.trade_id)
            if change.after is None:
                del story.fills[fill.seq]
            else:
                story.fills[fill.seq] = fill
            return
        match fact.payload:
            case BracketPlanned() as plan:
                self._owners.post(fact)
                self._story(plan.trade_id).plan = plan
            case TradeClosed() as closed:
                self._story(closed.trade_id).exit_reason = closed.exit_reason
            case TradeMeasured() as measured:
                self._story(measured.trade_id).measured = measured
            case FeeCharged(trade_id=str(trade_id), amount=amount):
                self._story(trade_id).fees += amount
            case _:
                pass

    def plan(self, trade_id: str) -> BracketPlanned | None:
        """Return the plan of a trade, None of one that was filled from outside."""
        story = self._stories.get(trade_id)
        return None if story is None else story.plan

    def row(self, key: Key) -> Trade | None:
        """Return a trade by its id."""
        return self.trade(str(key[0]))

    def trade(self, trade_id: str) -> Trade | None:
        """Return a trade, None while nothing of it is filled."""
        if trade_id not in self._told:
            story = self._stories.get(trade_id)
            if story is None:
                return None
            self._told[trade_id] = _told(story, self._owners.of(trade_id))
        return self._told[trade_id]

    def trades(self) -> Iterator[Trade]:
        """Yield the trades with at least one entry fill, in the order of their plans."""
        for trade_id in self._stories:
            trade = self.trade(trade_id)
            if trade is not None:
                yield trade

    def _story(self, trade_id: str) -> _Story:
        self._note(trade_id)
        self._told.pop(trade_id, None)
        return self._stories.setdefault(trade_id, _Story(trade_id))


def _told(story: _Story, strategy_id: str | None) -> Trade | None:
    fills = list(story.fills.values())
    entries = [fill for fill in fills if fill.order.role is OrderRole.ENTRY]
    exits = [fill for fill in fills if fill.order.role is not OrderRole.ENTRY]
    if not entries:
        return None
    plan, first = story.plan, entries[0]
    side = Side.LONG if first.order.order_side == "BUY" else Side.SHORT
    quantity, avg_px_open = _mean(entries)
    closed, avg_px_close = _mean(exits) if exits else (Decimal(0), None)
    flat = quantity == closed
    exit_ts = exits[-1].ts_event if flat else None
    return Trade(
        trade_id=story.trade_id,
        strategy_id=strategy_id,
        symbol=first.order.symbol,
        venue=first.order.venue,
        account=first.order.account,
        side=side,
        quantity=quantity,
        open_quantity=quantity - closed,
        entry_ts=first.ts_event,
        exit_ts=exit_ts,
        hold_secs=None if exit_ts is None else (exit_ts - first.ts_event) / NANOS_PER_SECOND,
        avg_px_open=avg_px_open,
        avg_px_close=avg_px_close,
        realized_pnl=sum((fill.cash for fill in fills), -story.fees) if flat else None,
        commission=sum((fill.order.commission for fill in fills), Decimal(0)),
        fees=story.fees,
        exit_reason=story.exit_reason,
        candidate_ts=plan.candidate_ts if plan else None,
        score=plan.score if plan else None,
        confidence=plan.confidence if plan else None,
        params_version=plan.params_version if plan else None,
        reference_price=plan.reference_price if plan else None,
        take_profit=plan.take_profit if plan else None,
        stop_loss=plan.stop_loss if plan else None,
        entry_type=plan.entry_type if plan else None,
        entry_limit=plan.entry_limit if plan else None,
        max_hold_secs=plan.max_hold_secs if plan else None,
        trailing_stop_percent=plan.trailing_stop_percent if plan else None,
        slippage_bps=_slippage_bps(side, avg_px_open, plan.reference_price) if plan else None,
        mae_pct=story.measured.mae_pct if story.measured else None,
        mfe_pct=story.measured.mfe_pct if story.measured else None,
    )


def _mean(fills: list[Fill]) -> tuple[Decimal, Decimal]:
    """Return the shares of fills and their mean price, rounded to 1e-6 USD."""
    quantity = sum((fill.order.last_qty for fill in fills), Decimal(0))
    notional = sum((fill.order.last_qty * fill.order.last_px for fill in fills), Decimal(0))
    return quantity, (notional / quantity).quantize(MICRO)


def _slippage_bps(side: Side, avg_px: Decimal, reference_price: Decimal) -> float:
    return float(10_000 * side * (avg_px - reference_price) / reference_price)
