"""What a run's lease is in its database: a row that its holder and a standby beat in."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from engine.journal import HolderBeat
from store.database.database import Database
from store.database.refusal import refusal
from store.database.schema import LEASES
from store.journal.process import Process

ANSWER_SECS = 1.0
"""A beat that takes longer is not waited for."""

HELD = LEASES.c.epoch, LEASES.c.beats, LEASES.c.holder, LEASES.c.fenced
"""Of a ``HolderBeat``."""

STOOD = LEASES.c.standby, LEASES.c.standby_beats
"""Of a ``StandbyBeat``."""


def elapsed_secs() -> float:
    """Return seconds of a clock that never jumps, and goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def this_process() -> str:
    """Return the name under which this process holds a run, or stands by."""
    return msgspec.json.encode(Process.current()).decode()


class Beats:
    """A connection of its own for beats: a commit of facts, however slow, holds none up."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def execute(self, statement: Any) -> Any:
        """Return the row that a statement returns, None without.

        Raises
        ------
        JournalError
            The server does not answer; the next statement connects again.
        """
        try:
            if self._connection is None:
                found = self._database.connect(answer_secs=ANSWER_SECS)
                self._connection = found.execution_options(isolation_level="AUTOCOMMIT")
                # a beat is of the present: one that a crash of the server loses is made up for
                self._connection.exec_driver_sql("set synchronous_commit = off")
            return self._connection.execute(statement).one_or_none()
        except SQLAlchemyError as error:
            self.close()
            raise refusal(f"no beat in {self._database}", error) from error

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None


def pass_on(connection: Connection, run_id: str, epoch: int) -> None:
    """Make a run's lease that of the process which claims it, within its transaction.

    No beat of an earlier holder is kept any more, and this process stands by no longer.
    """
    me = this_process()
    connection.execute(
        update(LEASES)
        .where(LEASES.c.run_id == run_id)
        .values(
            epoch=epoch,
            holder=me,
            beats=LEASES.c.beats + 1,
            fenced=False,
            standby=func.nullif(LEASES.c.standby, me),
        )
    )


def has_lapsed(connection: Connection, run_id: str, seen: HolderBeat) -> bool:
    """Say whether a lease still stands as it was seen when its term was over; it is locked then."""
    row = select(*HELD).where(LEASES.c.run_id == run_id).with_for_update()
    found = connection.execute(row).one_or_none()
    return found is not None and found.fenced and HolderBeat(*found) == seen
