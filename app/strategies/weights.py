"""Weights of strategies as they are written on a command line."""

from __future__ import annotations

from collections.abc import Iterable

from engine.domain.errors import ConfigError
from engine.domain.outside_text import exact


def weights_of(texts: Iterable[str]) -> dict[str, float]:
    """Return weights by strategy from ``NAME=W`` arguments.

    Raises
    ------
    ConfigError
        One is written otherwise, or a strategy has two.
    """
    weights: dict[str, float] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.rpartition("="))
        if not (name and equals):
            name, equals = text, ""
        try:
            weight = float(exact(value)) if equals else None
        except ValueError:
            weight = None
        if weight is None:
            raise ConfigError(f"expected a weight NAME=W, found {text!r}: as reversion=2")
        if not 0 <= weight < float("inf"):
            raise ConfigError(f"weight {text}: expected a number of 0 or more")
        if name in weights:
            raise ConfigError(f"strategy {name} is given two weights: keep one")
        weights[name] = weight
    return weights
