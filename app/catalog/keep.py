"""Market data at rest: imported, taken over from a spool, listed, verified, exported, made up."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import msgspec

from app.backtest.asked_data import data_warnings
from catalog import Catalog, verify
from catalog.adopt import Adopted, adopt
from catalog.export import ExportReport, Target, export
from catalog.imports.formats import Format, Reading, TimeUnit
from catalog.imports.ingest import ImportOptions, ImportReport, import_files
from catalog.schema import Kind
from catalog.spool import Spooled
from catalog.verify import Verification
from catalog.warnings import TICKS, DayWarning
from engine.domain.errors import ConfigError, NotFoundError

type RowProgress = Callable[[float, float], None]
"""Hears of rows done and in all, as far as is known."""


class PartitionRow(msgspec.Struct):
    """What is stored of one kind on one day; ``letters`` one after the other."""

    kind: Kind
    date: str
    letters: str = ""
    rows: int = 0
    bytes: int = 0


class CatalogInfo(msgspec.Struct, frozen=True):
    """What a catalog holds, and what was found doubtful when it was imported."""

    catalog: str
    partitions: tuple[PartitionRow, ...]
    instruments: int
    warnings: tuple[DayWarning, ...] = ()


def imported(
    catalog: str,
    files: Sequence[str],
    kind: str,
    progress: RowProgress,
    *,
    form: str = "auto",
    columns: Sequence[str] = (),
    symbol: str | None = None,
    timezone: str = "UTC",
    time_unit: str = "ns",
    delimiter: str = ",",
    consolidate: bool | None = None,
    strict: bool = False,
    replace: bool = False,
) -> ImportReport:
    """Check, sort and store market data from files.

    Parameters
    ----------
    columns : sequence of str
        ``COLUMN=NAME``: ours, and its name in the files.

    Raises
    ------
    ConfigError
        The options do not go together.
    DataError
        A file cannot be read, or with ``strict`` a row is flawed.
    """
    if consolidate is not None and kind != "quotes":
        raise ConfigError(f"--consolidate and --no-consolidate are for quotes, these are {kind}")
    reading = Reading(_mapping(columns), symbol, timezone, TimeUnit(time_unit), delimiter)
    options = ImportOptions(Format(form), reading, consolidate, strict, replace)
    return import_files(
        Catalog(catalog),
        list(files),
        Kind(kind),
        options,
        lambda done, total: progress(done, total or done),
    )


def adopted(
    catalog: str, spool: Path, progress: RowProgress, *, replace: bool, remove: bool
) -> Adopted:
    """Store what a live run has heard as a day of the catalog; then remove it, if wanted."""
    found = adopt(
        Catalog(catalog),
        Spooled(spool),
        replace=replace,
        progress=lambda done, total: progress(done, total or done),
    )
    if remove:
        shutil.rmtree(spool)
    return found


def catalog_info(catalog: str) -> CatalogInfo:
    """Return what a catalog holds; raises ``NotFoundError`` where there is none."""
    stored = Catalog.open(catalog)
    rows: list[PartitionRow] = []
    for kind in Kind:
        by_day: dict[str, PartitionRow] = {}
        for day, letter in stored.partitions.stored(kind):
            manifest = stored.partitions.manifest(kind, day, letter)
            row = by_day.setdefault(str(day), PartitionRow(kind, str(day)))
            row.letters += letter
            row.rows += manifest.rows if manifest else 0
            row.bytes += manifest.size if manifest else 0
        rows += by_day.values()
    days = sorted({day for kind in TICKS for day, _ in stored.partitions.stored(kind)})
    warnings = data_warnings(stored, days)
    return CatalogInfo(catalog, tuple(rows), stored.instruments.table().num_rows, warnings)


def stored_dates(catalog: str) -> list[str]:
    """Return the dates whose trades are stored, ascending; none where there is no catalog."""
    try:
        return [str(day) for day in Catalog.open(catalog).dates()]
    except NotFoundError:
        return []


def verified(catalog: str, progress: RowProgress, *, quarantine: bool) -> Verification:
    """Hash everything again; move what is damaged to the quarantine folder, if wanted."""
    stored = Catalog.open(catalog)
    found = verify.verify(stored, progress)
    if quarantine:
        verify.quarantine(stored, found.findings)
    return found


def exported(
    catalog: str, out: Path, to: str, kind: str, first: date, last: date, progress: RowProgress
) -> tuple[ExportReport, int]:
    """Write market data of some dates; return what was written, and how many dates."""
    stored = Catalog.open(catalog)
    days = sorted({day for day, _ in stored.partitions.stored(Kind(kind)) if first <= day <= last})
    return export(stored, out, Target(to), Kind(kind), days, progress), len(days)


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise ConfigError(f"--map {pair}: expected COLUMN=NAME, such as price=last_px")
    return dict(pair.split("=", 1) for pair in pairs)
