"""The tables of a run that goes on, folded in memory: its database is left to who trades it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import takewhile
from typing import Any, Protocol

from engine.accounting import PROJECTIONS, Accounts, keep_accounts
from store import SqlJournal, arrow_table, rows_of


class RunTables(Protocol):
    """The tables of accounting of one run."""

    run_id: str

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table in the order in which they are shown."""
        ...


class FoldedTables:
    """What ``store.Projector`` would store, without a word to the database.

    A file has one writer at a time, and that is the run.

    Parameters
    ----------
    until : int
        The last fact to take in.
    """

    def __init__(self, journal: SqlJournal, until: int) -> None:
        self.run_id = journal.run_id
        self._journal = journal
        self._until = until

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table in the order in which they are shown."""
        table = PROJECTIONS[name]
        rows = rows_of(arrow_table(table.row, table.rows(self._accounts)))
        yield from sorted(rows, key=lambda row: [row[column] for column in table.order])

    @cached_property
    def _accounts(self) -> Accounts:
        facts = takewhile(lambda fact: fact.seq <= self._until, self._journal.facts())
        return keep_accounts(facts)
