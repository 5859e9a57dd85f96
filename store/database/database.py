"""The database that keeps the facts: one SQLite file, or a PostgreSQL server."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    URL,
    Connection,
    Dialect,
    NullPool,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from engine.domain.errors import ConfigError, JournalError
from store.database.refusal import refusal
from store.database.revisions import newest_revision, recorded_revision
from store.tables.projections import METADATA
from store.tables.timescale import make_hypertables, time_series

if TYPE_CHECKING:
    from store.database.answers import AnsweredConnection

_BUSY_MS = 5_000
"""How long a file is waited for that another process has locked."""

_log = logging.getLogger(__name__)

_WRITES_FIRST = "writes_first"
"""A transaction of a file that is to write waits for its turn when it begins; later is too late."""
_MAKING = 7_461_001
"""Of the lock of whoever makes or changes the tables of a server's database."""

_SERVER = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""Seconds, and milliseconds, after which a server is lost that cannot be reached any more."""


class Database:
    """Where facts rest, and in which shape.

    Parameters
    ----------
    url : str or Path
        ``postgresql://user:password@host/name``, ``sqlite:///folder/file``, or the path of a SQLite
        file. Nothing is connected to before it is needed.

    Raises
    ------
    ConfigError
        The URL names neither.
    """

    def __init__(self, url: str | Path) -> None:
        self.url = _parsed(url)
        self.is_file = self.url.drivername == "sqlite"
        self._engine = create_engine(
            self.url,
            poolclass=NullPool,
            connect_args={"check_same_thread": False} if self.is_file else _SERVER,
        )
        if self.is_file:
            event.listen(self._engine, "connect", _configure_file)
            event.listen(self._engine, "begin", _begin)
        else:
            event.listen(self._engine, "do_connect", _connect)

    def __str__(self) -> str:
        if self.is_file:
            return str(self.path)
        return self.url.set(drivername="postgresql").render_as_string()

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.url.database or "")

    def connect(self, *, answer_secs: float | None = None) -> Connection:
        """Open a connection of its own.

        Parameters
        ----------
        answer_secs : float, optional
            A server that takes longer over a statement is lost; without it, it takes its time. A
            file has a limit of its own.
        """
        connection = self._engine.connect()
        if not self.is_file:
            driver = cast("AnsweredConnection", connection.connection.driver_connection)
            driver.answer_secs = answer_secs
        return connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database, whoever writes meanwhile.

        Raises
        ------
        JournalError
            The database cannot be read.
        """
        if self.is_file:
            # Only beside a file that is written ahead of does a long look stop no writer.
            with suppress(JournalError):
                self.set_journal_mode("WAL")
        try:
            with self.connect() as connection:
                if not self.is_file:
                    connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection
        except SQLAlchemyError as error:
            raise refusal(f"cannot read {self}", error) from error
        finally:
            self.settle()

    def settle(self) -> None:
        """Leave a file plain, with nothing beside it, unless somebody still uses it."""
        if self.is_file:
            with suppress(JournalError):
                self.set_journal_mode("DELETE")

    def create(self) -> None:
        """Make the tables of a database that has none; one that has them is brought up to date.

        Raises
        ------
        JournalError
            It cannot be reached or written, or was made by a newer version.
        """
        with _told(f"cannot open {self}"):
            if self.is_file:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            present = self.revision()
            if present == newest_revision():
                return
            from store.database.migration import migrate, stamp  # noqa: PLC0415  (loads Alembic, for long)

            if self.is_file:
                self.set_journal_mode("WAL")
            with self._alone() as connection:
                present = recorded_revision(connection)
                if present == newest_revision():
                    return
                if present is not None:
                    migrate(connection, present, "head")
                    return
                METADATA.create_all(connection)
                make_hypertables(connection)
                stamp(connection)
                _log.info("made the tables of %s", self)

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables, and what is in them, up or down to a revision.

        Raises
        ------
        JournalError
            It cannot be reached or written, or there is no such revision.
        """
        from store.database.migration import migrate  # noqa: PLC0415  (the same)

        with _told(f"cannot migrate {self}"), self._engine.begin() as connection:
            migrate(connection, recorded_revision(connection), revision)

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """Yield a transaction in which nobody else makes or changes tables."""
        engine = self._engine.execution_options(**{_WRITES_FIRST: True})
        with engine.begin() as connection:
            if not self.is_file:
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _MAKING})
            yield connection

    def revision(self) -> str | None:
        """Return the revision of the tables, None where there are none."""
        if self.is_file and not self.path.is_file():
            return None
        with _told(f"cannot read {self}"), self._engine.connect() as connection:
            return recorded_revision(connection)

    def time_series(self) -> str:
        """Say how time series rest: as hypertables of TimescaleDB or as plain tables."""
        with _told(f"cannot read {self}"), self._engine.connect() as connection:
            return time_series(connection)

    def set_journal_mode(self, mode: str) -> None:
        """Let SQLite write ahead into a file beside (``WAL``) or not (``DELETE``).

        Raises
        ------
        JournalError
            The file cannot be written, or somebody else has it open.
        """
        try:
            with closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute(f"PRAGMA journal_mode={mode}")
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise refusal(f"cannot write {self}", error) from error


def _parsed(url: str | Path) -> URL:
    if isinstance(url, Path) or "://" not in url:
        return URL.create("sqlite", database=str(url))
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("unknown")
    match parsed.get_backend_name():
        case "sqlite":
            return parsed.set(drivername="sqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql+psycopg")
        case _:
            raise ConfigError(
                "expected a database like postgresql://user@host/name or sqlite:///folder/file, "
                f"found one that begins with {url.partition('://')[0]}://"
            )


def _configure_file(connection: DBAPIConnection, _record: object) -> None:
    # SQLAlchemy's recipe for sqlite3: transactions begin where it says, around DDL as well.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _connect(
    _dialect: Dialect, _record: object, words: tuple[Any, ...], settings: dict[str, Any]
) -> DBAPIConnection:
    from store.database.answers import AnsweredConnection  # noqa: PLC0415  (a file need not load psycopg)

    return cast("DBAPIConnection", AnsweredConnection.connect(*words, **settings))


def _begin(connection: Connection) -> None:
    is_first = connection.get_execution_options().get(_WRITES_FIRST, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_first else "BEGIN")


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell whatever the database refuses as a ``JournalError``."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise refusal(what, error) from error
