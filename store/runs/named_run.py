"""Which of several runs somebody means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.domain.errors import ConfigError, NotFoundError
from store.runs.labels import LATEST

_SHOWN = 5
"""How many runs a message names."""


class _HasId(Protocol):
    @property
    def run_id(self) -> str: ...

    @property
    def name(self) -> str: ...


def named_run[R: _HasId](runs: Sequence[R], name: str, place: object) -> R:
    """Return the run that somebody means, of several that ``place`` holds, newest first.

    It is the first for ``LATEST``, else the run of that id, else the only run of that name, else
    the only run whose id begins so.

    Raises
    ------
    NotFoundError
        There is none in ``place``.
    ConfigError
        Several are called so, or begin like that.
    """
    if name == LATEST and runs:
        return runs[0]
    if not name:
        raise ConfigError("expected a run by its id, its beginning, its name or 'latest', found ''")
    exact = [run for run in runs if run.run_id == name]
    called = [run for run in runs if run.name == name]
    match exact or called or [run for run in runs if run.run_id.startswith(name)]:
        case [run]:
            return run
        case []:
            known = ", ".join(map(_shown, runs[:_SHOWN])) or "none yet"
            more = f" and {len(runs) - _SHOWN} more" if len(runs) > _SHOWN else ""
            raise NotFoundError(
                f"no run {name!r} in {place}; there are: {known}{more}; 'tradectl runs list'"
            )
        case several if exact:
            raise ConfigError(
                f"{len(several)} runs have the id {name}, in {place}: point --runs or --database "
                "away from the other"
            )
        case several:
            listed = ", ".join(map(_shown, several[:_SHOWN]))
            more = f" and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
            remedy = "give the id of one" if called else "give more of the id"
            raise ConfigError(f"{name!r} may be any of {listed}{more}; {remedy}")


def _shown(run: _HasId) -> str:
    return f"{run.run_id} ({run.name})" if run.name else run.run_id
