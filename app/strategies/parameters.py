"""A strategy's parameters, as pages show them."""

from __future__ import annotations

from typing import Any

from app.strategies.find import Found
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy


def parameter_list(found: Found) -> list[dict[str, Any]]:
    """Return name, default and meaning of each parameter, the strategy's own first."""
    model = StrategyParameters
    if issubclass(found.made_by, TapeStrategy):
        model = found.made_by.Parameters
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
