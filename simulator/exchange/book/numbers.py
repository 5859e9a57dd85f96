"""Exact numbers as Alpaca spells them."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

_CENT = Decimal("0.01")


def plain(value: Decimal) -> str:
    """Return a number without an exponent or trailing zeros."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def cents(value: Decimal) -> str:
    """Return an amount in whole cents, as error bodies have it."""
    return f"{value.quantize(_CENT, ROUND_DOWN):f}"
