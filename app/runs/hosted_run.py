"""A run whose facts go into the database: started or resumed, ended or sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from app.runs.engine_runs import is_engine_run
from app.runs.start_wait import StartWait
from engine.domain.errors import ConfigError, JournalError
from engine.domain.facts import (
    DayStarted,
    EnsembleChanged,
    EntriesHeld,
    EntriesReleased,
    Fact,
    GovernorMoved,
    ParamsChanged,
    RunStarted,
)
from engine.domain.first_cause import FirstCause
from engine.hub import Outcome, OutcomeStatus
from engine.journal import HolderBeat, WaitingJournal
from store import UNLABELLED, CommandLog, Journals, RunLabels, RunStatus, SqlJournal

_OF_A_START = (
    RunStarted,
    ParamsChanged,
    EnsembleChanged,
    DayStarted,
    GovernorMoved,
    EntriesHeld,
    EntriesReleased,
)

type OnStarted = Callable[[str, int], None]
"""Hears the run's id and how many facts were found in it."""


@dataclass(slots=True)
class HostedRun:
    """A run that this process writes.

    Attributes
    ----------
    recorded : list of Fact
        What earlier processes of the run have written, none if it is new.
    log : CommandLog
        Where its commands come in.
    name : str
        What people call it, empty if nothing.
    follows_living : bool
        Whether the process that wrote it before may still live, stopped or out of reach.
    is_under_way : bool
        Whether its day was reached: before, a failure is one of the start.
    """

    run_id: str
    journal: SqlJournal
    recorded: list[Fact]
    log: CommandLog
    is_new: bool
    name: str
    follows_living: bool
    is_under_way: bool = False
    _is_doubted: bool = False

    async def begun[T](
        self, wait: StartWait, begin: Callable[[WaitingJournal], T]
    ) -> tuple[WaitingJournal, T]:
        """Begin the day with facts that become durable together, or none of them; return both.

        A run that died in between could not be taken up. While the database is away it is tried
        again from what that has kept, which is ``recorded`` then.

        Parameters
        ----------
        begin : callable
            Appends what is not recorded yet.
        """

        def attempt() -> tuple[WaitingJournal, T]:
            if self._is_doubted:
                self.recorded = list(self.journal.facts())
            journal = WaitingJournal(self.journal)
            try:
                with self.journal.group():
                    begun = begin(journal)
            except JournalError:
                # what the old one holds back is to be written by nobody: its first fact is dropped
                lost, self._is_doubted = self.journal, True
                self.journal = SqlJournal(lost.database, self.run_id, epoch=lost.epoch)
                raise
            return journal, begun

        return await wait.read_soon(attempt)

    def has_only_started(self) -> bool:
        """Say whether nothing would be lost with a run that began here and did not get further.

        Nobody has given it a command either, and all that it has recorded can be read.
        """
        if not self.is_new or self.is_under_way or self.journal.unpersisted:
            return False
        try:
            kinds = all(isinstance(fact.payload, _OF_A_START) for fact in self.journal.facts())
            return kinds and not self.log.since(0)
        except JournalError:
            return False

    def take_away(self) -> None:
        """Leave nothing of the run."""
        self.journal.remove()
        self.log.remove()

    def end(self, status: OutcomeStatus) -> None:
        """Say that the run is over, or was stopped before."""
        if status is OutcomeStatus.ENDED:
            self.journal.end(RunStatus.ENDED)
        else:
            note = "stopped before its end: the same command resumes it"
            self.journal.end(RunStatus.INTERRUPTED, note)


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a hosted run ended; ``resumed_at`` is the fact it was resumed after, 0 if new."""

    run_id: str
    resumed_at: int
    outcome: Outcome

    @property
    def is_over(self) -> bool:
        """Whether it came to its end; else the same command resumes it."""
        return self.outcome.status is not OutcomeStatus.INTERRUPTED

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        outcome = self.outcome
        return {
            "run_id": self.run_id,
            "status": outcome.status,
            "resumed_at": self.resumed_at,
            "candidates": outcome.candidates,
            "trades": len(outcome.trades),
            "orders": outcome.orders,
            "equity": outcome.equity,
            "decision_digest": outcome.decision_digest,
            "fill_digest": outcome.fill_digest,
        }


@contextmanager
def hosted_run(
    journals: Journals,
    run_id: str,
    told: OnStarted,
    *,
    resumable: tuple[type[BaseException], ...],
    labels: RunLabels = UNLABELLED,
    lapsed: HolderBeat | None = None,
) -> Iterator[HostedRun]:
    """Start a run, or resume it; one that fails is sealed with the reason.

    Of one that fails at its start nothing is left: there is nothing to resume.

    Parameters
    ----------
    resumable : tuple of exception types
        After which the run can be resumed; after any other it has failed.
    labels : RunLabels
        What a new run is called; one that is resumed takes a name in place of its own, and tags
        beside its own.
    lapsed : HolderBeat, optional
        The lease of a hub whose term is over: the run is resumed in its place.

    Raises
    ------
    ConfigError
        The run has ended, or its name is not one of a run that trades.
    JournalBroken
        Its facts are not those that were written; it is quarantined.
    JournalError
        Facts cannot be kept, or somebody else writes the run.
    """
    if not is_engine_run(run_id):
        raise ConfigError(f"{run_id} is the name of a journal that no run writes: choose another")
    known = next((run for run in journals.runs() if run.run_id == run_id), None)
    log = CommandLog(journals, run_id)
    log.create()
    if known is None:
        journal = journals.start(run_id, labels=labels)
    else:
        journal = journals.resume(run_id, lapsed)
        labels = RunLabels(labels.name or known.name, known.labels.tagged(labels.tags).tags)
        if labels != known.labels:
            journals.label(run_id, labels)
    recorded = list(journal.facts())
    told(run_id, len(recorded))
    is_new, follows = known is None, journal.follows_living
    run = HostedRun(run_id, journal, recorded, log, is_new, labels.name, follows)
    try:
        yield run
    except BaseException as error:
        status = RunStatus.INTERRUPTED if isinstance(error, resumable) else RunStatus.FAILED
        cause = FirstCause(error, "the run")
        with cause.kept("the end of its journal"):
            if isinstance(error, Exception) and run.has_only_started():
                run.take_away()
            else:
                run.journal.end(status, f"{type(error).__name__}: {error}"[:500])
        raise


def run_name(
    journals: Journals, stem: str, *, takes_up: bool = True, keeps_quarantined: bool = False
) -> str:
    """Return the first of ``stem``, ``stem-2``, … that is free, or may be resumed.

    With ``keeps_quarantined`` none is passed over that was quarantined: what it holds at a venue is
    still to be protected.
    """
    known = {run.run_id: run for run in journals.runs()}

    def serves(name: str) -> bool:
        run = known.get(name)
        if run is None or (takes_up and run.may_go_on):
            return True
        return keeps_quarantined and run.is_quarantined

    return next(filter(serves, (stem if n == 1 else f"{stem}-{n}" for n in count(1))))
