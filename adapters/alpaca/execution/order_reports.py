"""Our orders at the venue as nautilus's reports: what a node that starts must know."""

from __future__ import annotations

from decimal import Decimal

from nautilus_trader.model import (
    AccountId,
    ClientOrderId,
    ContingencyType,
    FillReport,
    LiquiditySide,
    Money,
    OrderSide,
    OrderStatus,
    OrderStatusReport,
    OrderType,
    PositionSide,
    PositionStatusReport,
    TimeInForce,
    TradeId,
    TriggerType,
    VenueOrderId,
)

from adapters.alpaca.orders.events import Canceled, Expired, Filled, Rejected
from adapters.alpaca.orders.own_order import OwnOrder
from adapters.alpaca.orders.own_orders import OwnOrders
from engine.domain.account import ALPACA_MAIN
from engine.runtime.bridge.values import currency_of, instrument_id, price_from, quantity_of

_TYPES = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.STOP_MARKET,
    "stop_limit": OrderType.STOP_LIMIT,
}
_TIMES_IN_FORCE = {
    "day": TimeInForce.DAY,
    "gtc": TimeInForce.GTC,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "opg": TimeInForce.AT_THE_OPEN,
    "cls": TimeInForce.AT_THE_CLOSE,
}
_ENDED = {
    Filled: OrderStatus.FILLED,
    Canceled: OrderStatus.CANCELED,
    Expired: OrderStatus.EXPIRED,
    Rejected: OrderStatus.REJECTED,
}


def status_report(
    own: OwnOrders, order: OwnOrder, account_id: AccountId, now: int
) -> OrderStatusReport | None:
    """Return an order as it is; None for one that nautilus has no type for, or not yet known."""
    link, kind = order.current, _TYPES.get(order.type)
    if link is None or kind is None:
        return None
    venue = link.venue
    siblings = [
        each for each in own.known.group(order.parent or order.client_order_id) if each != order
    ]
    ts_last = order.ended.ts if order.ended else venue.updated_at or now
    return OrderStatusReport(
        account_id,
        instrument_id(order.symbol, ALPACA_MAIN.venue),
        VenueOrderId(venue.id),
        order_side(order),
        kind,
        _TIMES_IN_FORCE.get(venue.time_in_force, TimeInForce.DAY),
        _status(order),
        quantity_of(int(order.quantity)),
        quantity_of(int(order.filled)),
        order.ts_accepted or ts_last,
        ts_last,
        now,
        client_order_id=ClientOrderId(order.client_order_id),
        linked_order_ids=[
            ClientOrderId(each.client_order_id) for each in siblings if each.parent == order.parent
        ]
        or None,
        parent_order_id=ClientOrderId(order.parent) if order.parent else None,
        contingency_type=ContingencyType.OUO if order.parent else None,
        price=None if order.price is None else price_from(order.price),
        trigger_price=None if order.trigger_price is None else price_from(order.trigger_price),
        trigger_type=None if order.trigger_price is None else TriggerType.LAST_PRICE,
        avg_px=order.value / order.filled if order.filled else None,
    )


def fill_report(order: OwnOrder, filled: Filled, account_id: AccountId, now: int) -> FillReport:
    """Return one execution, under the id the stream gives it."""
    return FillReport(
        account_id,
        instrument_id(order.symbol, ALPACA_MAIN.venue),
        VenueOrderId(order.current.venue.id if order.current else filled.venue_order_id),
        TradeId(filled.trade_id),
        order_side(order),
        quantity_of(int(filled.quantity)),
        price_from(filled.price),
        Money(0, currency_of(ALPACA_MAIN.currency)),
        liquidity_side(order, filled),
        filled.ts,
        now,
        client_order_id=ClientOrderId(order.client_order_id),
    )


def position_report(
    own: OwnOrders, symbol: str, account_id: AccountId, now: int
) -> PositionStatusReport:
    """Return what our own executions left of a stock."""
    held = own.known.held(symbol)
    side = PositionSide.LONG if held > 0 else PositionSide.SHORT if held else PositionSide.FLAT
    stock = instrument_id(symbol, ALPACA_MAIN.venue)
    return PositionStatusReport(account_id, stock, side, quantity_of(int(abs(held))), now, now)


def order_side(order: OwnOrder) -> OrderSide:
    """Return nautilus's word for a side."""
    return OrderSide.BUY if order.side == "buy" else OrderSide.SELL


def liquidity_side(order: OwnOrder, filled: Filled) -> LiquiditySide:
    """Return who was there first, as far as can be told: the venue does not say.

    A limit order that got its very limit rested; whatever got another price came to one.
    """
    rested = order.type == "limit" and order.price == Decimal(filled.price)
    return LiquiditySide.MAKER if rested else LiquiditySide.TAKER


def _status(order: OwnOrder) -> OrderStatus:
    if order.ended is not None:
        return _ENDED[type(order.ended)]
    return OrderStatus.PARTIALLY_FILLED if order.filled else OrderStatus.ACCEPTED
