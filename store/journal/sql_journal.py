"""One run's journal in a database: facts are durable before anything acts on them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from engine.domain.errors import JournalBroken, JournalError
from engine.domain.facts import Fact
from engine.domain.first_cause import FirstCause
from engine.journal import (
    HolderBeat,
    HoldingJournal,
    Report,
    UnpersistedFacts,
    fact_of,
    record_of,
)
from store.database.database import Database
from store.database.refusal import refusal
from store.journal.stored_facts import StoredFacts
from store.journal.writer import Writer
from store.runs.manifest import RunStatus

_GROUP = 4096
"""Most facts of one commit."""

BROKEN = "journal broken, "
"""How the note of a quarantined run begins."""

_log = logging.getLogger(__name__)


def unknown_status(status: str) -> str:
    """Return what is wrong with a run whose row says a status that no version ever wrote."""
    return f"the row of the run says status {status!r}"


class SqlJournal(HoldingJournal):
    """A run's journal in SQLite or PostgreSQL; a complete ``engine.journal.Journal``.

    One object writes, of all processes and hosts: the first ``append`` claims the run, ``close``
    gives it back. Any number may read. Threads may share one object.

    A fact has reached the disk when ``append`` returns, or, in a ``group``, when that ends. With
    ``intents_only`` the facts of what has already happened wait for the next of ``WRITE_AHEAD``,
    for 4,096 of them, or ``commit``: right for a run that can be had again.

    When the database refuses or is lost, ``append`` raises and the journal is halted. What has
    happened is kept in memory and written first when the database is back; a plan is dropped, for
    it must not be acted upon. Each further ``append`` or ``commit`` tries again by itself.

    Attributes
    ----------
    database : Database
        Where the facts are kept.
    stored : StoredFacts
        The run as its database has it, for readers: facts that wait here are not in it.
    follows_living : bool
        Whether the process that wrote the run before may still live; known once it is claimed.
    """

    def __init__(
        self,
        database: Database,
        run_id: str,
        *,
        intents_only: bool = False,
        epoch: int | None = None,
    ) -> None:
        self.run_id = run_id
        self.database = database
        self.stored = StoredFacts(database, run_id)
        self.intents_only = intents_only
        self.follows_living = False
        self._lock = RLock()
        self._writer: Writer | None = None
        self._epoch = epoch
        self._grouping = self._keeps_plans = False
        self._unpersisted = UnpersistedFacts()
        self._is_halt_logged = False
        self._is_learned = False
        self._lapsed: HolderBeat | None = None

    @property
    def epoch(self) -> int:
        """How often the run was resumed, 0 the first time; known once it is claimed."""
        return self._epoch or 0

    @property
    def last(self) -> Fact | None:
        """The fact appended last, None before the first."""
        return self._unpersisted.last or self.stored.newest()

    @property
    def halted(self) -> bool:
        """Whether the database refused and has not been heard of since: nothing may be traded."""
        return self._unpersisted.is_halted

    @property
    def unpersisted(self) -> UnpersistedFacts:
        """What is not known to be kept: pending, in doubt, or waiting for the database."""
        return self._unpersisted

    def record(self, report: Report) -> Fact:
        """Record what happened and return it in its place; see ``JournalWriter``."""
        with self._lock:
            try:
                self._resume()
            except JournalError as error:
                self._log_halt(error)
                self._keep(report)
                raise
            if report.fact_id is not None and (known := self._known(report.fact_id)) is not None:
                return known
            fact = self._unpersisted.add(report)
            is_full = len(self._unpersisted) >= _GROUP
            if is_full or not (self._grouping or self._may_wait(report)):
                self._write()
            return fact

    def hold(self, report: Report) -> Fact:
        """Let what happened wait, without asking the database; see ``HoldingJournal``."""
        known = None if report.fact_id is None else self._known(report.fact_id)
        return known or self._unpersisted.hold(report)

    def claim(self, lapsed: HolderBeat | None = None) -> None:
        """Become the run's writer now, not at the first ``append``.

        Parameters
        ----------
        lapsed : HolderBeat, optional
            The lease of a hub whose term is over: it is claimed from that.

        Raises
        ------
        JournalError
            Somebody else is writing it, or the database cannot be reached.
        """
        with self._lock:
            self._lapsed = lapsed
            try:
                self._resume()
            finally:
                self._lapsed = None

    @contextmanager
    def group(self, *, keeps_plans: bool = False) -> Iterator[None]:
        """Let the facts appended within become durable together, when it ends.

        With ``keeps_plans`` those that the database refuses wait, plans and all.
        """
        with self._lock:
            self._grouping = True
            cause = FirstCause()
            with cause.kept("the facts"):
                yield
            self._grouping, self._keeps_plans = False, keeps_plans
            with cause.kept("their commit"):
                self.commit()
            self._keeps_plans = False
            cause.raise_it()

    def commit(self) -> None:
        """Make every fact appended so far durable; see ``JournalWriter``."""
        with self._lock:
            self._resume()
            if self._unpersisted:
                self._write()

    def facts(self, since: int = 0) -> Iterator[Fact]:
        """Yield the facts with ``seq > since``, in order, pending ones of this writer included."""
        if self._unpersisted and not self.halted:
            self.commit()
        yield from map(fact_of, self.stored.records(since))

    def end(self, status: RunStatus, note: str = "") -> None:
        """Commit, say how the run ended, and close.

        Raises
        ------
        JournalError
            It cannot be said: the run will be taken for crashed.
        """
        with self._lock:
            self.commit()
            try:
                self._claimed().end(status, note)
            except SQLAlchemyError as error:
                raise self._refused("end", error) from error
            self.close()

    def remove(self) -> None:
        """Take the run away with its facts, all of which are kept.

        Raises
        ------
        JournalError
            It cannot be taken away, or somebody else has taken it over.
        """
        with self._lock:
            try:
                self._claimed().remove()
            except SQLAlchemyError as error:
                raise self._refused("remove", error) from error
            self._writer = self._epoch = None
        self.database.settle()

    def reopen(self) -> None:
        """Say that a run which was cut off goes on."""
        with self._lock:
            try:
                self._claimed().reopen()
            except SQLAlchemyError as error:
                raise self._refused("reopen", error) from error

    def close(self) -> None:
        """Commit and give the run back; a file is left plain, with nothing beside it."""
        with self._lock:
            try:
                if self._unpersisted or self.halted:
                    self.commit()
                if self._writer is not None:
                    with suppress(SQLAlchemyError):
                        self._writer.close()
            finally:
                self._writer = self._epoch = None
                self._is_learned = False
        self.database.settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        cause = FirstCause(error, "the run")
        with cause.kept("the end of its journal"):
            self.close()
        if error is None:
            cause.raise_it()

    def _may_wait(self, report: Report) -> bool:
        return self.intents_only and not report.is_intent

    def _write(self) -> None:
        """Commit what waits; after a refusal it is in doubt, and its plans are dropped."""
        facts = self._unpersisted.facts()
        try:
            self._claimed().commit([record_of(fact) for fact in facts])
        except SQLAlchemyError as error:
            refusal = self._refused("keep", error)
            self._log_halt(refusal)
            self._drop_writer()
            self._unpersisted.refuse(facts, drops=not self._keeps_plans)
            raise refusal from error
        except JournalError as error:
            self._log_halt(error)
            self._unpersisted.refuse(facts, drops=not self._keeps_plans)
            raise
        self._unpersisted.keep(len(facts))

    def _resume(self) -> None:
        """Have the run claimed; after a refusal learn what was kept, and write what has waited.

        Raises
        ------
        JournalError
            The database is still away, or another writer has the run.
        """
        try:
            writer = self._claimed()
            if not self.halted:
                return
            self._unpersisted.settle(writer.head_hash)
        except SQLAlchemyError as error:
            self._drop_writer()
            raise self._refused("keep", error) from error
        waiting = len(self._unpersisted)
        while self._unpersisted:
            self._write()
        self._unpersisted.is_halted = self._is_halt_logged = False
        _log.warning("journal resumed: %d facts had waited", waiting, extra={"run_id": self.run_id})

    def _log_halt(self, error: JournalError) -> None:
        """Log the first of the refusals in a row."""
        if not self._is_halt_logged:
            _log.error("journal halted: %s", error, extra={"run_id": self.run_id})
        self._is_halt_logged = True

    def _keep(self, report: Report) -> None:
        """Let what happened wait for the database; of a run never claimed nothing can be told."""
        if self._epoch is None:
            return
        self._unpersisted.is_halted = True
        if not report.is_dropped and report.fact_id not in self._unpersisted.names:
            self._unpersisted.add(report)

    def _claimed(self) -> Writer:
        """Return the connection that writes, opened at the first fact and after a loss."""
        if self._writer is None:
            if self.database.is_file:
                self.database.set_journal_mode("WAL")
            writer = Writer(self.database, self.run_id, self._epoch, self._lapsed)
            self._quarantine_if_broken(writer)
            self.follows_living |= writer.follows_living
            self._writer, self._epoch = writer, writer.epoch
        if not (self._is_learned or self.halted):
            self._learn()
            self._is_learned = True
        return self._writer

    def _quarantine_if_broken(self, writer: Writer) -> None:
        """Verify all that was written before, ahead of the first fact that is to follow it.

        Raises
        ------
        JournalBroken
            The chain does not hold, or did not before: the run is sealed and given back.
        """
        why = None
        try:
            row = self.stored.row()
            if row is not None and row.status == RunStatus.QUARANTINED:
                why = row.note.rpartition(BROKEN)[2] or row.note
            elif row is not None and row.status not in set(RunStatus):
                why = unknown_status(row.status)
                writer.end(RunStatus.QUARANTINED, f"{BROKEN}{why}")
            elif (broken := self.stored.verify().broken) is not None:
                why = str(broken)
                writer.end(RunStatus.QUARANTINED, f"{BROKEN}{why}")
        except BaseException:
            with suppress(SQLAlchemyError):
                writer.close()
            raise
        if why is not None:
            with suppress(SQLAlchemyError):
                writer.close()
            raise JournalBroken(self.run_id, why)

    def _learn(self) -> None:
        """Read where the run stands and which names it has kept."""
        last = self.stored.newest()
        self._unpersisted.follow(last, self.stored.names())

    def _drop_writer(self) -> None:
        if self._writer is not None:
            with suppress(SQLAlchemyError):
                self._writer.abandon()
            self._writer = None

    def _refused(self, what: str, error: SQLAlchemyError) -> JournalError:
        found = refusal(f"cannot {what} facts of run {self.run_id} in {self.database}", error)
        until = "nothing may be traded until the database can be reached and its disk has room"
        return type(found)(f"{found}; {until}")

    def _known(self, fact_id: str) -> Fact | None:
        """Return the fact of that name, None when there is none."""
        seq = self._unpersisted.names.get(fact_id)
        if seq is None:
            return None
        return self._unpersisted.numbered(seq) or fact_of(next(self.stored.records(seq - 1)))
