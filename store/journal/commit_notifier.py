"""Wakes a reader that waits for facts when somebody has committed some."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Self, cast

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from engine.domain.errors import JournalError
from store.database.database import Database
from store.database.refusal import reason
from store.journal.writer import CHANNEL

if TYPE_CHECKING:
    import psycopg

_POLL_SECS = 0.02


class CommitNotifier:
    """Waits for commits to a run: told by a server, looked for in a file.

    It listens from the moment it is made, so what is committed between a look and ``wait`` is not
    slept through.

    Raises
    ------
    JournalError
        The database cannot be reached, or was lost while waiting.
    """

    def __init__(self, database: Database, run_id: str) -> None:
        self._database = database
        self._run_id = run_id
        try:
            self._connection = database.connect()
            if not database.is_file:
                self._connection.execution_options(isolation_level="AUTOCOMMIT")
                self._connection.execute(text(f"LISTEN {CHANNEL}"))
            self._seen = self._data_version() if database.is_file else 0
        except SQLAlchemyError as error:
            raise self._lost(error) from error

    def wait(self, idle_secs: float | None = None) -> bool:
        """Wait for the next commit; return False when none came for ``idle_secs``."""
        until = time.monotonic() + (math.inf if idle_secs is None else idle_secs)
        try:
            return self._poll(until) if self._database.is_file else self._listen(until)
        except SQLAlchemyError as error:
            raise self._lost(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _poll(self, until: float) -> bool:
        while (version := self._data_version()) == self._seen:
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL_SECS)
        self._seen = version
        return True

    def _data_version(self) -> int:
        version = self._connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        self._connection.rollback()
        return version

    def _listen(self, until: float) -> bool:
        from psycopg import Error  # noqa: PLC0415  (of a server alone: a file need not load it)

        driver = cast("psycopg.Connection", self._connection.connection.driver_connection)
        try:
            while (left := until - time.monotonic()) > 0:
                timeout = None if math.isinf(left) else left
                for notice in driver.notifies(timeout=timeout, stop_after=1):
                    if notice.payload == self._run_id:
                        return True
        except Error as error:
            raise self._lost(error) from error
        return False

    def _lost(self, error: Exception) -> JournalError:
        return JournalError(
            f"cannot follow run {self._run_id} in {self._database}: {reason(error)}; follow again "
            "from the last fact that was read"
        )
