"""The journal a question is about, in a database or in a run directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.runs.engine_runs import is_engine_run
from app.runs.kept_runs import DEFAULT_DATABASE, kept_run

if TYPE_CHECKING:
    from store import JournalRun, Journals, SqlJournal


def chosen_journal(
    name: str, database: str | None, runs: Path, *, beside: str = DEFAULT_DATABASE
) -> tuple[SqlJournal, str | None]:
    """Return a run's journal, and the last hash that its run directory keeps.

    Parameters
    ----------
    database : str, optional
        Where to look; without it in the run directories and in the database of live runs.
    beside : str
        That database.

    Raises
    ------
    NotFoundError
        There is no such run, or no such database.
    ConfigError
        Several runs begin like that.
    JournalError
        The journal is missing or cannot be read.
    """
    from store import Journals

    if database is None:
        return kept_run(name, runs, beside).journal()
    journals = Journals.existing(database)
    return journals.open(named_journal(journals, name).run_id), None


def named_journal(journals: Journals, name: str) -> JournalRun:
    """Return a run by its id, by a beginning of it or as ``latest``.

    The parameter desk and the command logs are no runs that traded: only their own ids name them.
    Raises as ``chosen_journal`` does.
    """
    from store.runs.named_run import named_run

    known = journals.runs()
    exact = [run for run in known if run.run_id == name]
    return named_run(
        exact or [run for run in known if is_engine_run(run.run_id)], name, journals.database
    )


def protecting(journals: Journals, run: JournalRun) -> JournalRun:
    """Return the run that protects what a quarantined one has left; any other run as it is."""
    if not run.is_quarantined:
        return run
    stem = protecting_stem(run.run_id)
    known = (each for each in journals.runs() if each.run_id.startswith(stem))
    return next((each for each in known if is_engine_run(each.run_id) and each.may_go_on), run)


def is_protecting(run_id: str) -> bool:
    """Say whether a run is one that protects what another has left: it decides nothing."""
    stem, mark, number = run_id.rpartition(protecting_stem(""))
    return bool(stem and mark) and (not number or number.removeprefix("-").isdecimal())


def protecting_stem(run_id: str) -> str:
    """Return how the names of the runs begin that protect what a quarantined one has left."""
    return f"{run_id}-protected"
