"""What a strategy says of itself before it is asked about a day."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

from engine.signals.whole_tape.history import Need


class Found(NamedTuple):
    """A strategy that can be asked for.

    Attributes
    ----------
    source : str
        Where it was found: ``module:Class``, empty for one that comes with the engine.
    about : str
        First line of what its author says of it.
    parameters : list of dict
        Name, default and meaning of each, the strategy's own first.
    across_symbols : bool
        What it says of a symbol depends on which others are on the tape.
    """

    strategy_id: str
    source: str
    about: str
    parameters: list[dict[str, Any]]
    across_symbols: bool


class Made(NamedTuple):
    """A strategy made with parameters, as JSON; ``watches``: it looks after its trades itself.

    ``own`` are those of its own among ``values``, ``bracket`` what replaces the account's.
    """

    values: dict[str, Any]
    own: dict[str, Any]
    bracket: dict[str, Any]
    needs: tuple[Need, ...]
    watches: bool


class Step(IntEnum):
    """What of a stranger's code runs before it is asked about a day."""

    MODULE = 0
    PARAMETERS = 1
    MAKING = 2
    NEEDS = 3

    @property
    def words(self) -> str:
        """What its author calls it."""
        return ("its module", "one of its parameters", "its __init__", "its needs()")[self]
