"""A tape that cannot be traded on holds entries, from the close that shows it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.hub.desk import Desk
from engine.runtime.live.issues import IssueTracker
from engine.signals.scanner import Scanner
from engine.tape import Flaw, TapeLimits, TapeMeasure, TapeMonitor


class TapeWatch:
    """Has each close judged before anybody decides on it; exits go on whatever it finds."""

    def __init__(self, desk: Desk, trouble: IssueTracker) -> None:
        self._desk = desk
        self._trouble = trouble
        self._monitor = TapeMonitor(desk.books.session.open_ns)
        self._closed = 0

    @property
    def measure(self) -> TapeMeasure | None:
        """What was measured at the last close."""
        return self._monitor.measure

    def limits(self, now: int) -> TapeLimits:
        """Return what the parameters in force allow."""
        return TapeLimits.of(self._desk.books.history.at(now))

    def learn(self, scanner: Scanner, now: int) -> None:
        """Take the day's profile from buckets that an earlier process has closed."""
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
        """Judge what has arrived since the last close; hold or release entries."""
        prices = scanner.closed_prices(self._closed)
        found = self._monitor.close(prices, prints, quotes, now, self.limits(now))
        self._closed = scanner.closed
        for flaw in Flaw:
            if flaw in found:
                self._trouble.issue_raised(flaw.value, found[flaw])
            else:
                self._trouble.issue_cleared(flaw.value)
