"""Amounts of money as text: exact ones with every decimal, never fewer than two."""

from __future__ import annotations

from decimal import Decimal

_CENTS = 2
_FINEST = Decimal("0.000001")
_OF_A_MEAN = Decimal("0.0001")


def exact(value: Decimal | float) -> Decimal:
    """Return an amount as the decimal that was meant.

    JSON, and with it a manifest, has money as floating point: the amount is the nearest millionth
    of a dollar, the finest that tables keep. That is exact up to nine billions.
    """
    return value if isinstance(value, Decimal) else Decimal(repr(value)).quantize(_FINEST)


def amount(value: Decimal | float, *, signed: bool = False) -> str:
    """Return an amount with thousands separators: ``946.395``, ``1,234.50``, ``+7.00``.

    One with more decimals than any price or sum has is a mean, and has four: ``14.2857``.
    """
    held = exact(value)
    if held != held.quantize(_FINEST):
        held = held.quantize(_OF_A_MEAN)
    plus = "+" if signed and held > 0 else ""
    decimals = -int(held.normalize().as_tuple().exponent)
    return f"{plus}{held or Decimal(0):,.{max(decimals, _CENTS)}f}"
