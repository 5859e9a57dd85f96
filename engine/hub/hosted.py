"""The strategies that one hub hosts, and which of them owns a trade."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.domain.candidate import BucketReport
from engine.domain.errors import ConfigError
from engine.domain.strategy import Strategy
from engine.hub.books import LiveTrade


class HostedStrategies:
    """Any number of strategies, in order of precedence.

    Where two want to enter the same symbol in one bucket, the first of them has it.

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
        self._first = names[0]

    def claimed(self, report: BucketReport) -> BucketReport:
        """Return a bucket's report with the candidates that any strategy wants to enter."""
        symbols = self._claims(report)
        if all(candidate.symbol in symbols for candidate in report.candidates):
            return report
        kept = tuple(each for each in report.candidates if each.symbol in symbols)
        return replace(report, candidates=kept)

    def claimant(self, report: BucketReport, symbol: str) -> str:
        """Return the name of the strategy that wants to enter a symbol in a bucket."""
        return self._claims(report).get(symbol, self._first)

    def owner(self, trade: LiveTrade) -> Strategy | None:
        """Return the strategy that looks after a trade.

        That is the first one for a trade that names none. None for one that is not hosted here:
        its bracket, the clock and the day's limits end the trade.
        """
        return self._by_id.get(trade.strategy_id or self._first)

    def _claims(self, report: BucketReport) -> dict[str, str]:
        claims: dict[str, str] = {}
        for name, strategy in self._by_id.items():
            for candidate in strategy.candidates(report):
                claims.setdefault(candidate.symbol, name)
        return claims
