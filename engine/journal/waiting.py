"""A day at a venue goes on while its database is away."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from engine.domain.errors import JournalError, JournalTaken, NotPersisted
from engine.domain.facts import Fact
from engine.journal.log import Journal, JournalWriter, Report
from engine.journal.unpersisted import UnpersistedFacts


class HoldingJournal(Journal, Protocol):
    """A journal that holds on to what its database refuses, and keeps it when that is back.

    Attributes
    ----------
    intents_only : bool
        Whether what has already happened may wait for the next intent or ``commit``.
    """

    intents_only: bool

    @property
    def unpersisted(self) -> UnpersistedFacts:
        """What is not known to be kept."""
        ...

    def group(self, *, keeps_plans: bool = False) -> AbstractContextManager[object]:
        """Let the facts recorded within become durable together; see ``JournalWriter``.

        With ``keeps_plans`` none of them is dropped when that cannot be.
        """
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
        self._on_waiting: Callable[[], None] | None = None

    def defer(self, on_waiting: Callable[[], None]) -> None:
        """Let facts of what has happened wait for each other from now on.

        Parameters
        ----------
        on_waiting : callable
            Called when some wait: it is to have ``settle`` called soon.
        """
        self._journal.intents_only = True
        self._on_waiting = on_waiting

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
                return self._recorded(report)
            except JournalTaken:
                raise
            except JournalError as error:
                self._wait(error)
                held = self._journal.unpersisted
                if held.last is not None and not report.is_dropped:
                    return held.last
        if report.is_dropped:
            raise NotPersisted(f"nothing may be planned while facts are not kept: {self.why}")
        return self._journal.hold(report)

    @contextmanager
    def group(self) -> Generator[None]:
        """Let the facts recorded within become durable together; see ``JournalWriter``.

        Raises
        ------
        NotPersisted
            They wait, plans among them, too: the orders of these must not leave.
        """
        if self.halted:
            yield
            return
        try:
            with self._journal.group(keeps_plans=True):
                yield
        except (JournalTaken, NotPersisted):
            raise
        except JournalError as error:
            self._wait(error)
            raise NotPersisted(f"facts are not kept: {error}") from error

    def settle(self) -> None:
        """Make durable what waits, or let it wait for a database that is away.

        Raises
        ------
        JournalTaken
            Another process writes the run.
        """
        if self.halted or not len(self._journal.unpersisted):
            return
        try:
            self._journal.commit()
        except JournalTaken:
            raise
        except JournalError as error:
            self._wait(error)

    def _recorded(self, report: Report) -> Fact:
        fact = self._journal.record(report)
        if self._on_waiting is not None and len(self._journal.unpersisted):
            self._on_waiting()
        return fact

    def _wait(self, error: JournalError) -> None:
        """Ask the database no more; an error that is not of the database is raised."""
        if not self._journal.unpersisted.is_halted:
            raise error
        self.why = str(error)

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
