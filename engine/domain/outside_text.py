"""Text from outside: numbers in ASCII digits alone, exact, and what an answer may repeat of it."""

from __future__ import annotations

import re
from decimal import Decimal

_WHOLE = re.compile(r"-?[0-9]{1,19}")
_EXACT = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")
_LARGEST = 2**63 - 1
_LONGEST_SHOWN = 40
_LONGEST_MESSAGE = 300


def whole(text: str) -> int:
    """Return a whole number of 64 bits.

    Raises
    ------
    ValueError
        The text is another one: Python itself would read ``1_0`` and full-width digits, too, and
        fail on thousands of them.
    """
    if not _WHOLE.fullmatch(text) or abs(int(text)) > _LARGEST:
        raise ValueError(f"{shown(text)} is no whole number of 64 bits")
    return int(text)


def exact(text: str) -> Decimal:
    """Return a decimal number as it is written.

    Raises
    ------
    ValueError
        The text is another one: ``NaN``, ``Infinity``, ``1_0`` and full-width digits among them.
    """
    if not _EXACT.fullmatch(text):
        raise ValueError(f"{shown(text)} is no number")
    return Decimal(text)


def shown(value: object) -> str:
    """Return what was sent as an answer may repeat it: escaped, and cut where it is long."""
    text = ascii(value[: _LONGEST_SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def sentence(message: str) -> str:
    """Return a message for an answer, cut where a long input was repeated in it."""
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"
