"""Hop 6: facts → the tables of accounting, kept up to date or made anew."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Numeric,
    Table,
    and_,
    cast,
    delete,
    func,
    inspect,
    literal_column,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from engine.accounting import PROJECTIONS, Accounts, Key, columns_of
from engine.domain.errors import JournalError
from store.database import reason
from store.journal import SqlJournal
from store.projections import PROJECTED, TABLES, Usd, stored_usd
from store.schema import METADATA, RUNS

_FACTS_AT_ONCE = 50_000
"""Facts of one transaction: short enough that the writer of a file need not wait for long."""

_encode = msgspec.json.Encoder(decimal_format="string").encode


class Rebuilt(msgspec.Struct, frozen=True):
    """Tables that were dropped and made anew.

    Attributes
    ----------
    facts : int
        Of the run.
    rows : dict of str to int
        By table.
    digests : dict of str to str
        By table, sha256 over its sorted rows.
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

    def catch_up(self) -> int:
        """Take in what was committed since the last time; return the last fact taken in."""
        with self._told(), _uncollected():
            while True:
                stored = self.seq()
                accounts = self._accounts_at(stored)
                chunk = list(islice(self._journal.facts(stored), _FACTS_AT_ONCE))
                if not chunk:
                    return stored
                for fact in chunk:
                    accounts.post(fact)
                with self._database.connect() as connection, connection.begin():
                    if self._advance(connection, stored, accounts.seq):
                        self._write(connection, accounts)
                    else:
                        connection.rollback()
                        self._accounts = None  # somebody else was faster: look again

    def rebuild(self) -> Rebuilt:
        """Drop the rows of every table and make them anew from the first fact on."""
        with self._told():
            before_seq, before = self.seq(), self.digests()
            with self._database.connect() as connection, connection.begin():
                METADATA.create_all(connection, [*TABLES.values(), PROJECTED])
                runs = select(func.count()).select_from(RUNS)
                alone = connection.execute(runs).scalar_one() == 1
                for table in (*TABLES.values(), PROJECTED):
                    # Without a condition SQLite need not look for the rows one by one.
                    rows = delete(table)
                    own = rows if alone else rows.where(table.c.run_id == self.run_id)
                    connection.execute(own)
            self._accounts = None
            facts, after = self.catch_up(), self.digests()
            comparable = before_seq == facts
            return Rebuilt(
                facts=facts,
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
        """Yield the rows of a table as stored, in the order of its key."""
        table, key = TABLES[name], PROJECTIONS[name].key
        order = [table.c[column] for column in key]
        with self._told(), self._database.connect() as connection:
            for row in connection.execute(self._own(table).order_by(*order)):
                yield row._asdict()

    def digests(self) -> dict[str, tuple[int, str]]:
        """Return by table how many rows are stored and the sha256 over them, sorted."""
        with self._told(), self._database.connect() as connection:
            there = set(inspect(connection).get_table_names())
            return {
                name: self._digest(connection, table)
                for name, table in TABLES.items()
                if name in there
            }

    def _accounts_at(self, seq: int) -> Accounts:
        """Return the books as of a fact; another process may have moved the tables on."""
        if self._accounts is None or self._accounts.seq > seq:
            self._accounts = Accounts()
        accounts = self._accounts
        if accounts.seq < seq:
            for fact in islice(self._journal.facts(accounts.seq), seq - accounts.seq):
                accounts.post(fact)
            accounts.forget_changes()
        return accounts

    def _advance(self, connection: Connection, before: int, after: int) -> bool:
        """Move the position; False when somebody else has moved it."""
        connection.execute(
            _insert(connection, PROJECTED).on_conflict_do_nothing(),
            {"run_id": self.run_id, "seq": 0},
        )
        mine = and_(PROJECTED.c.run_id == self.run_id, PROJECTED.c.seq == before)
        return connection.execute(update(PROJECTED).where(mine).values(seq=after)).rowcount == 1

    def _write(self, connection: Connection, accounts: Accounts) -> None:
        for name, projection in PROJECTIONS.items():
            amounts = [
                place
                for place, column in enumerate(columns_of(projection.row))
                if column.type is Decimal
            ]
            rows: list[tuple[Any, ...]] = []
            gone: list[Key] = []
            for key, row in accounts.changes(name):
                if row is None:
                    gone.append(key)
                    continue
                values = list(msgspec.structs.astuple(row))
                for place in amounts:
                    values[place] = stored_usd(values[place], in_micros=self._database.is_file)
                rows.append((self.run_id, *values))
            self._delete(connection, name, gone)
            if rows:
                connection.exec_driver_sql(_upsert(connection, name), rows)

    def _delete(self, connection: Connection, name: str, keys: list[Key]) -> None:
        table, columns = TABLES[name], PROJECTIONS[name].key
        for key in keys:
            pairs = zip(columns, key, strict=True)
            named = [table.c[column] == value for column, value in pairs]
            connection.execute(delete(table).where(table.c.run_id == self.run_id, *named))

    def _digest(self, connection: Connection, table: Table) -> tuple[int, str]:
        columns = [
            _whole(connection, column) for column in table.columns if column.name != "run_id"
        ]
        rows = select(*columns).where(table.c.run_id == self.run_id)
        own = connection.execution_options(yield_per=_FACTS_AT_ONCE).execute(rows)
        lines = sorted(_encode(tuple(row)) for row in own)
        return len(lines), hashlib.sha256(b"\n".join(lines)).hexdigest()

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


def _whole(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """Return a column as a digest covers it: amounts as whole 1e-6 USD, in any database."""
    if not isinstance(column.type, Usd):
        return column
    if connection.dialect.name == "sqlite":
        return type_coerce(column, BigInteger)
    return cast(type_coerce(column, Numeric) * literal_column("1000000"), BigInteger)


def _insert(connection: Connection, table: Table) -> Any:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def _upsert(connection: Connection, name: str) -> str:
    """Return the statement that puts a row in its place; its values are those of a row, in order.

    It goes to the driver as it is: a million rows are too many to be looked at one by one.
    """
    statement = _insert(connection, TABLES[name])
    rest = {
        column.name: statement.excluded[column.name]
        for column in TABLES[name].columns
        if not column.primary_key
    }
    key = ["run_id", *PROJECTIONS[name].key]
    compiled = statement.on_conflict_do_update(index_elements=key, set_=rest).compile(
        connection.engine
    )
    text = str(compiled)
    if compiled.positiontup is None:
        text = text % {column.name: "%s" for column in TABLES[name].columns}
    return text
