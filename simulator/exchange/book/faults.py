"""What the look-alike answers when it does not do what was asked, in Alpaca's words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from serving import sentence
from simulator.exchange.book.numbers import cents, plain


class Fault(msgspec.Struct, frozen=True):
    """A refusal: HTTP status and JSON body."""

    http_status: int
    body: dict[str, Any]


def not_understood(message: str) -> Fault:
    """Return what a request gets that cannot be read."""
    return Fault(422, {"code": 40010001, "message": sentence(message)})


def not_processable(message: str) -> Fault:
    """Return what a request gets that breaks a rule."""
    return Fault(422, {"code": 42210000, "message": sentence(message)})


def forbidden(message: str) -> Fault:
    """Return what a request gets that the account may not make."""
    return Fault(403, {"code": 40310000, "message": sentence(message)})


def sub_penny(field: str, price: Decimal) -> Fault:
    """Return what a price off the grid of rule 612 gets."""
    return not_processable(
        f"invalid {field} {plain(price)}. "
        "sub-penny increment does not fulfill minimum pricing criteria"
    )


def beyond_base(field: str, bound: str, base: Decimal) -> Fault:
    """Return what an exit on the wrong side of its base price gets."""
    return Fault(
        422,
        {
            "base_price": plain(base),
            "code": 42210000,
            "message": f"{field} must be {bound} 0.01",
        },
    )


def insufficient_buying_power(buying_power: Decimal, cost: Decimal) -> Fault:
    """Return what an order gets that costs more than there is."""
    return Fault(
        403,
        {
            "code": 40310000,
            "message": "insufficient buying power",
            "buying_power": cents(buying_power),
            "cost_basis": cents(cost),
        },
    )


def insufficient_qty(
    symbol: str, requested: Decimal, existing: Decimal, held: Decimal, related: Sequence[str]
) -> Fault:
    """Return what an exit gets for shares that other orders hold."""
    available = existing - held
    return Fault(
        403,
        {
            "available": plain(available),
            "code": 40310000,
            "existing_qty": plain(existing),
            "held_for_orders": plain(held),
            "message": "insufficient qty available for order "
            f"(requested: {plain(requested)}, available: {plain(available)})",
            "related_orders": list(related),
            "symbol": symbol,
        },
    )


def wash_trade(existing_order_id: str | None) -> Fault:
    """Return what an order gets that could trade with the account's own.

    Parameters
    ----------
    existing_order_id : str, optional
        The own order, where it is a limit order.
    """
    if existing_order_id is None:
        return forbidden("potential wash trade detected. use complex orders")
    reason = "opposite side limit order exists"
    return Fault(
        403,
        {
            "code": 40310000,
            "existing_order_id": existing_order_id,
            "message": f"potential wash trade detected. {reason}. use complex orders",
            "reject_reason": reason,
        },
    )


def intent_mismatch(inferred: str, specified: str) -> Fault:
    """Return what an order gets that would do other than its ``position_intent`` says.

    As users of Alpaca have reported it.
    """
    return not_processable(
        f"position intent mismatch, inferred: {inferred}, specified: {specified}"
    )


def order_not_found(order_id: str) -> Fault:
    """Return what a question for an unknown order gets."""
    return Fault(404, {"code": 40410000, "message": sentence(f"order not found for {order_id}")})


UNAUTHORIZED = Fault(401, {"message": "unauthorized."})
SUSPENDED = forbidden("new orders are rejected by user request")
NOT_AUTHORIZED = forbidden("account is not authorized to trade")
NOT_ALLOWED_TO_SHORT = forbidden("account is not allowed to short")
DAY_TRADING = Fault(
    403,
    {
        "code": 40310100,
        "message": "trade denied due to pattern day trading protection",
    },
)
NO_POSITION = Fault(404, {"code": 40410000, "message": "position does not exist"})
ID_TAKEN = not_understood("client_order_id must be unique")
ID_TOO_LONG = not_understood("client_order_id must be no more than 128 characters")
NOT_REPLACEABLE = not_processable("unable to replace order in current state")
NOT_CHANGED = not_processable("order parameters are not changed")
"""As Alpaca's table of errors has it (422, 42210000); before 2026 it was a 403."""

NOT_CANCELABLE = not_processable("order is not cancelable")
STOP_PRICE_OF_LIMIT = not_processable("limit orders must not have stop_price")
FRACTIONAL_NOT_DAY = not_processable("fractional orders must be DAY orders")
FRACTIONAL_NOT_SIMPLE = not_processable("fractional orders must be simple orders")
STOP_NOT_BELOW = not_processable("stop price must be less than current price")
STOP_NOT_ABOVE = not_processable("stop price must be greater than current price")
RATE_LIMITED = Fault(429, {"code": 42910000, "message": "rate limit exceeded"})


def not_active(symbol: str) -> Fault:
    """Return what an order in a delisted stock gets."""
    return not_understood(f"asset {symbol} is not active")


def not_tradable(symbol: str) -> Fault:
    """Return what an order in a stock that cannot be traded gets."""
    return not_processable(f'asset "{symbol}" is not tradable')


def not_shortable(symbol: str) -> Fault:
    """Return what a short sale in a stock that cannot be borrowed gets."""
    return not_processable(f'asset "{symbol}" cannot be sold short')


def not_listed(symbol: str) -> Fault:
    """Return what an order in an unknown stock gets."""
    return not_processable(f'asset "{symbol}" not found')
