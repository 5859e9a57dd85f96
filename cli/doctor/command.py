"""All checks in turn, as a table with remedies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    AsJson,
    CatalogPath,
    Database,
    RunsPath,
)
from cli.terminal.output import command, emit
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from app.doctor.check import Check

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@command
def doctor(
    catalog: CatalogPath = DEFAULT_CATALOG,
    database: Database = DEFAULT_DATABASE,
    runs: RunsPath = DEFAULT_RUNS,
    redis: Annotated[
        str | None, typer.Option("--redis", envvar="TRADECTL_REDIS", help="redis://host:port.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check this machine and everything tradectl needs; name the remedy of what is wrong.

    Exit code 0: everything works, warnings apart. 1: something cannot work.
    """
    import msgspec

    from app.doctor.check import Status

    found = list(_checks(catalog, database, runs, redis))
    is_fit = all(check.status is not Status.FAIL for check in found)
    result = {"status": "ok" if is_fit else "fail", "checks": msgspec.to_builtins(found)}

    def page(console: Console) -> None:
        table = Table("check", "", "found", "remedy", box=None)
        for check in found:
            style = _STYLES[check.status]
            said = (Text(check.finding), Text(check.remedy))
            table.add_row(check.name, f"[{style}]{check.status}[/]", *said)
        console.print(table)

    emit(result, as_json=as_json, page=page)
    if not is_fit:
        raise typer.Exit(ExitCode.FAILED)


def _checks(catalog: str, database: str, runs: Path, redis_url: str | None) -> Iterator[Check]:
    from app.doctor import stored
    from app.doctor.access import permissions, secrets
    from app.doctor.disk import Kept, disk
    from app.doctor.machine import clock, packages, python
    from app.doctor.preflight import Need, compiled_code, limits, local_files, places
    from app.doctor.redis_ping import redis
    from store import Database as Store

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
        kept.append(Kept("database", Store(database).path.parent, looked_at.daily_bytes))
    yield from disk(kept)
    yield about_catalog
    yield from about_database
    yield redis(redis_url)
    yield permissions(one.folder for one in kept)
    yield from limits(Need.LIVE)
    yield from places(Need.LIVE, local_files([database]), [runs])
    yield compiled_code()
    yield secrets(os.environ)
