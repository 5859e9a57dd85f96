"""The run a question is about, and the parameters that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from app.runs.chosen_journal import is_protecting
from app.runs.kept_runs import (
    DEFAULT_DATABASE,
    Kept,
    KeptInDirectory,
    directories,
    kept_run,
    kept_runs,
)
from engine.domain.errors import ConfigError, JournalError

if TYPE_CHECKING:
    from engine.domain.parameters.versions import ParameterHistory


def chosen_run(
    runs: Path,
    name: str | None,
    day: date | None,
    file: Path | None,
    settings: Sequence[str] | None,
    database: str = DEFAULT_DATABASE,
) -> tuple[Kept | None, ParameterHistory]:
    """Return the named run, else the last one over ``day``, with its parameters' versions.

    Parameters that are given stand for themselves: then there is no run. A run is a backtest, or a
    live run, rehearsal or session in the database; one that goes on, too.

    Raises
    ------
    ConfigError
        A run and parameters are both given, the parameters are wrong, or the run misses the day.
    NotFoundError
        No run has that name.
    """
    from app.parameters.desk_values import asked_parameters
    from engine.domain.parameters.versions import ParameterHistory

    given = file is not None or bool(settings)
    if given and name is not None:
        raise ConfigError("a run has its own parameters: leave out --run, or --params and --set")
    if name is not None:
        run = kept_run(name, runs, database)
        if day is not None and not _covers(run, day):
            raise ConfigError(
                f"run {run.run_id} does not cover {day}; choose another --run or date"
            )
    else:
        run = None if given else _last_over(day, runs, database)
    if run is None:
        return None, ParameterHistory(asked_parameters(file, settings, database))
    return run, run.history()


def _last_over(day: date | None, runs: Path, database: str) -> Kept | None:
    """Return the run over a day that was started last, of those that have decided something.

    Raises
    ------
    JournalError
        The database cannot be read, and no run directory covers the day.
    """
    try:
        kept, unread = kept_runs(runs, database), None
    except JournalError as error:
        kept, unread = [*directories(runs)], error
    found = next((each for each in kept if _decides(each) and _covers(each, day)), None)
    if found is None and unread is not None:
        raise unread
    return found


def _decides(run: Kept) -> bool:
    return isinstance(run, KeptInDirectory) or not is_protecting(run.run_id)


def _covers(run: Kept, day: date | None) -> bool:
    if day is None:
        return bool(run.start)  # else it has recorded nothing yet
    return run.start <= day.isoformat() <= run.end
