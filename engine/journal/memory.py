"""A journal that lives as long as its process, for notebooks and tests."""

from __future__ import annotations

from collections.abc import Iterator

from engine.domain.facts import Fact
from engine.journal.chain import seal
from engine.journal.log import Journal, Report


class MemoryJournal(Journal):
    """Keep facts in a list; a complete ``Journal`` without a disk."""

    def __init__(self) -> None:
        self._facts: list[Fact] = []
        self._by_id: dict[str, Fact] = {}

    def __len__(self) -> int:
        return len(self._facts)

    def record(self, report: Report) -> Fact:
        """Record what happened and return it in its place; see ``JournalWriter``."""
        if report.fact_id in self._by_id:
            return self._by_id[report.fact_id]
        fact = seal(report, after=self._facts[-1] if self._facts else None)
        self._facts.append(fact)
        if report.fact_id is not None:
            self._by_id[report.fact_id] = fact
        return fact

    def commit(self) -> None:
        """Do nothing: memory has nothing more durable to offer."""

    def facts(self, since: int = 0) -> Iterator[Fact]:
        """Yield the facts with ``seq > since``, in order."""
        yield from self._facts[since:]
