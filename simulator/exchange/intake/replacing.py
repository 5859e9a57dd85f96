"""Whether an order may be replaced, and by what was asked for."""

from __future__ import annotations

from simulator.exchange.book.faults import (
    NOT_CHANGED,
    NOT_REPLACEABLE,
    STOP_PRICE_OF_LIMIT,
    Fault,
    not_processable,
)
from simulator.exchange.book.orders import Order, OrderClass, OrderType, Status
from simulator.exchange.intake.form import off_grid
from simulator.exchange.intake.request import ReplaceRequest

_REPLACEABLE = frozenset({Status.NEW, Status.PARTIALLY_FILLED, Status.HELD})


def irreplaceable(old: Order, change: ReplaceRequest) -> Fault | None:
    """Return why an order cannot be replaced as it is asked for, if it cannot."""
    if old.status not in _REPLACEABLE or old.notional is not None:
        return NOT_REPLACEABLE
    if old.order_class is OrderClass.OTO:
        return NOT_REPLACEABLE
    if change.stop_price is not None and old.type is OrderType.LIMIT:
        return STOP_PRICE_OF_LIMIT
    if change.limit_price is not None and old.limit_price is None:
        words = old.type.replace("_", " ")
        return not_processable(f"{words} orders must not have limit_price")
    if change.qty is not None and change.qty != change.qty.to_integral_value():
        return not_processable("qty must be a whole number of shares")
    if not _changes(old, change):
        return NOT_CHANGED
    return off_grid("limit_price", change.limit_price) or off_grid("stop_price", change.stop_price)


def _changes(old: Order, change: ReplaceRequest) -> bool:
    """Say whether anything about an order would be otherwise; its name alone does not count."""
    trail = old.trail_percent if old.trail_price is None else old.trail_price
    return any(
        new is not None and new != now
        for new, now in (
            (change.qty, old.leaves_qty),
            (change.time_in_force, old.time_in_force),
            (change.limit_price, old.limit_price),
            (change.stop_price, old.stop_price),
            (change.trail, trail),
        )
    )
