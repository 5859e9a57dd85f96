"""Every check of this machine, in the order in which they are shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from app.doctor import stored
from app.doctor.access import permissions, secrets
from app.doctor.check import Check
from app.doctor.disk import Kept, disk
from app.doctor.machine import clock, packages, python
from app.doctor.preflight import Need, compiled_code, limits, local_files, places
from app.doctor.redis_ping import redis
from store import Database


def all_checks(catalog: str, database: str, runs: Path, redis_url: str | None) -> Iterator[Check]:
    """Yield what each check finds; none raises."""
    yield python()
    yield packages()
    yield clock()
    about_catalog, daily_bytes = stored.catalog(catalog)
    looked_at = stored.LookedAt(database)
    about_database = list(looked_at.checks())
    kept = [Kept("runs", runs)]
    if "://" not in catalog:
        kept.append(Kept("catalog", Path(catalog), daily_bytes))
    if "://" not in database or database.startswith("sqlite:"):
        kept.append(Kept("database", Database(database).path.parent, looked_at.daily_bytes))
    yield from disk(kept)
    yield about_catalog
    yield from about_database
    yield redis(redis_url)
    yield permissions(one.folder for one in kept)
    yield from limits(Need.LIVE)
    yield from places(Need.LIVE, local_files([database]), [runs])
    yield compiled_code()
    yield secrets(os.environ)
