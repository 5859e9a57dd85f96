"""The grid on which orders may be priced (SEC rule 612).

An order at 1 USD or more is priced in cents, below it in hundredths of a cent; the venue answers
anything finer with "sub-penny increment does not fulfill minimum pricing criteria".
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from engine.domain.candidate import Side
from engine.domain.fixed_point import PRICE_SCALE

_CENT = Decimal("0.01")
_SUB_DOLLAR = Decimal("0.0001")
_FIXED_CENT, _FIXED_SUB_DOLLAR = (int(step * PRICE_SCALE) for step in (_CENT, _SUB_DOLLAR))


def tick_size(price: Decimal) -> Decimal:
    """Return the price step of an order at this price, in USD."""
    return _CENT if price >= 1 else _SUB_DOLLAR


def fixed_tick_size(price: int) -> int:
    """Return the price step of an order at this price, both in 1e-6 USD."""
    return _FIXED_CENT if price >= PRICE_SCALE else _FIXED_SUB_DOLLAR


def round_with(price: Decimal, side: Side) -> Decimal:
    """Return the nearest grid price in the trade's direction: up for a long, down for a short."""
    rounding = ROUND_CEILING if side is Side.LONG else ROUND_FLOOR
    return price.quantize(tick_size(price), rounding)


def round_against(price: Decimal, side: Side) -> Decimal:
    """Return the nearest grid price against the trade: down for a long, up for a short."""
    return round_with(price, Side(-side))


def next_tick(price: Decimal, side: Side) -> Decimal:
    """Return the first grid price strictly beyond any price in the trade's direction."""
    rounded = round_with(price, side)
    if rounded != price:
        return rounded
    step = _SUB_DOLLAR if side is Side.SHORT and price <= 1 else tick_size(price)
    return price + side * step
