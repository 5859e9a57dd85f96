"""The tape of one scanner, looked at close by close."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.signals.scanner import Scanner
from engine.tape.judgement import Flaw, TapeLimits
from engine.tape.measure import TapeMeasure
from engine.tape.monitor import TapeMonitor


class TapeCloses:
    """Has each close of a scanner judged.

    Parameters
    ----------
    opens_ns : int
        Start of the session, UTC ns.
    limits : callable
        Returns what the parameters in force at an instant (UTC ns) allow.

    Attributes
    ----------
    flaws : mapping of Flaw to str
        What is wrong as of the last close.
    """

    def __init__(self, opens_ns: int, limits: Callable[[int], TapeLimits]) -> None:
        self.flaws: Mapping[Flaw, str] = {}
        self.limits = limits
        self._monitor = TapeMonitor(opens_ns)
        self._closed = 0

    @property
    def measure(self) -> TapeMeasure | None:
        """What was measured at the last close."""
        return self._monitor.measure

    def learn(self, scanner: Scanner, now: int) -> None:
        """Take the day's profile from buckets that were closed in the past."""
        self._monitor.learn(scanner.closed_prices(self._closed), self.limits(now))
        self._closed = scanner.closed

    def fetched(self, until_ns: int) -> None:
        """Hear up to which exchange time prints of a gap were fetched: they are late by nature."""
        self._monitor.fetched(until_ns)

    def look(
        self,
        scanner: Scanner,
        prints: Sequence[TradeBatch],
        quotes: Sequence[QuoteBatch],
        now: int,
    ) -> None:
        """Judge what has arrived since the last close."""
        prices = scanner.closed_prices(self._closed)
        self.flaws = self._monitor.close(prices, prints, quotes, now, self.limits(now))
        self._closed = scanner.closed
