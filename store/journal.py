"""Hop 6: the journal in SQL: facts are durable before anything acts on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    NullPool,
    Select,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, Fact
from engine.journal import WRITE_AHEAD, Record, Verification, fact_of, record_of, seal, verify

FACTS = Table(
    "facts",
    MetaData(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ts_event", BigInteger, nullable=False),
    Column("ts_init", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("payload", Text, nullable=False),
    Column("causation_id", BigInteger),
    Column("correlation_id", Text),
    Column("fact_id", Text, unique=True),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row per ``engine.journal.Record``, column by column."""

_GROUP = 4096
"""Facts that may wait in memory for the next commit."""


class SqlJournal:
    """A run's journal in its own SQLite file; a complete ``engine.journal.Journal``.

    Facts are committed in groups: at once, with all before them, for ``WRITE_AHEAD`` payloads, else
    when ``_GROUP`` of them wait. A commit has reached the disk when it returns (WAL, synchronous
    FULL). One object writes; any number may read, in this process and in others.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        url = URL.create("sqlite", database=str(path))
        self._engine = create_engine(url, poolclass=NullPool)
        event.listen(self._engine, "connect", _configure)
        self._writer: Connection | None = None
        self._pending: list[Fact] = []
        self._last: Fact | None = None

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make an empty journal at a path where none is.

        Raises
        ------
        JournalError
            The folder cannot be written, or a journal is there already.
        """
        if path.exists():
            raise JournalError(f"there is a journal at {path} already: open it")
        journal = cls(path)
        journal._make_table()
        return journal

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a journal to read it, or to append after its last fact.

        Raises
        ------
        JournalError
            There is no journal, or it cannot be read.
        """
        if not path.is_file():
            raise JournalError(f"no journal at {path}: the run left none or it was removed")
        journal = cls(path)
        # A writer killed before its first commit leaves a file without the table.
        journal._make_table()
        for record in journal._select(select(FACTS).order_by(FACTS.c.seq.desc()).limit(1)):
            journal._last = fact_of(record)
        return journal

    @property
    def last(self) -> Fact | None:
        """The fact appended last, None before the first."""
        return self._last

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
        """Record what happened and return it in its place; see ``JournalWriter``."""
        before = self._last
        fact = seal(
            payload,
            after=before,
            ts_event=ts_event,
            ts_init=ts_init,
            causation_id=causation_id,
            correlation_id=correlation_id,
            fact_id=fact_id,
        )
        self._pending.append(fact)
        self._last = fact
        if isinstance(payload, WRITE_AHEAD) or len(self._pending) >= _GROUP:
            try:
                self.commit()
            except JournalError:
                self._pending.pop()
                self._last = before
                raise
        return fact

    def commit(self) -> None:
        """Make every fact appended so far durable; see ``JournalWriter``."""
        if not self._pending:
            return
        rows = [msgspec.structs.asdict(record_of(fact)) for fact in self._pending]
        try:
            if self._writer is None:
                self._writer = self._engine.connect()
            with self._writer.begin():
                self._writer.execute(FACTS.insert(), rows)
        except SQLAlchemyError as error:
            first, last = self._pending[0].seq, self._pending[-1].seq
            raise JournalError(
                f"cannot keep facts {first} to {last} in {self.path}: {_reason(error)}; "
                "nothing may be traded until the disk has room and can be written"
            ) from error
        self._pending.clear()

    def facts(self, since: int = 0) -> Iterator[Fact]:
        """Yield the facts with ``seq > since``, in order, pending ones of this writer included."""
        yield from map(fact_of, self.records(since))

    def records(self, since: int = 0) -> Iterator[Record]:
        """Yield the same facts as they are stored."""
        self.commit()
        yield from self._select(select(FACTS).where(FACTS.c.seq > since).order_by(FACTS.c.seq))

    def verify(self, head: str | None = None) -> Verification:
        """Check the chain; ``head`` is the last hash as kept elsewhere."""
        return verify(self._select(select(FACTS).order_by(FACTS.c.seq)), head)

    def close(self) -> None:
        """Commit, and leave one plain file that can be read without writing beside it."""
        self.commit()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        with suppress(OperationalError), self._engine.connect() as connection:
            # A reader elsewhere keeps the file in WAL mode, in which it is as whole.
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_table(self) -> None:
        try:
            with self._engine.begin() as connection:
                if not inspect(connection).has_table(FACTS.name):
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                    FACTS.create(connection)
        except SQLAlchemyError as error:
            raise JournalError(f"cannot open the journal {self.path}: {_reason(error)}") from error

    def _select(self, statement: Select[Any]) -> Iterator[Record]:
        try:
            with self._engine.connect() as connection:
                for row in connection.execution_options(yield_per=_GROUP).execute(statement):
                    yield Record(*row)
        except SQLAlchemyError as error:
            raise JournalError(f"cannot read the journal {self.path}: {_reason(error)}") from error


def _configure(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error)
