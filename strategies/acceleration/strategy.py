"""The acceleration strategy as one object: its signals, its watch, its parameters."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.bracket import BracketPlan
from engine.domain.candidate import BucketReport, Candidate
from engine.domain.strategy import ActiveTrade, Reaction
from strategies.acceleration import signals, watch
from strategies.acceleration.parameters import PARAMETERS


class Acceleration:
    """Enter the strongest confident acceleration; the bracket, the clock or the day ends it."""

    strategy_id = "acceleration"
    parameters = PARAMETERS

    def candidates(self, report: BucketReport) -> Sequence[Candidate]:
        """Return the candidates of a bucket."""
        return signals.candidates(report)

    def watches(self, plan: BracketPlan) -> bool:
        """Say whether the stop of a plan trails."""
        return watch.watches(plan)

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Trail the stop of an open trade."""
        del now
        return watch.react(trade)
