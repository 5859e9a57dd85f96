"""All runs there are, in their directories and in a database, read alike."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from app.runs.engine_runs import is_engine_run
from app.runs.integrity import run_integrity
from engine.domain.errors import ConfigError, JournalError, NotFoundError
from engine.domain.facts import RunStarted
from engine.domain.session import NANOS_PER_SECOND, day_of

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.domain.facts import Fact
    from engine.domain.parameters.versions import ParameterHistory
    from engine.journal import Integrity
    from store import Database, JournalRun, Journals, Run, RunLabels, SqlJournal

DEFAULT_DATABASE = "data/tradectl.sqlite"
"""Where facts of live runs and sessions are kept unless somebody says otherwise."""


class KeptInDirectory:
    """A run with a directory of its own, as a backtest leaves it.

    Attributes
    ----------
    start, end : str
        First and last New York date, ISO.
    letters, symbols : tuple of str
        What it was narrowed to; both empty mean everything.
    catalog : str
        Where its days were read, secrets hidden; empty where it does not say.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.run_id = run.run_id
        self.start, self.end = run.manifest.start, run.manifest.end
        self.letters, self.symbols = run.manifest.letters, run.manifest.symbols
        self.catalog = run.manifest.catalog

    @property
    def labels(self) -> RunLabels:
        """What people call it."""
        from store import RunLabels

        return RunLabels(self.run.manifest.name, self.run.manifest.tags)

    @property
    def name(self) -> str:
        """Its name alone, empty without one."""
        return self.labels.name

    def label(self, labels: RunLabels) -> None:
        """Call it otherwise; raises as ``store.Run.label``."""
        self.run.label(labels)

    @property
    def created_ns(self) -> int:
        """When it was started, UTC ns."""
        created = datetime.fromisoformat(self.run.manifest.created).timestamp()
        return int(created * NANOS_PER_SECOND)

    def journal(self) -> tuple[SqlJournal, str | None]:
        """Return its facts, and the last hash that is kept elsewhere."""
        head = self.run.manifest.journal
        return self.run.journal, head.hash if head else None

    def integrity(self, *, most: int | None = None) -> Integrity | None:
        """Return how far its facts hold; see ``run_integrity``."""
        return run_integrity(self.run, most=most)

    def history(self) -> ParameterHistory:
        """Return the versions of its parameters."""
        from engine.domain.parameters import parameters_from
        from engine.domain.parameters.versions import run_history

        first = parameters_from(self.run.manifest.params)
        return run_history(first, (fact.payload for fact in self.run.journal.facts()))

    def table(self, name: str) -> pa.Table | None:
        """Return ``trades``, ``verdicts`` or another table, None where it left none."""
        return self.run.read_table(name)


class KeptInDatabase:
    """A live run or a session; verdicts and signals, if kept, are files in the folder of runs."""

    def __init__(self, journals: Journals, row: JournalRun, runs: Path) -> None:
        self.row = row
        self.run_id = row.run_id
        self._journals = journals
        self._runs = runs

    @property
    def labels(self) -> RunLabels:
        """What people call it."""
        return self.row.labels

    @property
    def name(self) -> str:
        """Its name alone, empty without one."""
        return self.row.name

    def label(self, labels: RunLabels) -> None:
        """Call it otherwise; raises as ``store.Journals.label``."""
        self._journals.label(self.run_id, labels)

    @cached_property
    def started(self) -> RunStarted | None:
        """What it was started with, None before it has recorded anything."""
        first = next(self.journal()[0].facts(), None)
        return (
            first.payload if first is not None and isinstance(first.payload, RunStarted) else None
        )

    @property
    def catalog(self) -> str:
        """Where its days are, or will be, recorded; empty where it does not say."""
        return self.started.catalog if self.started else ""

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters it was narrowed to, empty for all."""
        return self.started.letters if self.started else ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols it was narrowed to, empty for all."""
        return self.started.symbols if self.started else ()

    @property
    def database(self) -> Database:
        """Where its facts are."""
        return self._journals.database

    @property
    def created_ns(self) -> int:
        """When it was started, UTC ns."""
        return self.row.created_ns

    @cached_property
    def facts(self) -> list[Fact]:
        """All it has recorded by now."""
        return list(self.journal()[0].facts())

    @property
    def start(self) -> str:
        """First New York date, ISO; empty before it has recorded anything."""
        return self._ends[0]

    @property
    def end(self) -> str:
        """Last one."""
        return self._ends[1]

    @cached_property
    def _ends(self) -> tuple[str, str]:
        """First and last date, of the first and the last fact alone: a day may have many."""
        journal = self.journal()[0]
        first, last = next(journal.facts(), None), journal.last
        if first is None or last is None:
            return "", ""
        return day_of(first.ts_event).isoformat(), day_of(last.ts_event).isoformat()

    def journal(self) -> tuple[SqlJournal, None]:
        """Return its facts; nothing of them is kept elsewhere."""
        return self._journals.open(self.run_id), None

    def integrity(self, *, most: int | None = None) -> Integrity | None:
        """Return how far its facts hold; as many are looked at as a reader waits a second for."""
        from store.journal.stored_facts import AT_SIGHT

        return self.journal()[0].stored.integrity(most=most or AT_SIGHT)

    def history(self) -> ParameterHistory:
        """Return the versions of its parameters.

        Raises
        ------
        NotFoundError
            It has recorded none yet.
        """
        from engine.domain.parameters.versions import desk_history

        found = desk_history(fact.payload for fact in self.facts)
        if found is None:
            raise NotFoundError(f"{self.run_id} has not recorded its parameters: it began nothing")
        return found

    def table(self, name: str) -> pa.Table | None:
        """Return a table of its facts, ``verdicts`` or ``strategy_signals``; None without one."""
        from app.runs.signals.file import signal_table
        from app.runs.verdict_file import verdict_table
        from engine.accounting import PROJECTIONS, keep_accounts
        from store import arrow_table

        if name == "verdicts":
            return verdict_table(self.run_id, self._runs)
        if name == "strategy_signals":
            return signal_table(self.run_id, self._runs)
        table = PROJECTIONS.get(name)
        if table is None:
            return None
        return arrow_table(table.row, table.rows(keep_accounts(self.facts)))


type Kept = KeptInDirectory | KeptInDatabase


def with_facts(run: KeptInDatabase, facts: Sequence[Fact]) -> KeptInDatabase:
    """Return a run as it would be with other facts; nothing is kept."""
    other = copy(run)
    other.facts = [*facts]
    return other


def kept_runs(runs: Path, database: str) -> list[Kept]:
    """Return the runs of both places, the one started last first; of none where there is none.

    Raises
    ------
    JournalError
        There is a database, and it cannot be read.
    """
    return sorted(
        [*directories(runs), *_journals(database, runs)],
        key=lambda run: run.created_ns,
        reverse=True,
    )


def kept_run(name: str, runs: Path, database: str) -> Kept:
    """Return a run by id, name, the only possible beginning of its id, or ``latest`` of both.

    Raises
    ------
    NotFoundError
        There is none.
    ConfigError
        Several are called so, or begin like that.
    JournalError
        It is in no directory, and the database cannot be read.
    """
    from store.runs.named_run import named_run

    place = f"{runs} or {database}"
    try:
        kept = kept_runs(runs, database)
    except JournalError as unread:
        try:
            return named_run(directories(runs), name, place)
        except (NotFoundError, ConfigError):
            raise unread from None
    return named_run(kept, name, place)


def directories(runs: Path) -> list[KeptInDirectory]:
    """Return the runs that have a directory, the one started last first."""
    from store import RunStore

    return [KeptInDirectory(run) for run in RunStore(runs).runs()]


def _journals(database: str, runs: Path) -> list[KeptInDatabase]:
    from store import Journals

    try:
        journals = Journals.existing(database)
    except NotFoundError:
        return []
    return [
        KeptInDatabase(journals, row, runs) for row in journals.runs() if is_engine_run(row.run_id)
    ]
