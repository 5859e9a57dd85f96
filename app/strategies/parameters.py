"""A strategy's parameters: as pages show them, and with the values that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from engine.domain.errors import ConfigError
from engine.signals.whole_tape.tape_strategy import StrategyParameters


def parameter_list(model: type[StrategyParameters]) -> list[dict[str, Any]]:
    """Return name, default and meaning of each parameter, the strategy's own first."""
    # nothing is validated: one without a default, or with a wrong one, is shown as it is
    defaults = model.model_construct().model_dump(mode="json", warnings=False)
    fields = model.model_fields
    own = [name for name in fields if name not in StrategyParameters.model_fields]
    shared = [name for name in fields if name in StrategyParameters.model_fields]
    return [
        {
            "name": name,
            "default": defaults.get(name),
            "meaning": fields[name].description
            or ("Replaces the account's for its own trades." if name in shared else ""),
        }
        for name in (*own, *shared)
    ]


def parameters_with(
    model: type[StrategyParameters], strategy_id: str, values: Mapping[str, Any]
) -> StrategyParameters:
    """Return a strategy's parameters with some values; those not given are its defaults.

    Raises
    ------
    ConfigError
        There is no such parameter, or a value is wrong.
    """
    for key in values:
        if key not in model.model_fields:
            near = get_close_matches(key, model.model_fields, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(model.model_fields)}"
            raise ConfigError(f"strategy {strategy_id} has no parameter {key}: {hint}")
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        wrong = error.errors()[0]
        key = ".".join([strategy_id, *map(str, wrong["loc"])])
        raise ConfigError(f"{key}: {wrong['msg']}, found {wrong['input']!r}") from error
