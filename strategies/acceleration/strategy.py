"""The acceleration strategy: its signals are the compiled kernel's, its watch trails the stop."""

from __future__ import annotations

from engine.domain.account import ACCELERATION
from engine.domain.bracket import BracketPlan
from engine.domain.strategy import ActiveTrade, Reaction
from strategies.acceleration import watch
from strategies.acceleration.parameters import PARAMETERS


class Acceleration:
    """Enter the strongest confident acceleration; the bracket, the clock or the day ends it."""

    strategy_id = ACCELERATION
    own_parameters = PARAMETERS
    """Names of its own among the account's parameters."""

    def watches(self, plan: BracketPlan) -> bool:
        """Say whether the stop of a plan trails."""
        return watch.watches(plan)

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Trail the stop of an open trade."""
        del now
        return watch.react(trade)
