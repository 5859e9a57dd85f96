"""Hop 5: the look-alike's memory as plain JSON, and back."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.domain.errors import DataError
from simulator.exchange.state import State


def written(state: State) -> dict[str, Any]:
    """Return a state as plain JSON; decimals are text, so nothing is rounded."""
    plain: dict[str, Any] = msgspec.to_builtins(state, order="deterministic")
    return plain


def restored(plain: object) -> State:
    """Return the state that was written.

    Raises
    ------
    DataError
        It is not one.
    """
    try:
        return msgspec.convert(plain, State)
    except msgspec.ValidationError as error:
        raise DataError(f"this is no state of the simulated exchange: {error}") from error
