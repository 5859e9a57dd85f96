"""What a print may change, by its sale conditions and tape.

Source: the consolidated tape's minute-bar rules as Alpaca publishes them. Codes of a print are
looked at one by one and the strictest wins.
"""

from __future__ import annotations

from enum import IntFlag
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


class Updates(IntFlag):
    """What one print may change in its bucket, and whether it takes back an earlier one."""

    NOTHING = 0
    HIGH_LOW = 1
    LAST = 2
    VOLUME = 4
    REVERSAL = 8


TAPES = ("", "A", "B", "C", "N", "O")
"""Tapes by id; "" is a symbol whose tape is unknown."""

REVERSAL_MARK = "!"

_ALL = Updates.HIGH_LOW | Updates.LAST | Updates.VOLUME
_RULES: dict[str, Updates] = {
    **dict.fromkeys(" @ABDEFKLOTXY56", _ALL),
    **dict.fromkeys("CGHINPRUVWZ47", Updates.VOLUME),
    **dict.fromkeys("MQ9", Updates.NOTHING),
}
_AVERAGE_PRICE_TAPES = ("", "A", "B")
"""Tapes on which code B means an average price, not a bunched trade; the unknown tape is strict."""


def is_known(code: str) -> bool:
    """Say whether a sale-condition code stands in the table."""
    return code in _RULES


def updates(conditions: str, tape: str = "") -> Updates:
    """Return what a print with these condition codes may change.

    A code that stands in no table counts in volume only: it cannot vouch for a price.
    """
    reversal = conditions.startswith(REVERSAL_MARK)
    allowed = _ALL
    for code in conditions.removeprefix(REVERSAL_MARK):
        if code == "B" and tape in _AVERAGE_PRICE_TAPES:
            allowed &= Updates.VOLUME
        else:
            allowed &= _RULES.get(code, Updates.VOLUME)
    return allowed | Updates.REVERSAL if reversal else allowed


@lru_cache(maxsize=1024)
def updates_table(conditions: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return ``updates`` of every (tape, condition) pair; read-only.

    Returns
    -------
    uint8 array, shape (len(TAPES), n_conditions)
        ``Updates`` bits; rows follow ``TAPES``.
    """
    bits = [[int(updates(codes, tape)) for codes in conditions] for tape in TAPES]
    table = np.array(bits, dtype=np.uint8).reshape(len(TAPES), len(conditions))
    table.flags.writeable = False
    return table
