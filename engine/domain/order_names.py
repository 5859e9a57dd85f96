"""The names of a trade's orders, the same in every run."""

from __future__ import annotations

from engine.domain.facts import OrderRole


def order_id(role: OrderRole, trade_id: str) -> str:
    """Return the client order id of a trade's order, the same in every run."""
    return f"{trade_id}-{role.value}"


def exit_id(trade_id: str, number: int) -> str:
    """Return the client order id of the ``number``-th order that closes a trade, from 1."""
    first = order_id(OrderRole.EXIT, trade_id)
    return first if number <= 1 else f"{first}-{number}"


def exit_number(client_order_id: str, trade_id: str) -> int:
    """Return which of a trade's exits an id from ``exit_id`` names, from 1."""
    number = client_order_id.removeprefix(exit_id(trade_id, 1)).removeprefix("-")
    return int(number or 1)
