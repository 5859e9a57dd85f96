"""The strategies of a run as named values, so that two runs can be held against each other."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from engine.domain.ensemble import Ensemble

_TOLD = 16
"""Hex digits of a hash, as of that of the account's parameters."""


def ensemble_values(ensemble: Ensemble) -> dict[str, Any]:
    """Return which strategies are on, their shares, and their parameters, each under its name.

    ``reversion`` is on or off (where it was found, of one from outside), ``reversion.weight`` its
    share among those that are on, ``reversion.lookback`` one of its parameters.
    """
    values: dict[str, Any] = {}
    for each in ensemble.members:
        name = each.strategy_id
        values[name] = (each.source or "on") if each.is_on else "off"
        if each.is_on:
            values[f"{name}.weight"] = float(f"{ensemble.weight(name):.6g}")
            own = each.parameters | each.bracket
            values |= {f"{name}.{key}": own[key] for key in sorted(own)}
    return values


def ensemble_hash(ensemble: Ensemble) -> str:
    """Return a hash that is the same for the same strategies, weights and parameters."""
    told = json.dumps([*ensemble_values(ensemble).items()], default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:_TOLD]


def ensemble_differences(one: Ensemble, two: Ensemble) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two, by name; None where one has no such strategy or value."""
    a, b = ensemble_values(one), ensemble_values(two)
    names = dict.fromkeys((*a, *b))
    return {name: (a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name)}
