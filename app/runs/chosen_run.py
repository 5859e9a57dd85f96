"""The run a question is about, and the parameters that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from engine.domain.parameter_versions import ParameterHistory
    from store import Run


def chosen_run(
    runs: Path,
    name: str | None,
    day: date | None,
    file: Path | None,
    settings: Sequence[str] | None,
) -> tuple[Run | None, ParameterHistory]:
    """Return the named run, else the last one over ``day``, with its parameters' versions.

    Parameters that are given stand for themselves: then there is no run.

    Raises
    ------
    ConfigError
        A run and parameters are both given, the parameters are wrong, or the run misses the day.
    NotFoundError
        No run has that name.
    """
    from app.parameters.file import load_parameters
    from engine.domain.parameter_versions import ParameterHistory, run_history
    from engine.domain.parameters import parameters_from
    from store import RunStore

    given = file is not None or bool(settings)
    if given and name is not None:
        raise ConfigError("a run has its own parameters: leave away --run, or --params and --set")
    store = RunStore(runs)
    if name is not None:
        run = store.run(name)
        if day is not None and not _covers(run, day):
            raise ConfigError(
                f"run {run.run_id} does not cover {day}; choose another --run or date"
            )
    else:
        covering = (found for found in store.runs() if day is None or _covers(found, day))
        run = None if given else next(covering, None)
    if run is None:
        return None, ParameterHistory(load_parameters(file, settings))
    started_with = parameters_from(run.manifest.params)
    return run, run_history(started_with, (fact.payload for fact in run.journal.facts()))


def _covers(run: Run, day: date) -> bool:
    return run.manifest.start <= day.isoformat() <= run.manifest.end
