"""Facts → what of each trade is booked to which strategy."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FILLS, FillChange
from engine.accounting.books.trades import TradeBook
from engine.accounting.by_strategy.attribution import attributed
from engine.domain.facts import BracketPlanned, Fact, FeeCharged


class StrategyPnl(msgspec.Struct, frozen=True):
    """What one strategy had to do with one trade, and what of its P&L is booked to it.

    Over all strategies of a trade these add up to its ``realized_pnl``; a trade without a plan,
    filled from outside, is nobody's.

    Attributes
    ----------
    strength, weight, confidence : float
        Of its contribution; see ``engine.domain.facts.Contribution``.
    is_owner : bool
        The trade is managed by this strategy.
    realized_pnl : Decimal or None
        USD; None while the trade is open.
    """

    trade_id: str
    strategy_id: str
    venue: str
    account: str
    is_owner: bool
    strength: float
    weight: float
    confidence: float
    realized_pnl: Decimal | None


_ABOUT_A_TRADE = (BracketPlanned, FeeCharged)


class StrategyPnlBook(Book[StrategyPnl]):
    """Reads the trades, which have taken a fact in before this book does."""

    kinds = (*_ABOUT_A_TRADE, *FILLS)

    def __init__(self, trades: TradeBook) -> None:
        super().__init__()
        self._trades = trades

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Note whose P&L may have moved."""
        if change is not None:
            trade_id = change.fill.order.trade_id
        else:
            assert isinstance(fact.payload, _ABOUT_A_TRADE)  # noqa: S101 - one of ``kinds``
            trade_id = fact.payload.trade_id
        if trade_id is None:
            return
        plan = self._trades.plan(trade_id)
        for each in plan.contributions if plan is not None else ():
            self._note(trade_id, each.strategy_id)

    def row(self, key: Key) -> StrategyPnl | None:
        """Return the part of a strategy in a trade, None while nothing of the trade is filled."""
        trade_id, strategy_id = map(str, key)
        plan, trade = self._trades.plan(trade_id), self._trades.trade(trade_id)
        if plan is None or trade is None:
            return None
        booked = booked_to(plan, trade.realized_pnl)
        place = next(
            n for n, each in enumerate(plan.contributions) if each.strategy_id == strategy_id
        )
        part = plan.contributions[place]
        return StrategyPnl(
            trade_id=trade_id,
            strategy_id=strategy_id,
            venue=plan.venue,
            account=plan.account,
            is_owner=strategy_id == plan.strategy_id,
            strength=part.strength,
            weight=part.weight,
            confidence=part.confidence,
            realized_pnl=booked[place],
        )


def booked_to(plan: BracketPlanned, realized_pnl: Decimal | None) -> list[Decimal | None]:
    """Return what of a trade's P&L is whose, in the order of its plan's contributions."""
    if realized_pnl is None:
        return [None for _ in plan.contributions]
    return list(attributed(realized_pnl, plan.ensemble_rule, plan.contributions))
