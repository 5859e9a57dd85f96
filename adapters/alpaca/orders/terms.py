"""Nautilus's orders in the venue's words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from nautilus_trader.model import OrderSide, OrderType, TimeInForce, TrailingOffsetType

from adapters.alpaca.orders.ids import OrderIds
from adapters.alpaca.orders.own_order import OwnOrder
from adapters.alpaca.orders.requests import OrderRequest, StopLoss, TakeProfit
from engine.domain.errors import VenueRejected
from engine.runtime.bridge.values import decimal_of, shares_of

_TYPES = {
    OrderType.MARKET: "market",
    OrderType.LIMIT: "limit",
    OrderType.STOP_MARKET: "stop",
    OrderType.STOP_LIMIT: "stop_limit",
    OrderType.TRAILING_STOP_MARKET: "trailing_stop",
}
_TIMES_IN_FORCE = {
    TimeInForce.DAY: "day",
    TimeInForce.GTC: "gtc",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.AT_THE_OPEN: "opg",
    TimeInForce.AT_THE_CLOSE: "cls",
}
_PRICED = frozenset({"limit", "stop_limit"})
_STOPPED = frozenset({"stop", "stop_limit"})
_BASIS_POINTS_PER_PERCENT = 100
_BRACKET = 3


def own_order(order: Any, parent: str | None = None) -> OwnOrder:
    """Return what we ask for with an order.

    Raises
    ------
    VenueRejected
        The venue has nothing like it.
    """
    kind = _word(_TYPES, order.order_type, "order type")
    return OwnOrder(
        order.client_order_id.value,
        order.instrument_id.symbol.value,
        "buy" if order.side == OrderSide.BUY else "sell",
        kind,
        shares_of(order.quantity),
        amount(order.price) if kind in _PRICED else None,
        amount(order.trigger_price) if kind in _STOPPED else None,
        parent,
    )


def simple_request(order: Any, ids: OrderIds) -> OrderRequest:
    """Return an order as the venue wants it.

    Raises
    ------
    VenueRejected
        The venue has nothing like it.
    """
    asked = own_order(order)
    trail: dict[str, Decimal] = {}
    if asked.type == "trailing_stop":
        trail = _trail(order)
    if getattr(order, "is_post_only", False):
        raise VenueRejected("post-only orders do not exist at this venue")
    closes = getattr(order, "is_reduce_only", False)
    return OrderRequest(
        client_order_id=ids.venue_id(asked.client_order_id),
        symbol=asked.symbol,
        side=asked.side,
        type=asked.type,
        time_in_force=_word(_TIMES_IN_FORCE, order.time_in_force, "time in force"),
        qty=asked.quantity,
        limit_price=asked.price,
        stop_price=asked.trigger_price,
        trail_price=trail.get("price"),
        trail_percent=trail.get("percent"),
        position_intent=f"{asked.side}_to_close" if closes else None,
    )


def bracket_request(orders: Sequence[Any], ids: OrderIds) -> tuple[OrderRequest, list[OwnOrder]]:
    """Return entry, stop and target as one order with legs, and all three as ours, entry first.

    Raises
    ------
    VenueRejected
        The list is no bracket.
    """
    if len(orders) != _BRACKET:
        raise VenueRejected(
            f"an order list of {len(orders)} is no bracket of entry, stop and target"
        )
    entry, *legs = orders
    parent = entry.client_order_id.value
    by_type = {leg.order_type: leg for leg in legs}
    stop = by_type.get(OrderType.STOP_MARKET) or by_type.get(OrderType.STOP_LIMIT)
    target = by_type.get(OrderType.LIMIT)
    same = {(leg.instrument_id, leg.quantity) for leg in orders}
    if stop is None or target is None or len(same) != 1 or stop.side != target.side:
        raise VenueRejected("the order list is no bracket of entry, stop and target")
    own = [own_order(entry), own_order(stop, parent), own_order(target, parent)]
    request = simple_request(entry, ids)
    take_profit, stop_loss = own[2].price, own[1].trigger_price
    if take_profit is None or stop_loss is None:
        raise VenueRejected("a leg of the bracket has no price")
    return (
        OrderRequest(
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            time_in_force=request.time_in_force,
            qty=request.qty,
            limit_price=request.limit_price,
            order_class="bracket",
            take_profit=TakeProfit(take_profit),
            stop_loss=StopLoss(stop_loss, own[1].price),
            position_intent=f"{request.side}_to_open",
        ),
        own,
    )


def amount(price: Any) -> Decimal:
    """Return a price in USD without zeros at its end."""
    return decimal_of(price).normalize()


def _trail(order: Any) -> dict[str, Decimal]:
    offset = Decimal(str(order.trailing_offset))
    if order.trailing_offset_type == TrailingOffsetType.PRICE:
        return {"price": offset}
    if order.trailing_offset_type == TrailingOffsetType.BASIS_POINTS:
        return {"percent": offset / _BASIS_POINTS_PER_PERCENT}
    raise VenueRejected(f"the venue has no trailing offset in {order.trailing_offset_type.name}")


def _word[K](words: dict[K, str], key: K, what: str) -> str:
    if key not in words:
        raise VenueRejected(f"the venue has no {what} {key}")
    return words[key]
