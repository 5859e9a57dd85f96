"""What holds at the parameter desk now, for a backtest that is to go by it, or does not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.parameters.desk import read_desk
from app.parameters.file import load_parameters
from engine.domain.errors import ConfigError
from engine.domain.parameters import parameters_from

if TYPE_CHECKING:
    from engine.domain.parameters import Parameters

DESK = Path("desk")
"""What ``--params`` is given for the parameters that hold at the desk, instead of a file."""


def asked_parameters(
    file: Path | None, settings: Sequence[str] | None, database: str
) -> Parameters:
    """Return the parameters of a file or, if asked for as ``desk``, of the desk, and settings.

    Raises
    ------
    ConfigError
        There is no such file, or it or a setting is wrong.
    """
    if file is not None and file != DESK and not file.exists():
        near = get_close_matches(str(file), [str(DESK)], n=1)
        meant = (
            f"; did you mean --params {DESK}?" if near else f", or '{DESK}' for those of the desk"
        )
        raise ConfigError(
            f"there is no parameter file {file}: give another, such as what 'tradectl params "
            f"export' writes{meant}"
        )
    if file != DESK or DESK.exists():
        return load_parameters(file, settings)
    return parameters_from(_held(database), settings or ())


def others_at_desk(database: str, parameters: Parameters) -> dict[str, Any]:
    """Return the values that hold at the desk now and differ from these, by name.

    A server is not asked: a recorded day waits for none.
    """
    if not Path(database).is_file():
        return {}
    given = parameters.model_dump(mode="json")
    return {name: value for name, value in _held(database).items() if value != given[name]}


def _held(database: str) -> dict[str, Any]:
    return read_desk(database).at(time.time_ns()).model_dump(mode="json")
