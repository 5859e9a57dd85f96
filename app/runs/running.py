"""A run that goes on while it is asked: the answer is as of now, and says so."""

from __future__ import annotations

from app.runs.kept_runs import Kept, KeptInDatabase
from store import JournalRun, Journals, RunStatus


def is_running(row: JournalRun) -> bool:
    """Say whether a run of a database is being written, by a process that lives."""
    return row.status is RunStatus.RUNNING and not row.has_crashed


def has_ended(journals: Journals, run_id: str) -> bool:
    """Say whether a run came to its end: it is never resumed."""
    return any(run.run_id == run_id and run.status is RunStatus.ENDED for run in journals.runs())


def goes_on(run: Kept | None) -> bool:
    """Say whether a run is a live one or session that goes on."""
    return isinstance(run, KeptInDatabase) and is_running(run.row)
