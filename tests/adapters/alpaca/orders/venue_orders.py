"""Beside the tests of orders: a bracket as the venue tells of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from adapters.alpaca.orders.events import OrderUpdate
from adapters.alpaca.orders.ids import OrderIds
from adapters.alpaca.orders.own_order import OwnOrder
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.wire.rest import VenueActivity, VenueOrder
from adapters.alpaca.wire.trading import TradeUpdate

TRADE = "20260918-AAPL-093005"
ENTRY, TARGET, STOP = (f"{TRADE}-{role}" for role in ("entry", "take_profit", "stop_loss"))
IDS = OrderIds("r1")
ENTRY_ID, TARGET_ID, STOP_ID = (str(UUID(int=n)) for n in (1, 2, 3))
T0 = 1_789_738_205_000_000_000


def venue_order(order_id: str, **fields: Any) -> VenueOrder:
    """Return an order of 100 AAPL."""
    known = {
        "id": order_id,
        "client_order_id": str(UUID(order_id[::-1])),
        "symbol": "AAPL",
        "side": "sell",
        "status": "held",
        "time_in_force": "day",
        "qty": Decimal(100),
        "created_at": T0,
        "submitted_at": T0,
        "updated_at": T0,
        "order_class": "bracket",
    }
    return VenueOrder(**(known | fields))


TARGET_LEG = venue_order(TARGET_ID, type="limit", limit_price=Decimal(103))
STOP_LEG = venue_order(STOP_ID, type="stop", stop_price=Decimal(98))
BRACKET = venue_order(
    ENTRY_ID,
    client_order_id=IDS.venue_id(ENTRY),
    type="limit",
    limit_price=Decimal(100),
    side="buy",
    status="accepted",
    legs=(TARGET_LEG, STOP_LEG),
)


def sent_bracket(ids: OrderIds = IDS) -> OwnOrders:
    """Return the books with a bracket on its way."""
    own = OwnOrders(ids)
    hundred = Decimal(100)
    own.sent(
        OwnOrder(ENTRY, "AAPL", "buy", "limit", hundred, Decimal(100)),
        [
            OwnOrder(STOP, "AAPL", "sell", "stop", hundred, None, Decimal(98), ENTRY),
            OwnOrder(TARGET, "AAPL", "sell", "limit", hundred, Decimal(103), None, ENTRY),
        ],
    )
    return own


def live_bracket() -> OwnOrders:
    """Return the books with a bracket whose entry is filled at 100."""
    own = sent_bracket()
    list(own.answered(ENTRY, BRACKET))
    list(own.take(fill(BRACKET, 100, 100, "100.00")))
    return own


def after(order: VenueOrder, step: int, **fields: Any) -> VenueOrder:
    """Return an order some seconds later."""
    return replace(order, updated_at=T0 + step * 10**9, **fields)


def update(event: str, order: VenueOrder, **fields: Any) -> TradeUpdate:
    """Return an update as the stream tells it, without legs."""
    known: dict[str, Any] = {"event": event, "order": replace(order, legs=()), "timestamp": T0}
    return TradeUpdate(**(known | fields))


def fill(order: VenueOrder, qty: int, cumulative: int, price: str) -> TradeUpdate:
    """Return an execution as the stream tells it."""
    is_whole = order.qty == cumulative
    told = after(
        order,
        cumulative,
        status="filled" if is_whole else "partially_filled",
        filled_qty=Decimal(cumulative),
        filled_avg_price=Decimal(price),
        filled_at=T0 + cumulative,
    )
    return update(
        "fill" if is_whole else "partial_fill",
        told,
        qty=Decimal(qty),
        price=Decimal(price),
        execution_id=f"{order.id}:{cumulative}",
        timestamp=T0 + cumulative,
    )


def activity(order: VenueOrder, qty: int, cumulative: int, price: str) -> VenueActivity:
    """Return an execution as the list of activities tells it."""
    return VenueActivity(
        id=f"20260918093005000::{UUID(int=cumulative)}",
        activity_type="FILL",
        transaction_time=T0 + cumulative,
        symbol=order.symbol,
        side=order.side,
        price=Decimal(price),
        qty=Decimal(qty),
        cum_qty=Decimal(cumulative),
        order_id=order.id,
    )


def kinds(news: list[OrderUpdate]) -> list[tuple[str, str]]:
    """Return what happened to which order."""
    return [(type(one).__name__, getattr(one, "client_order_id", "")) for one in news]
