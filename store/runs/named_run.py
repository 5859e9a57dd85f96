"""Which of several runs somebody means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.domain.errors import ConfigError, NotFoundError

LATEST = "latest"
"""Name for the run that was started last."""


class _HasId(Protocol):
    @property
    def run_id(self) -> str: ...


def named_run[R: _HasId](runs: Sequence[R], name: str, place: object) -> R:
    """Return the run of that id, the only one whose id begins so, or the first for ``LATEST``.

    Raises
    ------
    NotFoundError
        There is none in ``place``.
    ConfigError
        Several begin like that.
    """
    if name == LATEST and runs:
        return runs[0]
    fitting = [run for run in runs if run.run_id.startswith(name)]
    exact = [run for run in fitting if run.run_id == name]
    match exact or fitting:
        case [run]:
            return run
        case []:
            known = ", ".join(run.run_id for run in runs[:5]) or "none yet"
            raise NotFoundError(f"no run {name!r} in {place}; there are: {known}")
        case several:
            ids = ", ".join(run.run_id for run in several)
            raise ConfigError(f"{name!r} may be any of {ids}; give more of the id")
