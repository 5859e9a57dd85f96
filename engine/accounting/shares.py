"""How exact accounting is: money to 1e-6 of a unit, shares to 1e-8 of one."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

MONEY_PLACES = 6
SHARE_PLACES = 8
"""Enough for every market so far: fractions of US shares have six decimals, of a bitcoin eight."""

MICRO = Decimal("0.000001")
"""Average prices are kept to 1e-6 USD; sums of fills are exact."""

Shares = Annotated[Decimal, SHARE_PLACES]
"""A column of shares, as opposed to one of money."""
