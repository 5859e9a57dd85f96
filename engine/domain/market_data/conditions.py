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

_TAPE_NAMES = {tape: tape for tape in TAPES} | {"1": "A", "2": "B", "3": "C", "UTP": "C"}
"""What files call them: letters, numbers in their order, and the plan of Nasdaq's stocks."""

REVERSAL_MARK = "!"

_ALL = Updates.HIGH_LOW | Updates.LAST | Updates.VOLUME
_RULES: dict[str, Updates] = {
    **dict.fromkeys(" @ABDEFKLOTXY56", _ALL),
    **dict.fromkeys("CGHINPRUVWZ47", Updates.VOLUME),
    **dict.fromkeys("MQ9", Updates.NOTHING),
}
_AVERAGE_PRICE_TAPES = ("", "A", "B")
"""Tapes on which code B means an average price, not a bunched trade; the unknown tape is strict."""


def tape_letter(said: str | None) -> str:
    """Return the tape that a file or venue names, "" for one that is unknown.

    Small letters, numbers and the name of a plan are understood; whatever else stands there is an
    unknown tape everywhere, with the rules of the strictest.
    """
    return _TAPE_NAMES.get((said or "").strip().upper(), "")


def tape_id(letter: str) -> int:
    """Return the position of a tape in ``TAPES``, that of the unknown one for any other text."""
    return TAPES.index(letter) if letter in TAPES else 0


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


def forms_bars(conditions: str) -> bool:
    """Say whether every code of a print is known, so that its price may count."""
    return all(map(is_known, conditions.removeprefix(REVERSAL_MARK)))


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
