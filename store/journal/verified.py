"""The facts of a journal that somebody acts upon: verified whole, or none of them."""

from __future__ import annotations

from engine.domain.errors import JournalBroken, NotFoundError
from engine.domain.facts import Fact
from engine.journal import fact_of
from store.journal.journals import Journals
from store.journal.sql_journal import BROKEN
from store.journal.stored_facts import StoredFacts


def verified_facts(journals: Journals, run_id: str) -> list[Fact]:
    """Return all facts of a run, as they were read and found whole, against its row.

    For whoever acts on them and does not write them: a writer's claim verifies by itself.

    Raises
    ------
    NotFoundError
        There is no such run.
    JournalBroken
        They are not those that were written, or were found broken before.
    JournalError
        The database cannot be read.
    """
    row = next((run for run in journals.runs() if run.run_id == run_id), None)
    if row is None:
        raise NotFoundError(f"no run {run_id!r} in {journals.database}")
    if row.is_quarantined:
        raise JournalBroken(run_id, row.note.rpartition(BROKEN)[2] or row.note)
    records, found = StoredFacts(journals.database, run_id).verified_records()
    if found.broken is not None:
        raise JournalBroken(run_id, str(found.broken))
    return [fact_of(record) for record in records]
