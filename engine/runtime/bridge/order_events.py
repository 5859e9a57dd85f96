"""What nautilus tells of orders, recorded as facts before anything acts on it."""

from __future__ import annotations

from typing import Any

from nautilus_trader import model
from nautilus_trader.model import ClientOrderId
from nautilus_trader.trading import Strategy

from engine.domain.facts import OrderRole
from engine.domain.order_names import exit_id, order_id
from engine.hub.books import LiveTrade
from engine.hub.desk import Desk
from engine.hub.guardian import Guardian
from engine.runtime.bridge.order_facts import payload_of
from engine.runtime.bridge.orders import role_of, trade_id_of

_BRACKET = (OrderRole.ENTRY, OrderRole.STOP_LOSS, OrderRole.TAKE_PROFIT)
_REFUSALS = (model.OrderModifyRejected, model.OrderRejected, model.OrderDenied)


class OrderEvents:
    """Writes order events down on the desk.

    Parameters
    ----------
    host : nautilus Strategy
        Its cache knows the orders.
    desk : Desk
    guardian : Guardian
        Learns whether the venue takes what closes a trade.
    """

    def __init__(self, host: Strategy, desk: Desk, guardian: Guardian) -> None:
        self._host = host
        self._desk = desk
        self._guardian = guardian

    def record(self, event: Any, now: int) -> LiveTrade | None:
        """Record an event; return its trade, if that is not over.

        Parameters
        ----------
        event : nautilus order event
            Not an intent.
        """
        order: Any = self._host.cache.order(event.client_order_id)
        refusal = str(event.reason) if isinstance(event, _REFUSALS) else None
        if not isinstance(event, model.OrderSubmitted):
            self._guardian.exit_answered(trade_id_of(order), role_of(order), refusal, now)
        if isinstance(event, model.OrderModifyRejected):
            self._desk.move_was_refused(trade_id_of(order), role_of(order), str(event.reason), now)
        payload = payload_of(event, order, self._desk.account.name)
        if payload is None:
            return None
        # what a live node says by itself it dates by the clock on the wall, a rehearsal has another
        self._desk.order_event(payload, min(event.ts_event, now), now)
        return self._desk.books.trades.get(payload.trade_id)

    def resume_trade(self, trade: LiveTrade, now: int) -> None:
        """Take up a trade of a process that is gone, from what the venue tells of its orders.

        Whatever happened to them meanwhile is recorded now, and only once. A plan whose entry the
        venue does not know was never sent, and is not sent late.
        """
        plan, cache, books = trade.plan, self._host.cache, self._desk.books
        if cache.order(ClientOrderId(order_id(OrderRole.ENTRY, plan.trade_id))) is None:
            unsent = plan.never_sent("unknown to the venue: never sent")
            self._desk.order_event(unsent, now, now)
            return
        # an exit may have left before the fact that it was to leave was written
        while cache.order(ClientOrderId(exit_id(plan.trade_id, trade.exits_sent + 1))):
            books.exit_sent(trade, trade.exits_sent + 1)
        ids = [ClientOrderId(order_id(role, plan.trade_id)) for role in _BRACKET]
        ids += [ClientOrderId(exit_id(plan.trade_id, n + 1)) for n in range(trade.exits_sent)]
        orders = [order for order in map(cache.order, ids) if order is not None]
        events = [(event, order) for order in orders for event in order.events()]
        for event, order in sorted(events, key=lambda each: each[0].ts_event):
            payload = payload_of(event, order, self._desk.account.name)
            if payload is not None and not books.knows(payload):
                self._desk.order_event(payload, event.ts_event, now)
