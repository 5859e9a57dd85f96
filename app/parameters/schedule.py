"""Changes of parameters that a backtest is to live through, from a YAML file."""

from __future__ import annotations

from pathlib import Path

import msgspec

from app.clock import instant
from app.parameters.yaml_file import yaml_value
from app.redaction import refuse_secrets
from engine.domain.errors import ConfigError
from engine.domain.facts import ParamsChanged
from engine.domain.parameters import Parameters
from engine.domain.parameters.changes import ChangeRefused, propose
from engine.domain.parameters.versions import ParameterHistory

_EXAMPLE = "- {at: 2026-09-18T10:00, set: {min_ac_z: 3}, because: calmer}"


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One change: ``at`` is a New York date and time."""

    at: str
    set: dict[str, str]
    because: str = "scheduled for a backtest"


def load_schedule(file: Path, params: Parameters, who: str) -> tuple[ParamsChanged, ...]:
    """Return the versions that follow ``params``, in the order in which they take effect.

    Raises
    ------
    ConfigError
        The file cannot be read, holds no list of changes or a secret, or one of the changes cannot
        be made.
    """
    try:
        entries = msgspec.convert(yaml_value(file, "schedule"), list[_Entry])
    except msgspec.ValidationError as error:
        why = str(error).replace("`array`", "a list").replace("`object`", "a mapping")
        raise ConfigError(
            f"{file} is no schedule of changes: {why.replace('`str`', 'a text')}; "
            f"write a list, as {_EXAMPLE!r}"
        ) from error
    for each in entries:
        refuse_secrets({f"because in {file}": each.because})
        refuse_secrets({f"{name} in {file}": text for name, text in each.set.items()})
    history = ParameterHistory(params)
    for starts, entry in sorted((instant(each.at, None), n) for n, each in enumerate(entries)):
        change = propose(
            history,
            entries[entry].set,
            base=history.latest,
            now=starts - 1,
            who=who,
            because=entries[entry].because,
            effective_ns=starts,
        )
        if isinstance(change, ChangeRefused):
            raise ConfigError(f"{entries[entry].at} in {file}: {change.detail}")
        history = history.after(change)
    return history.changed
