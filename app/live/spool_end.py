"""What becomes of the spool of a live day that is over."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from catalog import Catalog
from catalog.adopt import adopt
from catalog.spool import Heading, Spooled
from engine.domain.errors import DataError, NotFoundError


def clear_away(
    spool: Path | None, catalog: str | None, is_over: Callable[[str], bool]
) -> dict[str, int]:
    """Make a spool a day of the catalog, if wanted, and remove it; else it stays, to be asked.

    Those of earlier days make room for it, as far as their runs have ended.

    Parameters
    ----------
    is_over : callable
        Says of a run's id whether it came to its end.

    Returns
    -------
    dict of str to int
        The rows by kind that are stored in the catalog now.
    """
    if spool is None:
        return {}
    own = Spooled(spool)
    for folder in spool.parent.glob("*"):
        with suppress(NotFoundError, DataError):
            other = Heading.read(folder)
            if other.day < own.heading.day and is_over(other.run_id):
                shutil.rmtree(folder)
    if catalog is None:
        return {}
    adopted = adopt(Catalog(catalog), own)
    shutil.rmtree(spool)
    return {report.kind: report.rows_out for report in adopted.reports}
