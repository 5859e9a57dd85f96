"""Files of any known format into the catalog: read, check, sort, split, store.

    file → raw rows → flaws set aside → coded rows → sorted out of core → a part per date and letter

Nothing is stored until every file has been read and compared with what is stored already.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem
from numpy.typing import NDArray

from catalog.imports.consolidate import BestQuotes
from catalog.imports.formats import RAW_SCHEMAS, Format, Reading
from catalog.imports.formats.files import bare_name
from catalog.imports.intake import Intake
from catalog.imports.staging import PART_KEY, Conflict, Staging, partition_of
from catalog.layout import PART, QUARANTINE_FOLDER
from catalog.partition import Manifest, write_manifest, write_part, write_partition
from catalog.quality import Observer
from catalog.schema import Kind
from catalog.store import Catalog
from catalog.warnings import (
    TICKS,
    DataWarning,
    DayWarning,
    Doubts,
    in_words,
    of_import,
    of_rows,
    shown_by_rows,
    summed,
)
from engine.domain.counted import counted
from engine.domain.errors import DataError
from engine.domain.session import is_session, session

_log = logging.getLogger(__name__)

type Progress = Callable[[int, int], None]
"""Called with rows done and rows in all, which is 0 while the files are read."""

_SHOWN_CONFLICTS = 3


class ImportOptions(msgspec.Struct, frozen=True):
    """How files are imported.

    Attributes
    ----------
    form, reading
        What the files are and how their columns are meant.
    consolidate : bool or None
        Quotes are of single venues: store the best bid and offer over all. False says that they
        are best already, None that nobody has said.
    strict : bool
        Refuse everything at the first flawed row instead of setting it aside.
    replace : bool
        Let imported symbols take the place of rows stored for the same date that differ.
    """

    form: Format = Format.AUTO
    reading: Reading = Reading()
    consolidate: bool | None = None
    strict: bool = False
    replace: bool = False


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did.

    Attributes
    ----------
    rows_in, rows_out : int
        Rows read, and rows without a flaw.
    rejected : dict
        Rows set aside, by flaw; they lie in ``quarantine``, a path under the catalog root.
    out_of_order : int
        Rows earlier than the row above them of the same symbol; sorted on the way.
    without_arrival : int
        Rows that had no ``ts_init`` and got ``ts_event``.
    stored, unchanged : int
        Partitions written, and partitions that held the same rows already.
    stored_rows : int
        Rows of the partitions written, with those that were there before.
    quality : dict
        Counts over the partitions written; see ``Observed``.
    warnings : list of DayWarning
        What may not be what was meant, however well it could be stored.
    """

    kind: str
    files: list[str]
    rows_in: int
    rows_out: int
    rejected: dict[str, int]
    out_of_order: int
    without_arrival: int
    quarantine: str | None
    dates: list[date] = []
    stored: int = 0
    unchanged: int = 0
    stored_rows: int = 0
    quality: dict[str, int] = {}
    warnings: list[DayWarning] = []


def import_files(
    catalog: Catalog,
    files: Sequence[str],
    kind: Kind,
    options: ImportOptions | None = None,
    progress: Progress = lambda *_: None,
) -> ImportReport:
    """Store the rows of some files.

    A symbol's rows of a date that are stored already are left alone; other symbols of the same
    date are added beside them. So importing twice changes nothing.

    Raises
    ------
    NotFoundError
        A file does not exist.
    ConfigError
        A format or column is not what the options say, or the catalog cannot be written.
    DataError
        A file is damaged, no row is without a flaw, a row has one and the import is strict, or
        rows differ from those stored for the same symbol and date and may not replace them.
    RunError
        The disk is full.
    """
    options = options or ImportOptions()
    folder = Path(catalog.root) if isinstance(catalog.fs, LocalFileSystem) else None
    with ExitStack() as stack:
        staging = stack.enter_context(Staging(kind, folder))
        intake = Intake(
            staging,
            options.form,
            options.reading,
            one_sided=bool(options.consolidate),
            strict=options.strict,
        )
        for path in files:
            for rows in intake.read(path):
                progress(rows, 0)
        staging.flush()
        report = ImportReport(
            kind=kind,
            files=[bare_name(path) for path in files],
            rows_in=intake.rows_in,
            rows_out=intake.rows_out,
            rejected=dict(intake.rejected),
            out_of_order=intake.out_of_order,
            without_arrival=intake.without_arrival,
            quarantine=_quarantine(catalog, files, staging) if intake.rejected else None,
        )
        if not report.rows_out:
            raise DataError(_nothing_to_store(report))
        if options.consolidate:
            best = stack.enter_context(Staging(kind, folder, staging.vocabularies))
            _consolidate(staging, best)
            staging = best
        imported = _merge(catalog, staging, replace=options.replace)
        doubts = Doubts(
            imported,
            staging.vocabularies["symbol"].texts,
            of_import(report.rows_in, report.rows_out),
            intake.of_several_venues() if options.consolidate is None else (),
            intake.on_unknown_tapes(),
        )
        written = _store(catalog, staging, intake.rejected_by_part, doubts, report, progress)
        for key in imported.keys() - written:
            _take_back(catalog, kind, key, doubts)
        manifests = (catalog.partitions.manifest(kind, *partition_of(key)) for key in imported)
        doubtful = summed(each for stored in manifests if stored for each in stored.warnings)
        report.warnings = in_words(doubtful, kind)
        report.dates = sorted({partition_of(key)[0] for key in imported})
        report.unchanged = len(imported) - report.stored
        catalog.instruments.add_tapes(intake.tapes)
    _log.info(
        "imported %d of %d rows of %s from %d files into %s",
        report.rows_out,
        report.rows_in,
        kind,
        len(files),
        catalog.root,
    )
    return report


def _consolidate(venues: Staging, best: Staging) -> None:
    """Fill one staging with the best quotes over the venues of another."""
    n_symbols, n_venues = (len(venues.vocabularies[name].texts) for name in ("symbol", "exchange"))
    for key, batches in groupby(venues.in_order(), key=itemgetter(0)):
        quotes = BestQuotes(n_symbols, n_venues)
        for _, columns in batches:
            rows = quotes.consolidate(columns)
            best.add({PART_KEY: np.full(len(rows["symbol"]), key), **rows})
    best.flush()


def _merge(catalog: Catalog, staging: Staging, *, replace: bool) -> dict[int, dict[int, int]]:
    """Leave in a staging what has to be written: new rows, and stored ones beside them.

    Returns the rows imported of each symbol id, for each partition, by key.
    """
    imported = staging.parts()
    present = {
        key for key in imported if catalog.partitions.manifest(staging.kind, *partition_of(key))
    }
    if not present:
        return imported
    for key in present:
        row = 0
        for table in catalog.partitions.tables(staging.kind, *partition_of(key)):
            staging.add_stored(key, table, row)
            row += table.num_rows
    conflicts = staging.conflicts()
    if conflicts and not replace:
        raise DataError(_explain(conflicts, staging.kind))
    staging.merge()
    return imported


def _store(
    catalog: Catalog,
    staging: Staging,
    rejected: Mapping[int, int],
    doubts: Doubts,
    report: ImportReport,
    progress: Progress,
) -> set[int]:
    """Write every partition of a staging, and return their keys."""
    n_symbols = len(staging.vocabularies["symbol"].texts)
    conditions = staging.vocabularies.get("conditions")
    codes = conditions.texts if conditions else []
    total: Counter[str] = Counter()
    written: set[int] = set()
    for key, batches in groupby(staging.in_order(), key=itemgetter(0)):
        day, letter = partition_of(key)
        observer = Observer(session(day) if is_session(day) else None, codes, n_symbols)
        found: list[DataWarning] = []
        before = catalog.partitions.manifest(staging.kind, day, letter)
        quality = {"rejected": rejected.get(key, 0)}
        if before is not None:
            quality["rejected"] += before.quality.get("rejected", 0)
        sources = (*(before.source if before else ()), *report.files)
        manifest = write_partition(
            catalog.fs,
            catalog.root,
            staging.kind,
            day,
            letter,
            _observed(
                batches,
                staging,
                observer,
                quality,
                partial(_warn, found, doubts, staging.kind, key, before),
            ),
            source=tuple(dict.fromkeys(sources)),
            quality=quality,
            warnings=found,
        )
        total.update(msgspec.structs.asdict(observer.observed))
        written.add(key)
        report.stored += 1
        report.stored_rows += manifest.rows
        progress(report.stored_rows, report.rows_out)
    report.quality = dict(total)
    return written


def _warn(
    found: list[DataWarning],
    doubts: Doubts,
    kind: Kind,
    key: int,
    before: Manifest | None,
    seen: Observer,
) -> None:
    """Add what there is to say of a partition whose rows have all been seen by now."""
    by_rows = of_rows(seen) if kind in TICKS else []
    found += doubts.of_partition(key, seen.rows, by_rows, before.warnings if before else ())


def _take_back(catalog: Catalog, kind: Kind, key: int, doubts: Doubts) -> None:
    """Keep with a partition, whose rows an import leaves as they are, what is said of it now."""
    stored = catalog.partitions.manifest(kind, *partition_of(key))
    assert stored is not None  # noqa: S101 - its rows are there, or it would have been written
    by_rows = shown_by_rows(stored.warnings)
    now = tuple(doubts.of_partition(key, stored.rows, by_rows, stored.warnings))
    if now != stored.warnings:
        kept = msgspec.structs.replace(stored, warnings=now)
        write_manifest(catalog.fs, catalog.partitions.folder(kind, *partition_of(key)), kept)


def _observed(
    batches: Iterator[tuple[int, dict[str, NDArray[Any]]]],
    staging: Staging,
    observer: Observer,
    quality: dict[str, int],
    on_end: Callable[[Observer], None],
) -> Iterator[pa.Table]:
    """Yield one partition's rows as tables; the counts are in ``quality`` after the last."""
    for _, columns in batches:
        observer.see(columns)
        yield staging.arrow(columns)
    quality |= msgspec.structs.asdict(observer.observed)
    on_end(observer)


def _quarantine(catalog: Catalog, files: Sequence[str], staging: Staging) -> str:
    """Write the rows that were set aside and return the path under the catalog root."""
    digest = hashlib.sha256("\n".join(files).encode()).hexdigest()[:8]
    folder = f"{QUARANTINE_FOLDER}/import/{staging.kind}-{digest}"
    schema = RAW_SCHEMAS[staging.kind]
    schema = schema.append(pa.field("source", pa.string())).append(pa.field("row", pa.int64()))
    sources = tuple(bare_name(path) for path in files)
    write_part(
        catalog.fs, f"{catalog.root}/{folder}", schema, staging.were_set_aside(), source=sources
    )
    return f"{folder}/{PART}"


def _nothing_to_store(report: ImportReport) -> str:
    names = ", ".join(report.files)
    if not report.rows_in:
        return f"{names}: no rows at all; nothing was stored"
    flaws = ", ".join(f"{count:,} {flaw}" for flaw, count in report.rejected.items())
    return (
        f"{names}: none of {report.rows_in:,} rows can be stored ({flaws}); "
        f"they lie in {report.quarantine}"
    )


def _explain(conflicts: Sequence[Conflict], kind: Kind) -> str:
    shown = "; ".join(
        f"{conflict.symbol} on {conflict.day} ({counted(conflict.stored_rows, 'row')} stored, "
        f"{conflict.imported_rows:,} imported)"
        for conflict in conflicts[:_SHOWN_CONFLICTS]
    )
    more = len(conflicts) - _SHOWN_CONFLICTS
    return (
        f"{kind} that differ are stored already: {shown}{f' and {more} more' if more > 0 else ''}; "
        "nothing was changed. Use --replace to let the imported ones take their place"
    )
