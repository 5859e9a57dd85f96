"""Hop 3 → 4: the acceleration strategy: enter what ``decide`` approves, leave when time is up."""

from __future__ import annotations

from decimal import Decimal

from engine.decision import BucketDecision, exit_due, trailing_stop
from engine.domain.candidate import BucketReport
from engine.domain.facts import ExitReason
from engine.pipeline import judge
from engine.runtime.desk import LiveTrade
from engine.runtime.desk_strategy import DeskStrategy


class AoStrategy(DeskStrategy):
    """Trade the strongest confident acceleration; the bracket, the clock or the day ends it."""

    def decide(self, report: BucketReport) -> BucketDecision:
        """Return verdicts and plans for one bucket."""
        return judge(report, self.desk_state(report), self.desk.params, self.desk.session)

    def watch(self, trade: LiveTrade, now: int) -> None:
        """Ask once a second whether an open trade must go, and trail its stop."""
        desk, plan = self.desk, trade.plan
        reason = exit_due(desk.governed(trade), desk.governor, now, desk.params, desk.session)
        if reason is not None:
            self.leave(trade, reason)
        elif plan.trailing_stop_percent is not None and trade.best_price is not None:
            self._trail(trade, trade.best_price, plan.trailing_stop_percent)

    def _trail(self, trade: LiveTrade, best_price: int, percent: Decimal) -> None:
        """Move the stop after the best price; leave where the market has fallen through it already.

        A venue refuses a stop beyond the last price, so it could not be moved there any more.
        """
        side, resting = trade.plan.side, self.stop_price(trade)
        trailed = trailing_stop(side, best_price, resting, percent)
        if trailed != resting and side * (self.last_price(trade.plan.symbol) - trailed) <= 0:
            self.leave(trade, ExitReason.TRAILING_STOP)
        else:
            self.move_stop(trade, trailed)
