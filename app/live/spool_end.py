"""What becomes of the spool of a live day that is over."""

from __future__ import annotations

import shutil
from pathlib import Path

from catalog import Catalog
from catalog.adopt import adopt
from catalog.spool import Spooled


def clear_away(spool: Path | None, catalog: str | None) -> dict[str, int]:
    """Remove a spool that is not needed any more; first make it a day of the catalog, if wanted.

    Returns the rows by kind that are stored in the catalog now.
    """
    rows: dict[str, int] = {}
    if spool is not None:
        if catalog is not None:
            adopted = adopt(Catalog(catalog), Spooled(spool))
            rows = {report.kind: report.rows_out for report in adopted.reports}
        shutil.rmtree(spool)
    return rows
