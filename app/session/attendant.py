"""The engine of a session is kept to its pace and follows the command log."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from app.commands.inbox import CommandInbox
from engine.domain.facts import CommandReceived, Fact
from engine.domain.session import NANOS_PER_SECOND
from engine.hub import Attendant, RecordedCommands
from engine.journal import ResumedJournal
from store import CommandLog


class SessionAttendant:
    """Plays again what was recorded as fast as it goes, then keeps pace and takes commands.

    Parameters
    ----------
    journal : ResumedJournal
    recorded : iterable of Fact
        The run's facts as it was left.
    log : CommandLog
    speed : float, optional
        Seconds of the session per second; without it as fast as possible.
    """

    def __init__(
        self,
        journal: ResumedJournal,
        recorded: Iterable[Fact],
        log: CommandLog,
        speed: float | None,
    ) -> None:
        facts = list(recorded)
        self._journal = journal
        self._recorded = RecordedCommands(facts)
        self._inbox = CommandInbox(log, facts)
        self._speed = speed
        self._start: tuple[int, float] | None = None

    def wait_secs(self, now: int) -> float:
        """Return how long the clock on the wall is behind the session's."""
        if self._speed is None or not self._journal.caught_up:
            return 0.0
        if self._start is None:
            self._start = now, time.monotonic()
        since_ns, since = self._start
        return since + (now - since_ns) / NANOS_PER_SECOND / self._speed - time.monotonic()

    def commands(self, now: int) -> Sequence[CommandReceived]:
        """Return the commands that are due at an instant, of the record or of the log."""
        return self._source.commands(now)

    def is_due(self, now: int) -> bool:
        """Say whether there may be commands at an instant."""
        return self._source.is_due(now)

    @property
    def _source(self) -> Attendant:
        return self._inbox if self._journal.caught_up else self._recorded
