"""Where the prints of a run's day are: in its catalog, or in the spool that a live run keeps."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from app.runs.kept_runs import Kept, KeptInDatabase
from catalog import Catalog
from catalog.spool import Spooled, spool_folder
from engine.domain.errors import NotFoundError
from engine.domain.market_data.trades import TradeBatch
from store import Database

_SPOOL = "spool"
_DEFAULT = Path("data")

_log = logging.getLogger(__name__)


def spool_root(database: Database) -> Path:
    """Return where spools lie: beside a database that is a file, else in the data folder."""
    return (database.path.parent if database.is_file else _DEFAULT) / _SPOOL


def spool_of(run: Kept | None) -> Spooled | None:
    """Return what a live run has heard, as far as that is kept; None of any other run."""
    if not isinstance(run, KeptInDatabase):
        return None
    try:
        return Spooled(spool_folder(spool_root(run.database), run.run_id))
    except NotFoundError:
        return None


class SpooledPrints:
    """The prints of some symbols, read off a spool that may be written meanwhile.

    Attributes
    ----------
    heard_ns : int
        Arrival of the last print of any symbol that was read, UTC ns.
    """

    def __init__(self, spooled: Spooled, symbols: Sequence[str]) -> None:
        self.heard_ns = 0
        self._spooled = spooled
        self._symbols = frozenset(symbols)

    def tapes(self, day: date) -> Mapping[str, str]:  # noqa: ARG002  (the port asks by day)
        """Return the tape letter of each symbol that has one on record."""
        return self._spooled.heading.tapes

    def trade_batches(self, day: date, letter: str) -> Iterator[TradeBatch]:  # noqa: ARG002
        """Yield the symbols' prints in order of arrival."""
        ids: list[int] = []
        seen = 0
        for batch in self._spooled.trades():
            names = batch.symbols
            ids += [k for k in range(seen, len(names)) if names[k] in self._symbols]
            seen = len(names)
            self.heard_ns = int(batch.ts_init[-1])
            own = batch.rows(np.isin(batch.symbol_id, ids))
            if len(own):
                places = np.searchsorted(ids, own.symbol_id).astype(np.int32)
                yield replace(own, symbol_id=places, symbols=tuple(names[k] for k in ids))


@dataclass(frozen=True, slots=True)
class WantedCatalog:
    """Which catalog somebody wants to look into.

    Attributes
    ----------
    asked : str or None
        The one that was named; None for the run's own.
    default : str
        Where there is no run, or it does not say.
    """

    asked: str | None
    default: str

    def of(self, run: Kept | None) -> str:
        """Return its root: a folder or a URL."""
        return self.asked or (run.catalog if run else "") or self.default

    def opened(self, run: Kept | None) -> Catalog:
        """Open it.

        Raises
        ------
        NotFoundError
            It is not there; it may be the run's, and have been moved since.
        """
        try:
            return Catalog.open(self.of(run))
        except NotFoundError as error:
            if self.asked or run is None or not run.catalog:
                raise
            raise NotFoundError(
                f"{run.run_id} read its days from {run.catalog}, and there is no catalog: name "
                "where it is now with --catalog"
            ) from error


@contextmanager
def day_market(run: Kept | None, wanted: WantedCatalog) -> Iterator[Catalog]:
    """Yield the market data of a run's day: what it heard itself, where that is kept.

    A spool is sorted into a catalog of its own first, which is gone afterwards: of a whole market
    that takes minutes.

    Raises
    ------
    NotFoundError
        Nothing is kept, and there is no catalog.
    DataError
        Nothing has arrived yet, or the spool is damaged.
    """
    from catalog.adopt import adopt

    spooled = spool_of(run)
    if spooled is None:
        yield wanted.opened(run)
        return
    with tempfile.TemporaryDirectory(prefix="tradectl-day-") as folder:
        _log.info("%s is sorted by symbol", spooled.folder)
        market = Catalog(folder)
        adopt(market, spooled)
        yield market
