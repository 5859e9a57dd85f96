"""The acceleration strategy: enter what ``decide`` approves, trail its stop."""

from __future__ import annotations

from decimal import Decimal

from engine.decision import BucketDecision, trailing_stop
from engine.domain.candidate import BucketReport
from engine.domain.facts import ExitReason
from engine.hub.books import LiveTrade
from engine.pipeline import judge
from engine.runtime.bridge.hub_strategy import DeskStrategy


class AoStrategy(DeskStrategy):
    """Trade the strongest confident acceleration; the bracket, the clock or the day ends it."""

    def decide(self, report: BucketReport) -> BucketDecision:
        """Return verdicts and plans for one bucket."""
        params = self.desk.history.at(report.ts_event)
        return judge(report, self.desk_state(report), params, self.desk.session)

    def watch(self, trade: LiveTrade, now: int) -> None:
        """Trail the stop of an open trade once a second."""
        del now
        plan = trade.plan
        if plan.trailing_stop_percent is not None and trade.best_price is not None:
            self._trail(trade, trade.best_price, plan.trailing_stop_percent)

    def watches(self, trade: LiveTrade) -> bool:
        """Say whether the stop of a trade trails."""
        return trade.plan.trailing_stop_percent is not None

    def _trail(self, trade: LiveTrade, best_price: int, percent: Decimal) -> None:
        """Move the stop after the best price; leave where the market has fallen through it already.

        A venue refuses a stop beyond the last price, so it could not be moved there any more.
        """
        side, resting = trade.plan.side, self.stop_price(trade)
        trailed = trailing_stop(side, best_price, resting, percent)
        if trailed != resting and side * (self.last_price(trade.plan.symbol) - trailed) <= 0:
            self.close_trade(trade, ExitReason.TRAILING_STOP)
        else:
            self.move_stop(trade, trailed)
