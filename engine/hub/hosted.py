"""The strategies that one hub hosts, and which of them owns a trade."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.errors import ConfigError
from engine.domain.strategy import Strategy
from engine.hub.books import LiveTrade


class HostedStrategies:
    """Any number of strategies, each asked about its own trades.

    Parameters
    ----------
    strategies : sequence of Strategy

    Raises
    ------
    ConfigError
        There is none, or two have one name.
    """

    def __init__(self, strategies: Sequence[Strategy]) -> None:
        names = [each.strategy_id for each in strategies]
        if not names:
            raise ConfigError("no strategy is hosted, expected at least one")
        if len({*names}) < len(names):
            raise ConfigError(f"strategies {', '.join(names)}: expected a name of its own for each")
        self._by_id = dict(zip(names, strategies, strict=True))

    def owner(self, trade: LiveTrade) -> Strategy | None:
        """Return the strategy that looks after a trade.

        None for one that is not hosted here: its bracket, the clock and the day's limits end the
        trade.
        """
        return self._by_id.get(trade.plan.strategy_id)

    def drop(self, strategy_id: str) -> None:
        """Ask a strategy no more; its trades are as those of one that is not hosted here."""
        self._by_id.pop(strategy_id, None)
