"""How an open trade of the acceleration strategy is watched: its stop trails the best price."""

from __future__ import annotations

from engine.decision import trailing_stop
from engine.domain.bracket import BracketPlan
from engine.domain.facts import ExitReason
from engine.domain.strategy import HOLD, ActiveTrade, MoveStop, Reaction, RequestExit


def watches(plan: BracketPlan) -> bool:
    """Say whether the stop of a plan trails."""
    return plan.trailing_stop_percent is not None


def react(trade: ActiveTrade) -> Reaction:
    """Trail the stop behind the best price; close where the market has fallen through it already.

    A venue refuses a stop beyond the last price, so it could not be moved there any more.
    """
    plan, resting = trade.plan, trade.stop_price
    if plan.trailing_stop_percent is None or trade.best_price is None:
        return HOLD
    trailed = trailing_stop(
        plan.side, trade.best_price, resting, plan.trailing_stop_percent, trade.grid
    )
    if trailed == resting:
        return HOLD
    if plan.side * (trade.last_price - trailed) <= 0:
        return RequestExit(ExitReason.TRAILING_STOP)
    return MoveStop(trailed)
