"""Orders, instruments and refusals of the venue in the words of the market port."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

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
from adapters.alpaca.orders.ids import OrderIds
from adapters.alpaca.orders.own_order import OwnOrder
from adapters.alpaca.orders.requests import OrderRequest, StopLoss, TakeProfit
from adapters.alpaca.wire.rest import VenueAsset, VenueFault
from adapters.transport.event_log import EventLog
from adapters.transport.token_bucket import TOO_MANY_REQUESTS
from engine.domain.candidate import Side
from engine.domain.facts import OrderRole
from engine.domain.markets.instrument import ALPACA_STOCKS, Instrument
from engine.domain.markets.market import EventKind, OrderState, PlacedOrder
from engine.domain.order_names import order_id, order_name
from engine.domain.ticket import NO_PROTECTION, OrderType, Ticket, TicketRefusal, TicketRefused

_SIDES = {Side.LONG: "buy", Side.SHORT: "sell"}
_ENDED = {
    Filled: OrderState.FILLED,
    Canceled: OrderState.CANCELED,
    Expired: OrderState.EXPIRED,
    Rejected: OrderState.REJECTED,
}
_KINDS = {
    Accepted: EventKind.ACCEPTED,
    Canceled: EventKind.CANCELED,
    Expired: EventKind.EXPIRED,
    Rejected: EventKind.REJECTED,
    ModifyRejected: EventKind.AMEND_REFUSED,
    CancelRejected: EventKind.CANCEL_REFUSED,
}
_FUNDS = "insufficient buying power"


def instruments(assets: Iterable[VenueAsset]) -> list[Instrument]:
    """Return the stocks that can be traded, by symbol."""
    return [
        msgspec.structs.replace(
            ALPACA_STOCKS.find(asset.symbol),
            shortable=asset.shortable,
            fractionable=asset.fractionable,
        )
        for asset in sorted(assets, key=lambda asset: asset.symbol)
        if asset.tradable and asset.status == "active"
    ]


def request_of(ticket: Ticket, quantity: Decimal, name: str, ids: OrderIds) -> OrderRequest:
    """Return the order of a ticket, its protections attached, under one of our ids."""
    entry, guarded, side = ticket.entry, ticket.protections, _SIDES[ticket.side]
    is_bracket = guarded != NO_PROTECTION
    target, stop = guarded.take_profit, guarded.stop_loss
    return OrderRequest(
        client_order_id=ids.venue_id(name),
        symbol=ticket.symbol,
        side=side,
        type=entry.type.value,
        time_in_force=entry.time_in_force.value,
        qty=quantity,
        limit_price=entry.limit_price,
        stop_price=entry.stop_price,
        trail_percent=entry.trail_percent,
        order_class="bracket" if is_bracket else "simple",
        take_profit=None if target is None else TakeProfit(target),
        stop_loss=None if stop is None else StopLoss(stop),
        position_intent=f"{side}_to_close" if ticket.reduce_only else None,
    )


def own_orders_of(ticket: Ticket, request: OrderRequest, name: str) -> tuple[OwnOrder, ...]:
    """Return what we are about to send as orders of ours, the entry first."""
    quantity = request.qty or Decimal(0)
    entry = OwnOrder(
        name,
        request.symbol,
        request.side,
        request.type,
        quantity,
        request.limit_price,
        request.stop_price,
    )
    if request.take_profit is None or request.stop_loss is None:
        return (entry,)
    exit_side = _SIDES[Side(-ticket.side)]
    target, stop = (
        OwnOrder(
            order_id(role, ticket.ticket_id),
            request.symbol,
            exit_side,
            kind,
            quantity,
            limit,
            trigger,
            name,
        )
        for role, kind, limit, trigger in (
            (OrderRole.TAKE_PROFIT, "limit", request.take_profit.limit_price, None),
            (OrderRole.STOP_LOSS, "stop", None, request.stop_loss.stop_price),
        )
    )
    return entry, stop, target


def placed_order(order: OwnOrder) -> PlacedOrder | None:
    """Return one of our orders as the port tells it; None for one that no ticket named."""
    name = order_name(order.client_order_id)
    if name is None:
        return None
    state, reason = OrderState.OPEN, ""
    if order.ended is not None:
        state = _ENDED[type(order.ended)]
        reason = order.ended.reason if isinstance(order.ended, Rejected) else ""
    elif order.current is None:
        state = OrderState.SENT
    return PlacedOrder(
        order_id=order.client_order_id,
        ticket_id=name.trade_id,
        role=name.role,
        symbol=order.symbol,
        side=Side.LONG if order.side == "buy" else Side.SHORT,
        type=OrderType(order.type),
        quantity=order.quantity,
        filled=order.filled,
        avg_price=order.value / order.filled if order.filled else None,
        limit_price=order.price,
        stop_price=order.trigger_price,
        state=state,
        reason=reason,
    )


def note(log: EventLog, symbol: str, event: OwnOrderEvent) -> None:
    """Write what happened to one of our orders into the log."""
    at = event.ts, event.client_order_id, symbol
    match event:
        case Filled():
            log.add(*at, EventKind.FILLED, quantity=event.quantity, price=event.price)
        case Updated():
            price = event.trigger_price if event.price is None else event.price
            log.add(*at, EventKind.UPDATED, quantity=event.quantity, price=price)
        case _ if type(event) in _KINDS:
            log.add(*at, _KINDS[type(event)], detail=getattr(event, "reason", ""))
        case _:
            pass


def refusal_of(fault: VenueFault | None, text: str) -> TicketRefused:
    """Return a refusal of the venue in the port's words."""
    reason = TicketRefusal.VENUE
    if fault is not None and fault.http_status == TOO_MANY_REQUESTS:
        reason = TicketRefusal.RATE
    elif fault is not None and _FUNDS in fault.message:
        reason = TicketRefusal.FUNDS
    return TicketRefused(reason, text)
