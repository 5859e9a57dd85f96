"""The journals of all runs in one database."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.unreadable import UNREADABLE
from engine.journal import GENESIS, HolderBeat
from store.database.database import Database
from store.database.refusal import refusal
from store.database.schema import RUNS
from store.journal.lease import this_process
from store.journal.process import Process
from store.journal.records import READ_SECS
from store.journal.sql_journal import BROKEN, SqlJournal, unknown_status
from store.journal.stored_facts import StoredFacts
from store.journal.writer import end_without_writer
from store.runs.labels import LATEST, UNLABELLED, RunLabels
from store.runs.manifest import RunStatus
from store.runs.named_run import named_run

_RESUMABLE = (RunStatus.RUNNING, RunStatus.INTERRUPTED, RunStatus.CRASHED_RECOVERED)


class JournalRun(msgspec.Struct, frozen=True):
    """What the database says of a run.

    Times are UTC ns, ``facts`` and ``head`` the ``seq`` and hash of its last fact; ``archive`` is
    the file to which its facts have moved, ``name`` and ``tags`` what people call it.
    """

    run_id: str
    status: RunStatus
    note: str
    created_ns: int
    ended_ns: int | None
    facts: int
    head: str
    writer: Process | None
    archive: str | None
    name: str
    tags: tuple[str, ...]

    @property
    def labels(self) -> RunLabels:
        """What people call it."""
        return RunLabels(self.name, self.tags)

    @property
    def has_crashed(self) -> bool:
        """Whether it says ``RUNNING`` while its writer is gone: the next start seals it."""
        return (
            self.status is RunStatus.RUNNING and self.writer is not None and self.writer.is_gone()
        )

    @property
    def standing(self) -> str:
        """How it stands, for people to read: its status, or that it has crashed."""
        return "Crashed" if self.has_crashed else self.status

    @property
    def is_quarantined(self) -> bool:
        """Whether its facts were found broken: it is never written again."""
        return self.status is RunStatus.QUARANTINED

    @property
    def may_go_on(self) -> bool:
        """Whether it goes on, or can be resumed."""
        return self.status in _RESUMABLE


class Journals:
    """Starts, opens and lists the runs of a database, whose tables it makes where there are none.

    Raises
    ------
    JournalError
        The database cannot be reached or written, or was made by a newer version.
    """

    def __init__(self, database: Database | str | Path) -> None:
        self.database = database if isinstance(database, Database) else Database(database)
        self.database.create()

    @classmethod
    def existing(cls, database: str) -> Self:
        """Return the journals of a database that is there already.

        Raises
        ------
        NotFoundError
            It is a file that is not there, or has no tables.
        """
        found = Database(database)
        if (found.is_file and not found.path.is_file()) or found.revision() is None:
            raise NotFoundError(
                f"no facts are kept in {found}; give another with --database, or make one with "
                "'tradectl database migrate'"
            )
        return cls(found)

    def start(
        self, run_id: str, *, intents_only: bool = False, labels: RunLabels = UNLABELLED
    ) -> SqlJournal:
        """Begin a run and return its journal, empty and claimed; what had crashed is sealed.

        Raises
        ------
        ConfigError
            There is a run of that name.
        """
        self.seal_crashed()
        row = {
            "run_id": run_id,
            "status": RunStatus.RUNNING,
            "note": "",
            "created_ns": time.time_ns(),
            "writer": this_process(),
            "writer_epoch": 0,
            "head_seq": 0,
            "head_hash": GENESIS,
            **_kept(labels),
        }
        try:
            with self.database.connect() as connection, connection.begin():
                connection.execute(insert(RUNS), row)
        except IntegrityError as error:
            raise ConfigError(f"there is a run {run_id} in {self.database} already") from error
        except SQLAlchemyError as error:
            raise refusal(f"cannot start run {run_id} in {self.database}", error) from error
        journal = SqlJournal(self.database, run_id, intents_only=intents_only, epoch=0)
        journal.claim()
        return journal

    def open(self, run_id: str, *, intents_only: bool = False) -> SqlJournal:
        """Return the journal of a run, to read it or to append after its last fact.

        Raises
        ------
        NotFoundError
            There is none.
        """
        runs = [run.run_id for run in self.runs()]
        if run_id not in runs:
            known = ", ".join(runs[:5]) or "none yet"
            raise NotFoundError(f"no run {run_id!r} in {self.database}; there are: {known}")
        return SqlJournal(self.database, run_id, intents_only=intents_only)

    def label(self, run_id: str, labels: RunLabels) -> None:
        """Call a run otherwise; whoever writes it goes on.

        Raises
        ------
        JournalError
            The database cannot be written.
        """
        changed = update(RUNS).where(RUNS.c.run_id == run_id).values(_kept(labels))
        try:
            with self.database.connect() as connection, connection.begin():
                connection.execute(changed)
        except SQLAlchemyError as error:
            raise refusal(f"cannot name run {run_id} in {self.database}", error) from error

    def resume(self, run_id: str, lapsed: HolderBeat | None = None) -> SqlJournal:
        """Take a run up again that was interrupted or whose process is gone; claimed.

        With ``lapsed``, the lease of a hub whose term is over, though its process may live.

        Raises
        ------
        NotFoundError
            There is none.
        ConfigError
            It has ended.
        JournalBroken
            Its facts are not those that were written; it is sealed as ``QUARANTINED``.
        JournalError
            Somebody else is writing it.
        """
        journal = self.open(run_id)
        (run,) = (each for each in self.runs() if each.run_id == run_id)
        if not (run.may_go_on or run.is_quarantined):
            raise ConfigError(f"run {run_id} is {run.status}: start another")
        journal.claim(lapsed)
        journal.reopen()
        return journal

    def run(self, name: str = LATEST) -> JournalRun:
        """Return a run by id, name, the only possible beginning of its id, or ``LATEST``.

        Raises
        ------
        NotFoundError
            There is none.
        ConfigError
            Several are called so, or begin like that.
        """
        return named_run(self.runs(), name, self.database)

    def runs(self) -> list[JournalRun]:
        """Return the runs, the one started last first."""
        try:
            with self.database.connect(answer_secs=READ_SECS) as connection:
                rows = connection.execute(select(RUNS).order_by(RUNS.c.created_ns.desc())).all()
        except SQLAlchemyError as error:
            raise refusal(f"cannot read {self.database}", error) from error
        return [_run_of(row) for row in rows]

    def seal_crashed(self) -> list[JournalRun]:
        """Seal every run that says ``RUNNING`` and whose writer is gone; return them.

        Its chain decides between ``CRASHED_RECOVERED`` and ``QUARANTINED``. A run that was closed
        and not ended has no writer, and goes on with the next one.
        """
        claimed = [run for run in self.runs() if run.status is RunStatus.RUNNING and run.writer]
        sealed = {run.run_id for run in claimed if self._seal(run)}
        return [run for run in self.runs() if run.run_id in sealed]

    def _seal(self, run: JournalRun) -> bool:
        broken = StoredFacts(self.database, run.run_id).verify().broken
        status, note = RunStatus.CRASHED_RECOVERED, f"{run.writer} ended without a word"
        if broken is not None:
            status, note = RunStatus.QUARANTINED, f"{note}; {BROKEN}{broken}"
        return end_without_writer(self.database, run.run_id, status, note)


def _run_of(row: Any) -> JournalRun:
    """Return what a row says of its run; one that says the impossible was altered."""
    is_known = row.status in set(RunStatus)
    return JournalRun(
        run_id=row.run_id,
        status=RunStatus(row.status) if is_known else RunStatus.QUARANTINED,
        note=row.note if is_known else f"{BROKEN}{unknown_status(row.status)}",
        created_ns=row.created_ns,
        ended_ns=row.ended_ns,
        facts=row.head_seq,
        head=row.head_hash,
        writer=Process.kept(row.writer),
        archive=row.archive,
        name=row.name,
        tags=_read_tags(row.tags),
    )


def _kept(labels: RunLabels) -> dict[str, str]:
    return {"name": labels.name, "tags": msgspec.json.encode(labels.tags).decode()}


def _read_tags(kept: str) -> tuple[str, ...]:
    """Return tags as they are kept; none where somebody wrote something else there."""
    try:
        return msgspec.json.decode(kept, type=tuple[str, ...])
    except UNREADABLE:
        return ()
