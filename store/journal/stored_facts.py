"""The facts of one run as its database has them: read, followed and verified, never written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import SQLAlchemyError

from engine.domain.facts import Fact
from engine.journal import (
    GENESIS,
    Break,
    Damage,
    Integrity,
    Record,
    Verification,
    fact_of,
    verify,
)
from store.database.database import Database
from store.database.refusal import refusal
from store.database.schema import FACTS, RUNS
from store.journal.commit_notifier import CommitNotifier
from store.journal.records import READ_SECS, newest_record, read_records

AT_SIGHT = 250_000
"""Facts that a reader has verified before it shows anything: about a second."""


class StoredFacts:
    """Anyone's view of a run, whoever writes it; each question is answered from the database.

    Each but ``names`` raises ``JournalError`` when the database cannot be read.
    """

    def __init__(self, database: Database, run_id: str) -> None:
        self._database = database
        self._run_id = run_id

    def records(self, since: int = 0) -> Iterator[Record]:
        """Yield the facts with ``seq > since`` as they are stored, in order."""
        with self._reading() as connection:
            yield from read_records(connection, self._run_id, since)

    def newest(self) -> Fact | None:
        """Return the last fact, None before the first."""
        with self._reading() as connection:
            record = newest_record(connection, self._run_id)
        return record and fact_of(record)

    def names(self) -> dict[str, int]:
        """Return the numbers of the facts that have a ``fact_id``, by that; for their writer.

        Raises
        ------
        SQLAlchemyError
            The database cannot be read.
        """
        named = select(FACTS.c.fact_id, FACTS.c.seq).where(
            FACTS.c.run_id == self._run_id, FACTS.c.fact_id.is_not(None)
        )
        with self._database.connect(answer_secs=READ_SECS) as connection:
            return {row.fact_id: row.seq for row in connection.execute(named)}

    def row(self) -> Row[Any] | None:
        """Return what the database says of the run, None when it knows of none."""
        with self._reading() as connection:
            return self._row(connection)

    def follow(self, since: int = 0, *, idle_secs: float | None = None) -> Iterator[Fact]:
        """Yield the facts with ``seq > since`` and go on as they are committed, by whomever.

        Parameters
        ----------
        idle_secs : float, optional
            End when nothing came for so long; without it, never.
        """
        with CommitNotifier(self._database, self._run_id) as notifier:
            while True:
                for fact in map(fact_of, self.records(since)):
                    since = fact.seq
                    yield fact
                if not notifier.wait(idle_secs):
                    return

    def verify(self, head: str | None = None) -> Verification:
        """Check every fact against the run's head, and against a last hash kept elsewhere.

        All of it is of one moment, so a run may be written meanwhile.
        """
        return self._verified(head, since=0)

    def verified_records(self) -> tuple[list[Record], Verification]:
        """Return every fact as it is stored, and what ``verify`` says of these very ones."""
        records: list[Record] = []
        found = self._verified(None, since=0, kept=records)
        return records, found

    def integrity(self, head: str | None = None, *, most: int = AT_SIGHT) -> Integrity:
        """Return how far the facts can be relied upon: checked are the last ``most`` of them."""
        row = self.row()
        since = 0 if row is None or row.head_seq <= most else row.head_seq - most
        return Integrity.of(self._verified(head, since=since), since=since)

    def _verified(
        self, head: str | None, *, since: int, kept: list[Record] | None = None
    ) -> Verification:
        """Walk the facts after one of them, in a single snapshot with the run's head.

        Those that were looked at are ``kept`` where that is asked for.
        """
        with self._reading() as connection:
            if not self._database.is_file:
                connection.execution_options(isolation_level="REPEATABLE READ")
            row = self._row(connection)
            facts, own = (0, GENESIS) if row is None else (row.head_seq, row.head_hash)
            after = since, GENESIS
            if since:
                before = next(read_records(connection, self._run_id, since - 1), None)
                after = since, "" if before is None else before.hash
            if kept is not None:
                kept += read_records(connection, self._run_id, since)
            found = verify(
                # read as they are looked at: a cursor left open would outlive its connection
                read_records(connection, self._run_id, since) if kept is None else kept,
                own,
                facts=facts,
                after=after,
            )
        if found.broken is None and head not in (None, found.head):
            detail = f"expected the last hash to be {str(head)[:12]}…, found {found.head[:12]}…"
            return Verification(
                found.facts, found.head, Break(found.facts + 1, Damage.CUT_OFF, detail)
            )
        return found

    def _row(self, connection: Connection) -> Row[Any] | None:
        return connection.execute(select(RUNS).where(RUNS.c.run_id == self._run_id)).one_or_none()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._database.connect(answer_secs=READ_SECS) as connection:
                yield connection
        except SQLAlchemyError as error:
            raise refusal(f"cannot read run {self._run_id} in {self._database}", error) from error
