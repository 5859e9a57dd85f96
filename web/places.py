"""Where the gateway reads what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.journals.read import JournalSource
from app.runs.accounting import AskedRun
from app.runs.explain.day_tape import WantedCatalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Database, runs, catalog and logs, as the same options of every command name them.

    Attributes
    ----------
    database : str
        A SQLite file or a URL.
    runs : Path
        Folder of the run directories.
    catalog : str
        Root, a folder or a URL.
    logs : tuple of Path
        Logs of the gateway and of engines on this machine.
    """

    database: str
    runs: Path
    catalog: str
    logs: tuple[Path, ...] = ()

    def journal(self, run: str) -> JournalSource:
        """Return a run to read facts of, wherever it is kept."""
        return JournalSource(run, None, self.runs, self.database)

    def tables(self, run: str) -> AskedRun:
        """Return the same to read tables of."""
        return AskedRun(run, None, self.runs, self.database)

    @property
    def wanted_catalog(self) -> WantedCatalog:
        """The catalog of a run's own, else this one."""
        return WantedCatalog(None, self.catalog)
