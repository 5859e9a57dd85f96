"""A spool becomes a day of the catalog."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

import msgspec

from catalog.imports.formats import Format
from catalog.imports.ingest import ImportOptions, ImportReport, Progress, import_files
from catalog.schema import Kind
from catalog.spool.chunks import bodies
from catalog.spool.heading import KINDS
from catalog.spool.spooled import Spooled
from catalog.store import Catalog
from engine.domain.errors import DataError


class Adopted(msgspec.Struct, frozen=True):
    """What came of a spool; kinds of which nothing arrived have no report."""

    run_id: str
    reports: tuple[ImportReport, ...]


def adopt(
    catalog: Catalog,
    spooled: Spooled,
    *,
    replace: bool = False,
    progress: Progress = lambda *_: None,
) -> Adopted:
    """Store what a run has heard, sorted by arrival; a second time changes nothing.

    What was adopted from a run before it went on makes way for what there is of it now.

    Parameters
    ----------
    replace : bool
        Let it also take the place of rows from elsewhere that differ.

    Raises
    ------
    DataError
        Nothing arrived, a file is damaged, or other rows are stored for a symbol and date.
    ConfigError, RunError
        The catalog cannot be written.
    """
    reports: list[ImportReport] = []
    heading = spooled.heading
    for kind in KINDS:
        files = [path for path in spooled.files(kind) if any(True for _ in bodies(path))]
        if not files:
            continue
        options = ImportOptions(
            form=Format.SPOOL,
            replace=replace or is_of_run(catalog, kind, heading.run_id, heading.day),
        )
        reports.append(
            import_files(catalog, [str(path) for path in files], kind, options, progress)
        )
    if not reports:
        raise DataError(f"{spooled.folder}: nothing arrived in run {heading.run_id}")
    heard = {symbol for batch in spooled.trades() for symbol in batch.symbols}
    catalog.instruments.add_tapes(
        {name: tape for name, tape in heading.tapes.items() if name in heard}
    )
    return Adopted(heading.run_id, tuple(reports))


def is_of_run(catalog: Catalog, kind: Kind, run_id: str, date_: date) -> bool:
    """Say whether all that is stored of a date came from what a run has heard."""
    run = f"{quote(run_id, safe='')}.{kind}-"
    manifests = [
        catalog.partitions.manifest(kind, day, letter)
        for day, letter in catalog.partitions.stored(kind)
        if day == date_
    ]
    sources = [name for manifest in manifests if manifest for name in manifest.source]
    return bool(sources) and all(name.startswith(run) for name in sources)
