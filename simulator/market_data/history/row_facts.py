"""What the wire says of a row that a recorded day does not keep."""

from __future__ import annotations

from engine.domain.market_data.conditions import REVERSAL_MARK

_MAIN_EXCHANGE = {"A": "N", "B": "P", "C": "Q", "N": "N", "O": "U"}


def told_tape(tape: str) -> str:
    """Return the tape letter told for a symbol.

    One that is unknown is told as A: the rules of both are the same, so whoever believes it
    decides as one who knows nothing.
    """
    return tape or "A"


def exchange(tape: str) -> str:
    """Return the exchange letter that stands for prints and quotes of a tape."""
    return _MAIN_EXCHANGE[told_tape(tape)]


def codes(conditions: str) -> list[str]:
    """Return a row's sale conditions as the wire lists them."""
    return list(conditions.removeprefix(REVERSAL_MARK))
