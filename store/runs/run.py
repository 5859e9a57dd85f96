"""One run directory: manifest, journal and tables, written whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from engine.accounting import PROJECTIONS, EquityPoint, keep_accounts, performance
from engine.domain.counted import counted
from engine.domain.errors import ConfigError, DataError, JournalError, NotFoundError, RunError
from engine.domain.unreadable import UNREADABLE
from store.atomic import TEMPORARY, write_atomically
from store.journal.journals import Journals
from store.journal.sql_journal import SqlJournal
from store.runs.labels import RunLabels
from store.runs.manifest import JournalHead, RunManifest, RunStatus
from store.tables.arrow import arrow_table

RUN_TABLES = ("trades", "fills")
"""Tables of accounting that a run directory keeps beside what no fact can give back."""

MANIFEST, JOURNAL, REPORT = "manifest.json", "journal.sqlite", "report.html"
_PARTIAL = b"tradectl.partial"


class Run:
    """A run directory.

    The one who started the run uses it as a context: leaving it by an exception seals the run as
    ``FAILED`` or ``INTERRUPTED`` with the tables its journal yields.

    Attributes
    ----------
    manifest : RunManifest
        As last written to the directory.
    """

    def __init__(self, path: Path, manifest: RunManifest) -> None:
        self.path = path
        self.manifest = manifest
        self._journal: SqlJournal | None = None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a run directory.

        Raises
        ------
        NotFoundError
            There is none.
        DataError
            Its manifest cannot be read.
        """
        try:
            stored = (path / MANIFEST).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(f"no run at {path}; 'tradectl runs list' shows them") from None
        try:
            return cls(path, msgspec.json.decode(stored, type=RunManifest))
        except UNREADABLE as error:
            raise DataError(
                f"{path / MANIFEST} is no manifest that this version reads: {error}; "
                f"restore it or remove {path}"
            ) from error

    @property
    def run_id(self) -> str:
        """Name of the directory."""
        return self.manifest.run_id

    @property
    def name(self) -> str:
        """What people call it, empty if nothing."""
        return self.manifest.name

    def label(self, labels: RunLabels) -> None:
        """Call it otherwise.

        Raises
        ------
        ConfigError
            It is being written.
        RunError
            Its manifest cannot be.
        """
        if self.manifest.status is RunStatus.RUNNING:
            raise ConfigError(f"run {self.run_id} is running: name or tag it when it has ended")
        self._change(name=labels.name, tags=labels.tags)

    @property
    def journal(self) -> SqlJournal:
        """The run's journal: made when a run starts, later opened to be read."""
        if self._journal is None:
            path = self.path / JOURNAL
            if self.manifest.status is not RunStatus.RUNNING and not path.is_file():
                raise JournalError(f"no journal at {path}: the run left none or it was removed")
            journals = Journals(path)
            # A writer killed before its first commit leaves a file without the run.
            known = self.run_id in (run.run_id for run in journals.runs())
            reach = journals.open if known else journals.start
            self._journal = reach(self.run_id, intents_only=True)
        return self._journal

    @property
    def report(self) -> Path:
        """Where the HTML report is, or will be."""
        return self.path / REPORT

    def write_table(self, name: str, table: pa.Table, *, partial: str | None = None) -> None:
        """Store a table as ``<name>.parquet``; ``partial`` says what of the run it leaves out."""
        if partial is not None:
            metadata = (table.schema.metadata or {}) | {_PARTIAL: partial.encode()}
            table = table.replace_schema_metadata(metadata)
            self._change(partial=tuple(sorted({*self.manifest.partial, name})))
        write_atomically(self._table(name), lambda file: pq.write_table(table, file))

    def read_table(self, name: str) -> pa.Table | None:
        """Return a stored table, None when the run left none of that name.

        Raises
        ------
        DataError
            The file is damaged.
        """
        path = self._table(name)
        if not path.is_file():
            return None
        try:
            return pq.read_table(path)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path} cannot be read: {error}; run the backtest again") from error

    def finish(self, status: RunStatus, *, note: str = "", **outcome: object) -> None:
        """Close the journal and say how the run ended; ``outcome`` are fields of ``RunManifest``.

        Everything else of the run has to be stored before.
        """
        head = None
        if self._journal is not None:
            self._journal.end(status, note)
            last = self._journal.last
            head = JournalHead(last.seq, last.hash) if last else None
        ended = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._change(status=status, note=note, ended=ended, journal=head, **outcome)

    def recover(self, status: RunStatus, note: str) -> None:
        """Seal a run that did not come to its end with what its journal yields.

        A journal whose chain is broken yields nothing: the run is ``QUARANTINED``.
        """
        for left_over in self.path.glob(f"{TEMPORARY}*"):
            left_over.unlink()
        if not (self.path / JOURNAL).exists():
            self.finish(status, note=f"{note}; not one fact was recorded")
            return
        damage = self._journal_damage()
        if damage is not None:
            self._journal = None
            self.finish(RunStatus.QUARANTINED, note=f"{note}; journal broken, {damage}")
            return
        self.finish(status, note=note, metrics=self._rebuild_tables(note))

    def _journal_damage(self) -> str | None:
        try:
            broken = self.journal.stored.verify().broken
        except JournalError as error:
            return str(error)
        return str(broken) if broken else None

    def _rebuild_tables(self, note: str) -> dict[str, Any]:
        """Write the tables that follow from the journal alone; return the metrics."""
        accounts = keep_accounts(self.journal.facts())
        books = accounts.books()
        last = self.journal.last
        partial = f"{note}; covers {counted(last.seq if last else 0, 'fact')}"
        tables = {"equity": arrow_table(EquityPoint, books.equity)}
        for name in RUN_TABLES:
            table = PROJECTIONS[name]
            tables[name] = arrow_table(table.row, table.rows(accounts))
        for name, table in tables.items():
            if not self._table(name).is_file():
                self.write_table(name, table, partial=partial)
        return performance(books).figures()

    def save(self) -> None:
        """Write the manifest."""
        stored = msgspec.json.format(msgspec.json.encode(self.manifest), indent=2)
        write_atomically(self.path / MANIFEST, lambda file: file.write(stored))

    def _change(self, **changes: object) -> None:
        self.manifest = msgspec.structs.replace(self.manifest, **changes)
        self.save()

    def _table(self, name: str) -> Path:
        return self.path / f"{name}.parquet"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        if self.manifest.status is not RunStatus.RUNNING:
            return
        # What ended the run matters more than a disk too full to say so; the next look seals it.
        with suppress(RunError, JournalError):
            if isinstance(error, KeyboardInterrupt):
                self.recover(RunStatus.INTERRUPTED, "interrupted")
            else:
                self.recover(RunStatus.FAILED, str(error or "left without an end"))
