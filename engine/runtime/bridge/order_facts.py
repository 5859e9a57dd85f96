"""Nautilus's order events as facts."""

from __future__ import annotations

from decimal import Decimal

from nautilus_trader import model
from nautilus_trader.model import LimitOrder, StopMarketOrder

from engine.domain import facts
from engine.domain.facts import OrderFact
from engine.runtime.bridge.orders import Order, name_of
from engine.runtime.bridge.values import decimal_of, shares_of

_INTENTS = (model.OrderInitialized, model.OrderPendingUpdate, model.OrderPendingCancel)


def is_intent(event: object) -> bool:
    """Say whether an event reaches handlers while the command is still being given.

    Clock and cache cannot be used then, and nothing has happened yet.
    """
    return isinstance(event, _INTENTS)


def payload_of(event: object, order: Order, account: str) -> OrderFact | None:
    """Return an order event as the body of a fact, None for an event that changes nothing.

    Parameters
    ----------
    event : nautilus order event
        Not an intent.
    order : nautilus order
        As it is after the event.
    account : str
        What the account is called whose order it is.
    """
    name, instrument = name_of(order), order.instrument_id
    client_order_id, trade_id = order.client_order_id.value, name.trade_id
    symbol, venue = instrument.symbol.value, instrument.venue.value
    match event:
        case model.OrderSubmitted():
            return facts.OrderSubmitted(
                client_order_id=client_order_id,
                trade_id=trade_id,
                symbol=symbol,
                venue=venue,
                account=account,
                role=name.role,
                number=name.number,
                order_side=order.side.name,
                order_type=order.order_type.name,
                quantity=shares_of(order.quantity),
                price=_price(order),
                trigger_price=_trigger_price(order),
            )
        case model.OrderAccepted():
            return facts.OrderAccepted(client_order_id, trade_id, symbol, venue, account)
        case model.OrderUpdated():
            return facts.OrderUpdated(
                client_order_id=client_order_id,
                trade_id=trade_id,
                symbol=symbol,
                venue=venue,
                account=account,
                quantity=shares_of(order.quantity),
                price=_price(order),
                trigger_price=_trigger_price(order),
            )
        case model.OrderFilled():
            return facts.OrderFilled(
                client_order_id=client_order_id,
                trade_id=trade_id,
                symbol=symbol,
                venue=venue,
                account=account,
                role=name.role,
                order_side=event.order_side.name,
                venue_trade_id=event.trade_id.value,
                last_qty=shares_of(event.last_qty),
                last_px=decimal_of(event.last_px),
                commission=_commission(event),
                liquidity_side=event.liquidity_side.name,
            )
        case model.OrderCanceled():
            return facts.OrderCanceled(client_order_id, trade_id, symbol, venue, account)
        case model.OrderExpired():
            return facts.OrderExpired(client_order_id, trade_id, symbol, venue, account)
        case model.OrderRejected() | model.OrderDenied():
            return facts.OrderRejected(
                client_order_id, trade_id, symbol, venue, account, str(event.reason)
            )
        case _:
            return None


def _price(order: Order) -> Decimal | None:
    return decimal_of(order.price) if isinstance(order, LimitOrder) else None


def _trigger_price(order: Order) -> Decimal | None:
    return decimal_of(order.trigger_price) if isinstance(order, StopMarketOrder) else None


def _commission(event: model.OrderFilled) -> Decimal:
    return Decimal(0) if event.commission is None else event.commission.as_decimal()
