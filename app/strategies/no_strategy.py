"""What is said of a class that is no strategy, at whatever door it was asked for."""

from __future__ import annotations

from engine.domain.errors import ConfigError


def no_strategy(source: str, what: str) -> ConfigError:
    """Return the error that names a class (``module:Class``), what is missing and what to read."""
    return ConfigError(
        f"{source} is no strategy: {what}; see docs/how-to/write-a-strategy.md, or begin with "
        "'tradectl strategy new NAME'"
    )
