"""A day at a venue goes on while its database is away."""

from __future__ import annotations

from typing import Protocol

from engine.domain.errors import JournalError, JournalTaken, NotPersisted
from engine.domain.facts import Fact
from engine.journal.log import Journal, JournalWriter, Report
from engine.journal.unpersisted import UnpersistedFacts


class HoldingJournal(Journal, Protocol):
    """A journal that holds on to what its database refuses, and keeps it when that is back."""

    @property
    def unpersisted(self) -> UnpersistedFacts:
        """What is not known to be kept."""
        ...

    def hold(self, report: Report) -> Fact:
        """Let what happened wait, without asking the database; return it in its place so far.

        Raises
        ------
        JournalError
            It is none that can be kept.
        """
        ...


class WaitingJournal(JournalWriter):
    """Hands facts to a journal, and out at once; while that is halted it is not asked, they wait.

    A venue goes on when a database does not: fills have to be folded to know what is to be
    protected. Plans are refused meanwhile, so nothing is entered. What waits is gone if the process
    dies, and is then learned from the venue again.

    One thread appends. ``try_again`` may run in another.

    Parameters
    ----------
    journal : HoldingJournal
        Claimed.

    Attributes
    ----------
    why : str
        What the database says, empty while all is well.
    """

    def __init__(self, journal: HoldingJournal) -> None:
        self.why = ""
        self._journal = journal

    @property
    def halted(self) -> bool:
        """Whether facts wait, so that nothing may be entered."""
        return bool(self.why)

    def record(self, report: Report) -> Fact:
        """Record what happened, or let it wait; see ``JournalWriter``.

        The number of a fact that waits may change: see ``resume``.

        Raises
        ------
        JournalTaken
            Another process writes the run.
        NotPersisted
            A plan, while facts wait: it must not be acted upon.
        """
        if not self.halted:
            try:
                return self._journal.record(report)
            except JournalTaken:
                raise
            except JournalError as error:
                held = self._journal.unpersisted
                if not held.is_halted:
                    raise
                self.why = str(error)
                if held.last is not None and not report.is_dropped:
                    return held.last
        if report.is_dropped:
            raise NotPersisted(f"nothing may be planned while facts are not kept: {self.why}")
        return self._journal.hold(report)

    def commit(self) -> None:
        """Make every fact appended so far durable; see ``JournalWriter``."""
        if self.halted:
            waiting = len(self._journal.unpersisted)
            raise JournalError(f"{waiting} facts of the run are not kept: {self.why}")
        self._journal.commit()

    def try_again(self) -> bool:
        """Write what waits, if the database is back, and say whether it was; ``resume`` is next.

        Raises
        ------
        JournalTaken
            Another process writes the run.
        """
        try:
            self._journal.commit()
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
        self.why = ""
        return self._journal.unpersisted.changes()
