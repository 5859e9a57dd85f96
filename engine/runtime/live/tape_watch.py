"""A tape that cannot be traded on holds entries, from the close that shows it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.hub.desk import Desk
from engine.runtime.live.issues import IssueTracker
from engine.signals.scanner import Scanner
from engine.tape import Flaw, TapeCloses, TapeLimits


class TapeWatch(TapeCloses):
    """Has each close judged before anybody decides on it; exits go on whatever it finds."""

    def __init__(self, desk: Desk, trouble: IssueTracker) -> None:
        books = desk.books
        super().__init__(books.session.open_ns, lambda now: TapeLimits.of(books.history.at(now)))
        self._trouble = trouble

    def look(
        self,
        scanner: Scanner,
        prints: Sequence[TradeBatch],
        quotes: Sequence[QuoteBatch],
        now: int,
    ) -> None:
        """Judge what has arrived since the last close; hold or release entries."""
        super().look(scanner, prints, quotes, now)
        for flaw in Flaw:
            if flaw in self.flaws:
                self._trouble.issue_raised(flaw.value, self.flaws[flaw])
            else:
                self._trouble.issue_cleared(flaw.value)
