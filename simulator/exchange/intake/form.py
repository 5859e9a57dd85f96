"""Whether an order makes sense by itself: its type, its group, its prices on the grid."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from simulator.exchange.book.faults import (
    FRACTIONAL_NOT_DAY,
    FRACTIONAL_NOT_SIMPLE,
    STOP_PRICE_OF_LIMIT,
    Fault,
    beyond_base,
    not_processable,
    not_understood,
    sub_penny,
)
from simulator.exchange.book.orders import OrderClass, OrderType, Side, TimeInForce
from simulator.exchange.intake.request import OrderRequest

_CENT = Decimal("0.01")
_SUB_DOLLAR = Decimal("0.0001")
_NEEDS_LIMIT = {OrderType.LIMIT, OrderType.STOP_LIMIT}
_NEEDS_STOP = {OrderType.STOP, OrderType.STOP_LIMIT}
_LASTING = {TimeInForce.DAY, TimeInForce.GTC}
_OF_FRACTIONS = {OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT}


def malformed(order: OrderRequest) -> Fault | None:
    """Return what is wrong with an order in itself, if anything."""
    for check in (_priced_at_market, _prices_missing, _fraction, _lasting, _group, _grid):
        if fault := check(order):
            return fault
    return None


def off_grid(field: str, price: Decimal | None) -> Fault | None:
    """Return the refusal of a price that rule 612 forbids: cents from 1 USD, 1/100 below."""
    if price is None:
        return None
    step = _CENT if price >= 1 else _SUB_DOLLAR
    return sub_penny(field, price) if price % step else None


def misplaced_exits(order: OrderRequest, last: Decimal | None) -> Fault | None:
    """Return the refusal of an exit of a group that is not a cent beyond its base price.

    That is the limit of the group's target (OCO) or entry, else the last print; a stop has to lie
    beyond the last print whatever the group ("threshold on stop price", docs "orders").
    """
    if order.order_class is OrderClass.SIMPLE:
        return None
    is_oco = order.order_class is OrderClass.OCO
    base = (order.take_profit if is_oco else None) or order.limit_price or last
    exits_below = (order.side is Side.BUY) is not is_oco
    if order.stop_loss is not None:
        for price in (base, last):
            stop = order.stop_loss.stop_price
            if fault := _not_beyond("stop_loss.stop_price", stop, price, below=exits_below):
                return fault
    if order.take_profit is not None and not is_oco:
        target = order.take_profit
        return _not_beyond("take_profit.limit_price", target, base, below=not exits_below)
    return None


def _not_beyond(field: str, price: Decimal, base: Decimal | None, *, below: bool) -> Fault | None:
    """Return the refusal of a price that is not a cent below or above a base, if it is not."""
    if base is None or (price <= base - _CENT if below else price >= base + _CENT):
        return None
    return beyond_base(field, "<= base_price -" if below else ">= base_price +", base)


def _priced_at_market(order: OrderRequest) -> Fault | None:
    if order.type is OrderType.MARKET and (order.limit_price or order.stop_price):
        return not_understood("market orders require no stop or limit price")
    return None


def _prices_missing(order: OrderRequest) -> Fault | None:
    words = order.type.replace("_", " ")
    of_oco = order.order_class is OrderClass.OCO and order.take_profit is not None
    if order.type in _NEEDS_LIMIT and order.limit_price is None and not of_oco:
        return not_understood(f"{words} orders require limit price")
    if order.type in _NEEDS_STOP and order.stop_price is None:
        return not_understood(f"{words} orders require stop price")
    if order.type not in _NEEDS_LIMIT and order.limit_price is not None:
        return not_processable(f"{words} orders must not have limit_price")
    # lumibot writes the stop of an OCO twice: at the order itself, too
    stops = {None, order.stop_loss.stop_price if order.stop_loss else None}
    is_twice = order.order_class is OrderClass.OCO and order.stop_price in stops
    if order.type not in _NEEDS_STOP and order.stop_price is not None and not is_twice:
        if order.type is OrderType.LIMIT:
            return STOP_PRICE_OF_LIMIT
        return not_processable(f"{words} orders must not have stop_price")
    trails = (order.trail_price, order.trail_percent).count(None)
    if order.type is OrderType.TRAILING_STOP and trails != 1:
        return not_understood("trailing stop orders require either trail price or trail percent")
    if order.type is not OrderType.TRAILING_STOP and trails != 2:  # noqa: PLR2004
        return not_processable(f"{words} orders must not have trail_price or trail_percent")
    return None


def _fraction(order: OrderRequest) -> Fault | None:
    if order.qty is not None and order.qty == order.qty.to_integral_value():
        return None
    if order.time_in_force is not TimeInForce.DAY:
        return FRACTIONAL_NOT_DAY
    if order.order_class is not OrderClass.SIMPLE:
        return FRACTIONAL_NOT_SIMPLE
    if order.type not in _OF_FRACTIONS or (order.notional and order.type is not OrderType.MARKET):
        return not_processable("fractional orders must be market or limit or stop orders")
    return None


def _lasting(order: OrderRequest) -> Fault | None:
    lasts = order.time_in_force in _LASTING
    if order.extended_hours and (order.type is not OrderType.LIMIT or not lasts):
        return not_processable("extended hours order must be DAY or GTC limit orders")
    if order.type is OrderType.TRAILING_STOP and not lasts:
        return not_processable("trailing stop orders must be DAY or GTC orders")
    at_auction = order.time_in_force in {TimeInForce.OPG, TimeInForce.CLS}
    if at_auction and order.type not in {OrderType.MARKET, OrderType.LIMIT}:
        return not_processable("OPG and CLS orders must be market or limit orders")
    return None


def _group(order: OrderRequest) -> Fault | None:
    group = order.order_class
    if group is OrderClass.SIMPLE:
        if order.take_profit or order.stop_loss:
            return not_processable("simple orders must not have take_profit or stop_loss")
        return None
    if order.type not in {OrderType.MARKET, OrderType.LIMIT}:
        return not_processable(f"{group} orders must be entered with a market or limit order")
    if group is OrderClass.OCO and order.type is not OrderType.LIMIT:
        return not_processable("oco orders must be limit orders")
    if order.time_in_force not in _LASTING:
        return not_processable(f"{group} orders must be DAY or GTC orders")
    if order.extended_hours:
        return not_processable(f"{group} orders must not be extended_hours")
    return _legs_missing(order)


def _legs_missing(order: OrderRequest) -> Fault | None:
    group, target, stop = order.order_class, order.take_profit, order.stop_loss
    if group is OrderClass.OTO:
        if (target is None) is (stop is None):
            return not_understood("oto orders require either take_profit or stop_loss")
        return None
    if stop is None:
        return not_understood(f"{group} orders require stop_loss.stop_price")
    if group is OrderClass.BRACKET and target is None:
        return not_understood("bracket orders require take_profit.limit_price")
    return None


def _grid(order: OrderRequest) -> Fault | None:
    return next(
        (fault for field, price in _priced(order) if (fault := off_grid(field, price))), None
    )


def _priced(order: OrderRequest) -> Iterator[tuple[str, Decimal | None]]:
    yield "limit_price", order.limit_price
    yield "stop_price", order.stop_price
    yield "take_profit.limit_price", order.take_profit
    if order.stop_loss is not None:
        yield "stop_loss.stop_price", order.stop_loss.stop_price
        yield "stop_loss.limit_price", order.stop_loss.limit_price
