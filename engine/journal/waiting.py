"""Facts of a day at a venue go on while their database is away, and are kept afterwards."""

from __future__ import annotations

from collections import deque

from engine.domain.errors import JournalError, JournalTaken, NotPersisted, RunError
from engine.domain.facts import AnyPayload, Fact
from engine.journal.log import DROPPED, Journal


class WaitingJournal:
    """Hands facts to a journal, and out at once; while that is halted they wait here, in order.

    A venue goes on when a database does not: fills have to be folded to know what is to be
    protected. Plans are refused meanwhile, so nothing is entered. What waits is gone if the process
    dies, and is then learned from the venue again.

    One thread appends. ``try_again`` may run in another.

    Parameters
    ----------
    journal : Journal
        Claimed; it holds on to what it refuses, unless that is dropped.
    last : int
        ``seq`` of its last fact, 0 before the first.

    Attributes
    ----------
    why : str
        What the database says, empty while all is well.
    """

    def __init__(self, journal: Journal, last: int) -> None:
        self.why = ""
        self._journal = journal
        self._kept = self._last = last
        self._refused: deque[Fact] = deque()
        self._waiting: deque[Fact] = deque()
        self._true_seq: dict[int, int] = {}
        self._late: list[Fact] = []

    @property
    def halted(self) -> bool:
        """Whether facts wait, so that nothing may be entered."""
        return bool(self.why)

    @property
    def waiting(self) -> int:
        """How many facts wait."""
        return len(self._waiting) + len(self._refused)

    def append(
        self,
        payload: AnyPayload,
        *,
        ts_event: int,
        ts_init: int,
        causation_id: int | None = None,
        correlation_id: str | None = None,
        fact_id: str | None = None,
    ) -> Fact:
        """Record what happened, or let it wait; see ``JournalWriter``.

        A fact that waits has no hash yet, and its number may change.

        Raises
        ------
        JournalTaken
            Another process writes the run.
        NotKept
            A plan, while facts wait: it must not be acted upon.
        """
        report = Fact(
            seq=self._last + 1,
            ts_event=ts_event,
            ts_init=ts_init,
            version=0,
            payload=payload,
            causation_id=causation_id,
            correlation_id=correlation_id,
            fact_id=fact_id,
            prev_hash="",
            hash="",
        )
        if not self.halted:
            try:
                fact = self._written(report)
            except JournalTaken:
                raise
            except JournalError as error:
                self.why = str(error)
                self._take(report, self._refused)
            else:
                self._kept = self._last = max(self._last, fact.seq)
                return fact
        else:
            self._take(report, self._waiting)
        self._last = report.seq
        return report

    def commit(self) -> None:
        """Make every fact appended so far durable; see ``JournalWriter``."""
        if self.halted:
            raise JournalError(f"{self.waiting} facts of the run are not kept: {self.why}")
        self._journal.commit()

    def try_again(self) -> bool:
        """Write what waits, if the database is back, and say whether it was; ``resume`` is next.

        Raises
        ------
        JournalTaken
            Another process writes the run.
        RunError
            A fact is none that can be kept.
        """
        try:
            self._journal.commit()
            self._learn()
            while self._waiting:
                self._write(self._waiting.popleft())
        except JournalTaken:
            raise
        except JournalError as error:
            self.why = str(error)
            return False
        return True

    def resume(self) -> tuple[dict[int, int], list[Fact]] | None:
        """Go on as before, in the thread that appends; None while that is not possible.

        Returns
        -------
        dict of int to int
            The numbers of facts that were given others.
        list of Fact
            Plans that were refused, and yet kept: nobody has acted on them.
        """
        if not self.try_again():
            return None
        moved = {was: now for was, now in self._true_seq.items() if was != now}
        late, self._late = self._late, []
        self._true_seq.clear()
        self._last, self.why = self._kept, ""
        return moved, late

    def _take(self, report: Fact, held: deque[Fact]) -> None:
        """Hold on to a report, unless it must not have happened.

        Raises
        ------
        NotKept
            It is dropped.
        """
        if isinstance(report.payload, DROPPED):
            raise NotPersisted(f"nothing may be planned while facts are not kept: {self.why}")
        held.append(report)

    def _written(self, report: Fact) -> Fact:
        cause = report.causation_id
        return self._journal.append(
            report.payload,
            ts_event=report.ts_event,
            ts_init=report.ts_init,
            causation_id=None if cause is None else self._true_seq.get(cause, cause),
            correlation_id=report.correlation_id,
            fact_id=report.fact_id,
        )

    def _write(self, report: Fact) -> None:
        """Write one that has waited; refused, it is the journal's to hold."""
        try:
            fact = self._written(report)
        except JournalError:
            self._refused.append(report)
            raise
        self._true_seq[report.seq] = fact.seq
        self._kept = max(self._kept, fact.seq)

    def _learn(self) -> None:
        """Learn under which numbers the journal has kept what it had refused.

        Raises
        ------
        RunError
            It does not hold a fact: it would refuse it again.
        """
        for fact in self._journal.facts(self._kept):
            self._kept = fact.seq
            if isinstance(fact.payload, DROPPED):
                self._late.append(fact)
            elif self._refused:
                self._true_seq[self._refused.popleft().seq] = fact.seq
        lost = [report.payload for report in self._refused if report.fact_id is None]
        self._refused.clear()
        if lost:
            raise RunError(f"the journal does not take {lost[0]}: {self.why}")
