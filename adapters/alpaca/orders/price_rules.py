"""Which prices the venue takes: rule 612 and the distance of stops."""

from __future__ import annotations

from decimal import Decimal

_CENT = Decimal("0.01")
_SUB_CENT = Decimal("0.0001")
_ONE_DOLLAR = Decimal(1)
_MAX_PRICE = Decimal(1_000_000)

STOP_DISTANCE = _CENT
"""Least distance of a stop from its base price in USD (ALPACA, orders)."""


def tick(price: Decimal) -> Decimal:
    """Return the increment a price must be a multiple of: 0.01 USD from 1 USD on, 0.0001 below.

    Rule 612 of Regulation NMS.
    """
    return _CENT if price >= _ONE_DOLLAR else _SUB_CENT


def is_on_grid(price: Decimal) -> bool:
    """Say whether a price is a multiple of its increment, above 0 and up to 1,000,000 USD."""
    return price.is_finite() and 0 < price <= _MAX_PRICE and price % tick(price) == 0


def is_stop_beyond(side: str, stop: Decimal, base: Decimal) -> bool:
    """Say whether a stop lies at least 0.01 USD beyond a base price.

    Parameters
    ----------
    side : {"buy", "sell"}
        Side of the stop: a sell stop lies below its base, a buy stop above.
    base : Decimal
        USD: the entry's limit for a bracket or OTO, the take profit's for an OCO, and the market
        now for all of them.
    """
    return stop <= base - STOP_DISTANCE if side == "sell" else stop >= base + STOP_DISTANCE
