"""Sale conditions and exchanges by number, as the kernel writes them."""

from __future__ import annotations

from engine.domain.market_data.conditions import REVERSAL_MARK

SWEEP, ODD_LOT, EXTENDED = 1, 2, 4
"""Bits of a condition id: intermarket sweep, odd lot, extended hours."""

_SPECIAL_SHIFT, _SPECIAL_MASK = 3, 15
_SPECIALS = ("", "Z", "4", "W", "7V", "O", "Q", "6", "M", "5")
LATE, DERIVATIVE, AVERAGE, CONTINGENT = (k << _SPECIAL_SHIFT for k in range(1, 5))
OPENING, OFFICIAL_OPEN, CLOSING, OFFICIAL_CLOSE, REOPENING = (
    k << _SPECIAL_SHIFT for k in range(5, 10)
)
"""What else a print can be; at most one of these is added to the bits."""

REVERSAL = 128
"""Bit of a row that takes an earlier print back."""

EXCHANGES = ("D", "Q", "N", "P", "K", "Z", "V", "Y", "B", "J", "X", "A", "U", "H", "L")
OFF_EXCHANGE = 0
"""The trade reporting facilities: off-exchange prints, slower and often between the pennies."""

EXCHANGE_SHARES = (38, 15, 9, 7, 8, 5, 4, 3, 2, 2, 2, 1, 2, 1, 1)
"""Percent of all prints."""


def _condition(number: int) -> str:
    special = number >> _SPECIAL_SHIFT & _SPECIAL_MASK
    code = _SPECIALS[special] if special < len(_SPECIALS) else ""
    is_extended = bool(number & EXTENDED)
    if code == "Z" and is_extended:
        code, is_extended = "U", False
    return (
        REVERSAL_MARK * bool(number & REVERSAL)
        + "F" * bool(number & SWEEP)
        + "T" * is_extended
        + code
        + "I" * bool(number & ODD_LOT)
    )


CONDITIONS = tuple(_condition(number) for number in range(2 * REVERSAL))
"""Conditions by id."""
