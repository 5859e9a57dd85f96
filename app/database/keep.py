"""The database of facts: what it is, brought to a revision, backed up, restored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from store import (
    BackupManifest,
    Database,
    Journals,
    back_up,
    check_backup,
    newest_revision,
    restore,
)

type FactProgress = Callable[[float, float], None]
"""Hears of facts done and in all."""


class DatabaseInfo(msgspec.Struct, frozen=True):
    """What a database is; ``time_series`` is None while it is not up to date."""

    database: str
    kind: str
    revision: str | None
    newest_revision: str
    time_series: str | None
    runs: int
    facts: int

    @property
    def is_current(self) -> bool:
        """Whether its tables are those of this version."""
        return self.revision == self.newest_revision


class Migrated(msgspec.Struct, frozen=True):
    """A database brought from one revision to another."""

    database: str
    before: str | None
    after: str | None
    time_series: str


class Copied(msgspec.Struct, frozen=True):
    """What is in a backup, and which chains were broken when it was written."""

    runs: int
    facts: int
    heads: dict[str, str]
    broken: dict[str, str]
    sha256: str


def database_info(database: str) -> DatabaseInfo:
    """Return what a database is and holds."""
    store = Database(database)
    revision = store.revision()
    current = revision == newest_revision()
    runs = Journals(store).runs() if current else []
    return DatabaseInfo(
        database=str(store),
        kind="SQLite" if store.is_file else "PostgreSQL",
        revision=revision,
        newest_revision=newest_revision(),
        time_series=store.time_series() if current else None,
        runs=len(runs),
        facts=sum(run.facts for run in runs),
    )


def migrated(database: str, to: str) -> Migrated:
    """Make the tables of a database, or bring them to a revision, ``head`` for the newest."""
    store = Database(database)
    before = store.revision()
    if before is None and to == "head":
        store.create()
    else:
        store.migrate(to)
    return Migrated(str(store), before, store.revision(), store.time_series())


def backed_up(database: str, file: Path, progress: FactProgress) -> tuple[str, Copied]:
    """Write all runs to one file and check it; return the database's name and what was copied."""
    source = Journals.existing(database).database
    return str(source), _copied(back_up(source, file, progress))


def checked_backup(file: Path) -> Copied:
    """Read a backup from end to end, and touch nothing."""
    return _copied(check_backup(file))


def restored(file: Path, database: str, progress: FactProgress) -> tuple[str, Copied]:
    """Put all runs of a backup into an empty database; return its name and what was copied."""
    target = Database(database)
    return str(target), _copied(restore(file, target, progress))


def _copied(manifest: BackupManifest) -> Copied:
    return Copied(
        runs=len(manifest.runs),
        facts=manifest.facts,
        heads={run_id: found.head for run_id, found in manifest.runs.items()},
        broken={
            run_id: f"fact {found.broken.seq}: {found.broken.detail}"
            for run_id, found in manifest.runs.items()
            if found.broken
        },
        sha256=manifest.sha256,
    )
