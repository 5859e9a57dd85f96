"""What became of our orders, as nautilus's events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.live.clients import ExecutionClient
from nautilus_trader.model import Money, TradeId, VenueOrderId

from adapters.alpaca.execution.order_reports import liquidity_side
from adapters.alpaca.orders.events import (
    Accepted,
    Canceled,
    CancelRejected,
    Expired,
    Filled,
    ModifyRejected,
    OwnOrderEvent,
    Rejected,
    Updated,
)
from adapters.alpaca.orders.own_order import OwnOrder
from engine.domain.account import ALPACA_MAIN
from engine.runtime.bridge.values import currency_of, price_from, quantity_of

_CURRENCY = currency_of(ALPACA_MAIN.currency)
_NO_COMMISSION = Money.from_decimal(Decimal(0), _CURRENCY)
"""The venue charges fees by the day, not by the fill."""


def tell_order(client: ExecutionClient, order: Any, own: OwnOrder, one: OwnOrderEvent) -> None:
    """Tell nautilus what happened to an order that it has.

    Parameters
    ----------
    order : nautilus order
        From the client's cache.
    """
    venue_id = VenueOrderId(one.venue_order_id or "none")
    match one:
        case Accepted():
            client.generate_order_accepted(order, venue_id, one.ts)
        case Updated():
            client.generate_order_updated(
                order,
                venue_id,
                quantity_of(int(one.quantity)),
                None if one.price is None else price_from(one.price),
                None if one.trigger_price is None else price_from(one.trigger_price),
                None,
                one.ts,
            )
        case Filled():
            client.generate_order_filled(
                order,
                venue_id,
                None,
                TradeId(one.trade_id),
                quantity_of(int(one.quantity)),
                price_from(one.price),
                _CURRENCY,
                _NO_COMMISSION,
                liquidity_side(own, one),
                one.ts,
            )
        case Canceled():
            client.generate_order_canceled(order, venue_id, one.ts)
        case Expired():
            client.generate_order_expired(order, venue_id, one.ts)
        case Rejected():
            client.generate_order_rejected(order, one.reason, one.ts, False)
        case ModifyRejected():
            client.generate_order_modify_rejected(order, venue_id, one.reason, one.ts)
        case CancelRejected():
            client.generate_order_cancel_rejected(order, venue_id, one.reason, one.ts)
        case _:
            pass
