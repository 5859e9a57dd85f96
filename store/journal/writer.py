"""The one writer of a run, as the database enforces it."""

from __future__ import annotations

import hashlib
import logging
import time

import msgspec
from sqlalchemy import delete, func, insert, select, text, update

from engine.domain.errors import JournalError, JournalTaken
from engine.journal import HolderBeat, Record
from store.database.database import Database
from store.database.schema import FACTS, RUNS
from store.journal.lease import has_lapsed, pass_on, this_process
from store.journal.process import Process
from store.runs.manifest import RunStatus

CHANNEL = "tradectl_facts"
"""PostgreSQL channel on which a run's id is told after each commit."""

_log = logging.getLogger(__name__)

_ANSWER_SECS = 3.0
"""A live day waits for each commit before it goes on, and exits are not to wait for long."""

_CONNECTION_ENDS_SECS = 10.0
"""How long a server that works on is given to notice that a client of its has ended."""

_BETWEEN_LOOKS_SECS = 0.05

_TAKEN = (
    "another writer has taken over run {0}: end this one; a hub may stand by instead, with "
    "'tradectl live --standby --run {0}'"
)

_END_HOLDERS = text(
    "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted "
    "and objsubid = 1 and classid::bigint = :high and objid::bigint = :low and database = "
    "(select oid from pg_database where datname = current_database())"
)
"""Of a lock of 64 bits, which the server's table of locks has in two halves."""


class Writer:
    """A connection that may append to one run, until closed or until another one took over.

    Every commit moves the run's head in the same transaction, on condition that the head is where
    this writer left it and nobody has claimed the run since: no fork, no gap, no second writer.

    Parameters
    ----------
    epoch : int, optional
        Of the claim that is this writer's own already; without it the next one is claimed.
    lapsed : HolderBeat, optional
        The lease of a holder whose term is over: its connection is ended, though its process may
        live.

    Attributes
    ----------
    follows_living : bool
        Whether the process that was claimed from may still live, stopped or out of reach.

    Raises
    ------
    JournalTaken
        Another writer has taken over since ``epoch``.
    JournalError
        Somebody else is writing the run.
    SQLAlchemyError
        The database cannot be reached or written.
    """

    def __init__(
        self,
        database: Database,
        run_id: str,
        epoch: int | None = None,
        lapsed: HolderBeat | None = None,
    ) -> None:
        self.follows_living = False
        self._database = database
        self._run_id = run_id
        self._connection = database.connect(answer_secs=_ANSWER_SECS)
        try:
            with self._connection.begin():
                self.epoch = self._claim(epoch, lapsed)
        except BaseException:
            self._connection.close()
            raise

    def commit(self, records: list[Record]) -> None:
        """Append records to the run, durable when this returns.

        Raises
        ------
        JournalTaken
            Another writer has taken the run over.
        SQLAlchemyError
            The database refused, or was lost: then the records may have been kept or not.
        """
        last = records[-1]
        rows = [msgspec.structs.asdict(record) | {"run_id": self._run_id} for record in records]
        with self._connection.begin():
            moved = self._connection.execute(
                update(RUNS)
                .where(
                    RUNS.c.run_id == self._run_id,
                    RUNS.c.writer_epoch == self.epoch,
                    RUNS.c.head_seq == self.head_seq,
                )
                .values(head_seq=last.seq, head_hash=last.hash)
            )
            if moved.rowcount != 1:
                raise JournalTaken(_TAKEN.format(self._run_id))
            self._connection.execute(insert(FACTS), rows)
            if not self._database.is_file:
                self._connection.execute(select(func.pg_notify(CHANNEL, self._run_id)))
        self.head_seq, self.head_hash = last.seq, last.hash

    def close(self) -> None:
        """Let the next writer in."""
        self._say(writer=None)
        self.abandon()

    def abandon(self) -> None:
        """Drop the connection, as after it was lost; the run stays claimed by this process."""
        self._connection.close()

    def end(self, status: RunStatus, note: str) -> None:
        """Say how the run ended."""
        self._say(status=status, note=note, ended_ns=time.time_ns())
        extra = {"run_id": self._run_id}
        _log.info("run sealed as %s with %d facts %s", status, self.head_seq, note, extra=extra)

    def remove(self) -> None:
        """Take the run away with its facts, and close.

        Raises
        ------
        JournalTaken
            Another writer has taken the run over.
        """
        own = RUNS.c.run_id == self._run_id
        with self._connection.begin():
            self._connection.execute(delete(FACTS).where(FACTS.c.run_id == self._run_id))
            gone = self._connection.execute(
                delete(RUNS).where(own, RUNS.c.writer_epoch == self.epoch)
            )
            if gone.rowcount != 1:
                raise JournalTaken(_TAKEN.format(self._run_id))
        self.abandon()
        _log.info("run taken away with %d facts", self.head_seq, extra={"run_id": self._run_id})

    def reopen(self) -> None:
        """Say that the run goes on."""
        self._say(status=RunStatus.RUNNING, note="", ended_ns=None)

    def _say(self, **values: object) -> None:
        with self._connection.begin():
            self._connection.execute(
                update(RUNS)
                .where(RUNS.c.run_id == self._run_id, RUNS.c.writer_epoch == self.epoch)
                .values(**values)
            )

    def _claim(self, epoch: int | None, lapsed: HolderBeat | None) -> int:
        """Take the run, which must be free or, lost at ``epoch``, still this writer's own."""
        run = RUNS.c.run_id == self._run_id
        locked = self._database.is_file or self._locks(epoch, lapsed)
        # Writing the row to itself locks it, on a server as in a file.
        self._connection.execute(update(RUNS).where(run).values(note=RUNS.c.note))
        row = self._connection.execute(select(RUNS).where(run)).one()
        if row.archive is not None:
            raise JournalError(f"run {self._run_id} is archived: its facts can only be read")
        if epoch not in (None, row.writer_epoch):
            raise JournalTaken(_TAKEN.format(self._run_id))
        other = Process.kept(row.writer)
        is_over = lapsed is not None and has_lapsed(self._connection, self._run_id, lapsed)
        if not locked or not (is_over or self._is_free(other, own=epoch is not None)):
            raise JournalError(
                f"run {self._run_id} is being written by {other}: end it first, or only read it"
            )
        self.head_seq, self.head_hash = row.head_seq, row.head_hash
        if epoch is not None:
            return epoch
        claimed = {"writer": this_process(), "writer_epoch": row.writer_epoch + 1}
        self._connection.execute(update(RUNS).where(run).values(claimed))
        if not self._database.is_file:
            pass_on(self._connection, self._run_id, row.writer_epoch + 1)
        self.follows_living = other is not None and not other.is_gone()
        return row.writer_epoch + 1

    def _locks(self, epoch: int | None, lapsed: HolderBeat | None) -> bool:
        """Lock the run on its server; False while the connection of another writer holds it.

        That of one whose lease has lapsed is ended, with whatever it was about to commit.

        The connection of a process that has ended goes on until its server has noticed: at the
        first claim that is waited for. A writer that comes back is not held up: it tries again.
        """
        key = int.from_bytes(hashlib.sha256(self._run_id.encode()).digest()[:8], signed=True)
        lock = select(func.pg_try_advisory_lock(key))
        named = select(RUNS.c.writer).where(RUNS.c.run_id == self._run_id)
        deadline = time.monotonic() + _CONNECTION_ENDS_SECS
        high, low = (key >> 32) & 0xFFFFFFFF, key & 0xFFFFFFFF
        while not self._connection.execute(lock).scalar():
            if epoch is not None or time.monotonic() > deadline:
                return False
            if lapsed is None:
                other = Process.kept(self._connection.execute(named).scalar())
                if other is not None and not other.is_gone():
                    return False
            elif has_lapsed(self._connection, self._run_id, lapsed):
                self._connection.execute(_END_HOLDERS, {"high": high, "low": low})
            else:
                return False
            time.sleep(_BETWEEN_LOOKS_SECS)
        return True

    def _is_free(self, other: Process | None, *, own: bool) -> bool:
        """Say whether the process that the row names writes no more.

        A file knows no more than that. A server has shown by its lock that no connection writes,
        whatever host the process is on.
        """
        if own or other is None or other.is_gone():
            return True
        return not self._database.is_file and other.is_elsewhere()


def end_without_writer(database: Database, run_id: str, status: RunStatus, note: str) -> bool:
    """End a run whose writer is gone; False when somebody still writes it.

    Nothing is read but the run's row: its facts may be broken.
    """
    try:
        writer = Writer(database, run_id)
    except JournalError:
        return False
    writer.end(status, note)
    writer.close()
    return True
