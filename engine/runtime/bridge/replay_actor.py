"""Reports that were made before, handed out when they were due."""

from __future__ import annotations

from collections import deque

from engine.domain.candidate import BucketReport
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session
from engine.runtime.bridge.bucket_clock import BucketClock
from engine.runtime.bridge.guard import Failures


class ReplayActor(BucketClock):
    """Plays the reports of a scan."""

    def __init__(self, history: ParameterHistory, session: Session, failures: Failures) -> None:
        super().__init__(history, session, failures)
        self._waiting: deque[BucketReport] = deque()

    def schedule(self, report: BucketReport) -> None:
        """Take the next report; its ``ts_init`` is later than that of the one before."""
        self._waiting.append(report)

    def reports(self, now: int) -> list[BucketReport]:
        """Return the reports scheduled for ``now`` or before."""
        due: list[BucketReport] = []
        while self._waiting and self._waiting[0].ts_init <= now:
            due.append(self._waiting.popleft())
        return due
