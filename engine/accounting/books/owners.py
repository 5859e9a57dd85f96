"""Facts → which strategy a trade belongs to, for the books of its orders, fills and lots."""

from __future__ import annotations

from engine.domain.facts import BracketPlanned, Fact
from engine.domain.order_names import trade_name


class Owners:
    """Strategies by trade id: as planned, or else as the id itself says."""

    kinds = (BracketPlanned,)

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def post(self, fact: Fact) -> None:
        """Take a plan in."""
        if isinstance(plan := fact.payload, BracketPlanned):
            self._known[plan.trade_id] = plan.strategy_id

    def of(self, trade_id: str) -> str | None:
        """Return the strategy of a trade; None of one that was not planned here."""
        if trade_id not in self._known:
            named = trade_name(trade_id)
            self._known[trade_id] = None if named is None else named.strategy_id
        return self._known[trade_id]
