"""An approved plan as an order list, and how an order says what it is for."""

from __future__ import annotations

from decimal import Decimal

from nautilus_trader.common import OrderFactory
from nautilus_trader.model import (
    ClientOrderId,
    LimitOrder,
    MarketOrder,
    OrderSide,
    OrderType,
    StopMarketOrder,
    TimeInForce,
    TriggerType,
)

from engine.domain.bracket import Approved, BracketPlan
from engine.domain.candidate import Side
from engine.domain.errors import RunError
from engine.domain.facts import OrderRole
from engine.domain.markets.instrument import Instrument
from engine.domain.markets.instrument import TimeInForce as InForce
from engine.domain.order_names import OrderName, exit_id, order_id, order_name
from engine.runtime.bridge.values import instrument_id, price_from, quantity_of

_IN_FORCE = {
    InForce.DAY: TimeInForce.DAY,
    InForce.GTC: TimeInForce.GTC,
    InForce.IOC: TimeInForce.IOC,
    InForce.FOK: TimeInForce.FOK,
}

type Order = MarketOrder | LimitOrder | StopMarketOrder


def name_of(order: Order) -> OrderName:
    """Return what an order is for: it says so in its id, which every venue gives back.

    Raises
    ------
    RunError
        The id is not one of ours.
    """
    name = order_name(order.client_order_id.value)
    if name is None:
        raise RunError(f"order {order.client_order_id} is not ours, expected '<trade>-<role>'")
    return name


def role_of(order: Order) -> OrderRole:
    """Return what an order is for."""
    return name_of(order).role


def trade_id_of(order: Order) -> str:
    """Return the trade an order belongs to."""
    return name_of(order).trade_id


def bracket_orders(
    factory: OrderFactory, approved: Approved[BracketPlan], instrument: Instrument
) -> list[Order]:
    """Return entry, stop and target of a plan.

    The legs sleep until the entry is wholly filled, then whichever fills shrinks the other. The
    stop is elected by prints alone, as at the venue. They work as long as the instrument's do.
    """
    plan, in_force = approved.value, _IN_FORCE[instrument.time_in_force]
    trade_id, limit = plan.trade_id, plan.entry_limit
    return factory.bracket(
        instrument_id(plan.symbol, plan.venue),
        OrderSide.BUY if plan.side is Side.LONG else OrderSide.SELL,
        quantity_of(plan.quantity),
        time_in_force=in_force,
        entry_order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        entry_price=None if limit is None else price_from(limit),
        entry_client_order_id=ClientOrderId(order_id(OrderRole.ENTRY, trade_id)),
        tp_price=price_from(plan.take_profit),
        tp_time_in_force=in_force,
        tp_post_only=False,
        tp_client_order_id=ClientOrderId(order_id(OrderRole.TAKE_PROFIT, trade_id)),
        sl_trigger_price=price_from(plan.stop_loss),
        sl_trigger_type=TriggerType.LAST_PRICE,
        sl_time_in_force=in_force,
        sl_client_order_id=ClientOrderId(order_id(OrderRole.STOP_LOSS, trade_id)),
    )


def exit_order(
    factory: OrderFactory, plan: BracketPlan, instrument: Instrument, shares: Decimal, number: int
) -> MarketOrder:
    """Return the ``number``-th market order that closes what is held of a trade."""
    return factory.market(
        instrument_id(plan.symbol, plan.venue),
        OrderSide.SELL if plan.side is Side.LONG else OrderSide.BUY,
        quantity_of(shares),
        time_in_force=_IN_FORCE[instrument.time_in_force],
        reduce_only=True,
        client_order_id=ClientOrderId(exit_id(plan.trade_id, number)),
    )
