"""What a journal holds on to while its database is away."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.domain.facts import AnyPayload, Fact
from engine.journal import DROPPED, WRITE_AHEAD


class Report(msgspec.Struct, frozen=True):
    """What was given to ``append``, not yet in its place."""

    payload: AnyPayload
    ts_event: int
    ts_init: int
    causation_id: int | None
    correlation_id: str | None
    fact_id: str | None

    @property
    def is_intent(self) -> bool:
        """Whether it is to be kept before it is acted upon."""
        return isinstance(self.payload, WRITE_AHEAD)

    @property
    def is_dropped(self) -> bool:
        """Whether it never happened when it could not be kept."""
        return isinstance(self.payload, DROPPED)


class UnpersistedFacts:
    """Facts that may have been kept or not, and what has happened since; plans are dropped.

    It is true while it holds anything: then nothing may be traded.
    """

    def __init__(self) -> None:
        self._unsure: list[Fact] = []
        self._waiting: list[Report] = []

    def __bool__(self) -> bool:
        return bool(self._unsure or self._waiting)

    def doubt(self, facts: list[Fact]) -> None:
        """Hold the facts of a commit that was refused, or of which no answer came."""
        self._unsure = facts

    def wait(self, report: Report) -> None:
        """Hold what was reported since, unless it is dropped."""
        if not report.is_dropped:
            self._waiting.append(report)

    def settle(self, head_hash: str) -> None:
        """Let what was in doubt wait first, unless the run's head tells that it was kept."""
        if self._unsure and head_hash != self._unsure[-1].hash:
            self._waiting[:0] = _reports(self._unsure)
        self._unsure = []

    def take(self) -> list[Report]:
        """Return what has waited, in order; nothing waits any more."""
        waiting, self._waiting = self._waiting, []
        return waiting


def _reports(facts: Iterable[Fact]) -> list[Report]:
    """Return facts that were not kept as they were reported; their causes may have been dropped."""
    reports = [
        Report(fact.payload, fact.ts_event, fact.ts_init, None, fact.correlation_id, fact.fact_id)
        for fact in facts
    ]
    return [report for report in reports if not report.is_dropped]
