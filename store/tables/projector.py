"""Facts → the tables of accounting, kept up to date or made anew."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import batched, islice
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, and_, delete, func, inspect, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError

from engine.accounting import PROJECTIONS, Accounts, Key
from engine.domain.errors import JournalBroken, JournalError
from store.database.refusal import reason
from store.database.schema import METADATA, RUNS
from store.journal.sql_journal import SqlJournal
from store.tables.digest import TableDigest, stored_digest
from store.tables.projections import PROJECTED, TABLES
from store.tables.rows import RowForm, Stored, delete_rows, put_rows

_AT_ONCE = 50_000
"""Facts or rows of one transaction: so few that the writer of a file need not wait for long."""


class Rebuilt(msgspec.Struct, frozen=True):
    """Tables that were dropped and made anew.

    Attributes
    ----------
    facts : int
        Of the run.
    rows : dict of str to int
        By table.
    digests : dict of str to str
        By table, sha256 over its rows in the order of their keys.
    differing : tuple of str
        Tables that had said something else of the same facts, or were missing.
    """

    facts: int
    rows: dict[str, int]
    digests: dict[str, str]
    differing: tuple[str, ...]


class Projector:
    """The tables of one run, beside its facts; any number of processes may keep them up.

    Raises
    ------
    JournalError
        From all methods: the database cannot be used, or a fact contradicts those before it.
    """

    def __init__(self, journal: SqlJournal) -> None:
        self.run_id = journal.run_id
        self._journal = journal
        self._database = journal.database
        self._accounts: Accounts | None = None

    def catch_up(self, until: int | None = None) -> int:
        """Take in what was committed since the last time; return the last fact taken in.

        Parameters
        ----------
        until : int, optional
            The last fact that was found whole; by default all are looked at, and where the chain
            is broken the facts from there on are left out.
        """
        if until is None:
            found = self._journal.stored.verify()
            until = found.facts
        with self._told(), _uncollected():
            while True:
                stored = self.seq()
                accounts = self._accounts_at(stored)
                most = min(_AT_ONCE, until - accounts.seq)
                if most <= 0 or not self._post(accounts, most):
                    return stored
                with self._database.connect() as connection, connection.begin():
                    if self._advance(connection, stored, accounts.seq):
                        self._write(connection, accounts)
                    else:
                        connection.rollback()
                        self._accounts = None  # somebody else was faster: look again

    def rebuild(self) -> Rebuilt:
        """Fold every fact anew, drop the rows of every table and write what follows.

        A digest is taken of what was stored before and of what is written now, as it is written.

        Raises
        ------
        JournalBroken
            The facts are not those that were written: the tables stay as they are.
        """
        broken = self._journal.stored.verify().broken
        if broken is not None:
            raise JournalBroken(self.run_id, str(broken))
        with self._told(), _uncollected():
            before_seq, before = self.seq(), self.digests()
            self._accounts = accounts = Accounts()
            while self._post(accounts, _AT_ONCE):
                pass
            self._clear()
            after = {name: self._write_anew(name, accounts) for name in TABLES}
            with self._database.connect() as connection, connection.begin():
                alone = self._advance(connection, 0, accounts.seq)
            if not alone:
                self.catch_up()  # somebody keeps the tables up meanwhile: so do we
            comparable = before_seq == accounts.seq
            return Rebuilt(
                facts=accounts.seq,
                rows={name: rows for name, (rows, _) in after.items()},
                digests={name: digest for name, (_, digest) in after.items()},
                differing=tuple(
                    name for name in TABLES if comparable and before.get(name) != after[name]
                ),
            )

    def seq(self) -> int:
        """Return the last fact that the tables have taken in, 0 when none."""
        with self._told(), self._database.connect() as connection:
            if not inspect(connection).has_table(PROJECTED.name):
                return 0
            position = select(PROJECTED.c.seq).where(PROJECTED.c.run_id == self.run_id)
            return connection.execute(position).scalar_one_or_none() or 0

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table as stored, in the order in which they are shown."""
        table, order = TABLES[name], PROJECTIONS[name].order
        shown = [table.c[column] for column in order]
        with self._told(), self._database.connect() as connection:
            for row in connection.execute(self._own(table).order_by(*shown)):
                yield row._asdict()

    def digests(self) -> dict[str, tuple[int, str]]:
        """Return by table how many rows are stored and the sha256 over them."""
        with self._told(), self._database.connect() as connection:
            there = set(inspect(connection).get_table_names())
            found = {
                name: stored_digest(connection, name, self.run_id)
                for name in TABLES
                if name in there
            }
            return {name: (digest.rows, digest.hexdigest()) for name, digest in found.items()}

    def _accounts_at(self, seq: int) -> Accounts:
        """Return the books as of a fact; another process may have moved the tables on."""
        if self._accounts is None or self._accounts.seq > seq:
            self._accounts = Accounts()
        accounts = self._accounts
        if accounts.seq < seq:
            self._post(accounts, seq - accounts.seq)
            accounts.forget_changes()
        return accounts

    def _post(self, accounts: Accounts, most: int) -> bool:
        """Post the next facts; False when there were none."""
        before = accounts.seq
        for fact in islice(self._journal.facts(before), most):
            accounts.post(fact)
        return accounts.seq > before

    def _clear(self) -> None:
        """Take the rows of every table away; make the tables that are missing."""
        with self._database.connect() as connection, connection.begin():
            METADATA.create_all(connection, [*TABLES.values(), PROJECTED])
            runs = select(func.count()).select_from(RUNS)
            alone = connection.execute(runs).scalar_one() == 1
            for table in (*TABLES.values(), PROJECTED):
                # Without a condition SQLite need not look for the rows one by one.
                rows = delete(table)
                connection.execute(rows if alone else rows.where(table.c.run_id == self.run_id))

    def _advance(self, connection: Connection, before: int, after: int) -> bool:
        """Move the position; False when somebody else has moved it."""
        connection.execute(
            _insert(connection, PROJECTED).on_conflict_do_nothing(),
            {"run_id": self.run_id, "seq": 0},
        )
        mine = and_(PROJECTED.c.run_id == self.run_id, PROJECTED.c.seq == before)
        return connection.execute(update(PROJECTED).where(mine).values(seq=after)).rowcount == 1

    def _write(self, connection: Connection, accounts: Accounts) -> None:
        for name in TABLES:
            form = RowForm(name, self.run_id)
            rows: list[Stored] = []
            gone: list[Key] = []
            for key, row in accounts.changes(name):
                if row is None:
                    gone.append(key)
                else:
                    rows.append(form.stored(row))
            delete_rows(connection, name, self.run_id, gone)
            put_rows(connection, name, rows)

    def _write_anew(self, name: str, accounts: Accounts) -> tuple[int, str]:
        """Write every row of books that were not asked before; return their number and digest."""
        form, digest = RowForm(name, self.run_id), TableDigest()
        rows = (form.stored(row) for _, row in accounts.changes(name) if row is not None)
        for some in batched(rows, _AT_ONCE, strict=False):
            digest.add([values[1:] for values in some])
            with self._database.connect() as connection, connection.begin():
                put_rows(connection, name, some)
        return digest.rows, digest.hexdigest()

    def _own(self, table: Table) -> Any:
        columns = [column for column in table.columns if column.name != "run_id"]
        return select(*columns).where(table.c.run_id == self.run_id)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell whatever the database refuses as a ``JournalError``."""
        try:
            yield
        except SQLAlchemyError as error:
            raise JournalError(
                f"cannot keep the tables of run {self.run_id} in {self._database}: {reason(error)}"
            ) from error


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the collector: books hold no cycles, and it would walk all their rows again and again.

    It costs a quarter of a long fold.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _insert(connection: Connection, table: Table) -> Any:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415  (a file need not load it)

    return postgresql.insert(table)
