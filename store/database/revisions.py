"""Revisions of the tables: the newest that this version knows, and that of given tables."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).parent / "migrations"
"""Alembic's folder; ``versions/`` holds files named by revision, ``0004_archive.py``."""

UNSTAMPED = "0001"
"""Files of the first version carry no revision: they held one run each, and only its facts."""


def newest_revision() -> str:
    """Return the revision that this version of tradectl works with.

    Every start asks, and Alembic takes a fifth of a second to load: it is left to who migrates.
    """
    files = (MIGRATIONS / "versions").glob("[0-9]*.py")
    return max(path.stem.partition("_")[0] for path in files)


def recorded_revision(connection: Connection) -> str | None:
    """Return the revision of the tables, None where there are none."""
    tables = inspect(connection)
    if tables.has_table("alembic_version"):
        stamped = connection.scalar(text("select version_num from alembic_version"))
        if stamped is not None:
            return stamped
    return UNSTAMPED if tables.has_table("facts") else None
