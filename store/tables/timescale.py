"""Time series become hypertables where TimescaleDB is installed, else they stay plain.

``create_hypertable`` in its older form, which every release has. TimescaleDB 2.23 took these tables
and statements by hand, in a build of PostgreSQL for WebAssembly; no test runs on a server with it.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from engine.accounting import PROJECTIONS

_DAY_NS = 86_400_000_000_000
_log = logging.getLogger(__name__)


def make_hypertables(connection: Connection) -> None:
    """Turn the empty time series of a database into hypertables, a day to each chunk.

    Without the extension, or the right to create it, they stay plain tables; the log says which.
    """
    if _version(connection) is None and not _create_extension(connection):
        _log.info("time series are plain tables: %s", time_series(connection))
        return
    for table in PROJECTIONS.values():
        if table.time is not None:
            connection.execute(
                text(
                    "select create_hypertable(cast(:name as regclass), cast(:time as name), "
                    "chunk_time_interval => cast(:interval as bigint), if_not_exists => true, "
                    "create_default_indexes => false)"
                ),
                {"name": table.name, "time": table.time, "interval": _DAY_NS},
            )
    _log.info("time series are hypertables: %s", time_series(connection))


def time_series(connection: Connection) -> str:
    """Say how the time series of a database rest."""
    if connection.dialect.name == "sqlite":
        return "plain tables (SQLite)"
    version = _version(connection)
    if version is None:
        return "plain tables (no TimescaleDB)"
    return f"hypertables (TimescaleDB {version})"


def _version(connection: Connection) -> str | None:
    if connection.dialect.name == "sqlite":
        return None
    return connection.execute(
        text("select extversion from pg_extension where extname = 'timescaledb'")
    ).scalar_one_or_none()


def _create_extension(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return False
    offered = "select 1 from pg_available_extensions where name = 'timescaledb'"
    if connection.execute(text(offered)).scalar_one_or_none() is None:
        return False
    # A server that has not preloaded it ends the connection of whoever creates it. Who may not
    # read the list of what is preloaded sees one of its settings, which are there only then.
    preloaded = "select current_setting('timescaledb.disable_load', true)"
    if connection.execute(text(preloaded)).scalar_one_or_none() is None:
        _log.warning("TimescaleDB is there but not among the server's shared_preload_libraries")
        return False
    try:
        with connection.begin_nested():
            connection.execute(text("create extension timescaledb"))
    except DBAPIError as error:
        _log.warning("TimescaleDB is there but cannot be created: %s", error.orig)
        return False
    return True
