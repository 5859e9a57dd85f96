"""A run that is played again up to where it was left, and goes on from there."""

from __future__ import annotations

from collections import deque

from engine.domain.errors import JournalError
from engine.domain.facts import Fact
from engine.domain.session import new_york_clock
from engine.journal.chain import kind_of
from engine.journal.log import Journal, JournalWriter, Report


class ResumedJournal(JournalWriter):
    """Holds what is recorded anew against what was recorded before, then appends.

    The same data, parameters, code and commands give the same facts, so a run that was cut off,
    orders at a simulated venue and all, is had again by playing it: nothing is written twice, and
    a fact that differs stops the run.

    Parameters
    ----------
    journal : Journal
        Of the run as it was left; nobody else appends to it.
    after : int
        ``seq`` of the last fact that is not played again.
    """

    def __init__(self, journal: Journal, after: int = 0) -> None:
        self._journal = journal
        self._before = deque(journal.facts(after))

    @property
    def caught_up(self) -> bool:
        """Whether all that was recorded before has been played again."""
        return not self._before

    def record(self, report: Report) -> Fact:
        """Record what happened, or find it recorded; see ``JournalWriter``.

        Raises
        ------
        JournalError
            Also when the run goes another way than before.
        """
        if not self._before:
            return self._journal.record(report)
        known = self._before.popleft()
        again = report.payload, report.ts_event, report.ts_init
        if (known.payload, known.ts_event, known.ts_init) != again:
            was = f"{kind_of(known.payload)} at {new_york_clock(known.ts_event)}"
            is_now = f"{kind_of(report.payload)} at {new_york_clock(report.ts_event)}"
            raise JournalError(
                f"fact {known.seq} was {was}, played again it is {is_now} (New York): the run can "
                "only be resumed with the data, parameters and code it was started with"
            )
        return known

    def commit(self) -> None:
        """Make every fact appended so far durable; see ``JournalWriter``."""
        self._journal.commit()
