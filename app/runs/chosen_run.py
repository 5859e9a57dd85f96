"""The run a question is about, and the parameters that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from app.runs.kept_runs import DEFAULT_DATABASE, Kept, KeptInDirectory, kept_run
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from engine.domain.parameter_versions import ParameterHistory


def chosen_run(
    runs: Path,
    name: str | None,
    day: date | None,
    file: Path | None,
    settings: Sequence[str] | None,
    database: str = DEFAULT_DATABASE,
) -> tuple[Kept | None, ParameterHistory]:
    """Return the named run, else the last backtest over ``day``, with its parameters' versions.

    Parameters that are given stand for themselves: then there is no run. A name may be that of a
    live run or session in the database, too.

    Raises
    ------
    ConfigError
        A run and parameters are both given, the parameters are wrong, or the run misses the day.
    NotFoundError
        No run has that name.
    """
    from app.parameters.file import load_parameters
    from engine.domain.parameter_versions import ParameterHistory
    from store import RunStore

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
        found = () if given else map(KeptInDirectory, RunStore(runs).runs())
        run = next((each for each in found if day is None or _covers(each, day)), None)
    if run is None:
        return None, ParameterHistory(load_parameters(file, settings))
    return run, run.history()


def _covers(run: Kept, day: date) -> bool:
    return run.start <= day.isoformat() <= run.end
