"""Which orders of one account might trade with each other, and are refused for it."""

from __future__ import annotations

from simulator.exchange.book.orders import Order, OrderClass, OrderType

_ALWAYS = frozenset({OrderType.MARKET, OrderType.STOP})


def may_wash(existing: Order, new: Order) -> bool:
    """Say whether two orders of one account in one stock may not stand side by side.

    Opposite sides never stand beside a market or stop order, limits only while they do not cross.
    Groups and trailing stops are exempt (docs "user protection", the table of 32 pairs).
    """
    if existing.side is new.side or any(_is_exempt(order) for order in (existing, new)):
        return False
    if existing.type in _ALWAYS or new.type in _ALWAYS:
        return True
    buy, sell = (existing, new) if existing.is_buy else (new, existing)
    if buy.limit_price is None or sell.limit_price is None:
        return True
    return buy.limit_price >= sell.limit_price


def _is_exempt(order: Order) -> bool:
    return order.order_class is not OrderClass.SIMPLE or order.type is OrderType.TRAILING_STOP
