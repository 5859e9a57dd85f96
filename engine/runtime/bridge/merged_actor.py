"""Reports that shards made, merged, handed out inside the hub's node."""

from __future__ import annotations

from collections.abc import Iterable

from nautilus_trader.model import CustomData

from engine.domain.candidate import BucketReport
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session
from engine.hub.merged_day import MergedDay, MergedWatch
from engine.live_scanner import raised_in
from engine.runtime.bridge.bucket_clock import BucketClock
from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.messages import MERGED
from engine.runtime.bridge.pulse import Pulse


class MergedActor(BucketClock):
    """Hands out the merged reports of a day's slots as soon as they can be decided.

    Where time is granted it is woken when all of them are there; where it runs by itself they come
    some time after a bucket's closing instant, and a message wakes it.

    Attributes
    ----------
    raised : int
        Candidates raised so far.
    scanner : None
        There is none in this process.
    """

    scanner = None

    def __init__(
        self,
        history: ParameterHistory,
        session: Session,
        failures: Failures,
        pulse: Pulse,
        merged: MergedDay,
        watch: MergedWatch,
    ) -> None:
        super().__init__(history, session, failures, pulse)
        self.raised = 0
        self._merged = merged
        self._watch = watch
        self._history = history

    @guarded
    def on_start(self) -> None:
        """Subscribe to what wakes it, and start the clock."""
        self.subscribe_data(MERGED)
        super().on_start()

    @guarded
    def on_data(self, data: CustomData) -> None:
        """Hand out what can be decided by now."""
        del data
        self.hand_out(self._due())

    def digest(self) -> str:
        """Return the digest of all that was said of the day so far."""
        return self._merged.digest()

    def warm(self, quotes: Iterable[QuoteBatch], prints: Iterable[TradeBatch]) -> None:
        """Read what arrived before a start in mid-day; the shards know what it led to."""
        for batches in (quotes, prints):
            for _ in batches:
                pass

    def reports(self, now: int) -> list[BucketReport]:
        """Mark the buckets that close by ``now`` and return what can be decided."""
        grace_ns = self._history.in_force(now).params.grace_ns
        self._merged.mark(now - grace_ns, now)
        return self._due()

    def _due(self) -> list[BucketReport]:
        reports: list[BucketReport] = []
        for merged in self._merged.due():
            self._watch.look(merged)
            reports.append(merged.report)
        for report in self._merged.whole():
            self.raised += raised_in(report)
        return reports
