"""Facts → orders, each as it stands with its venue."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FILLS, FillChange
from engine.accounting.books.owners import Owners
from engine.accounting.shares import MICRO, Shares
from engine.domain.facts import (
    Fact,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderRole,
    OrderSubmitted,
    OrderUpdated,
)


class OrderStatus(StrEnum):
    """How an order stands; canceled, rejected and expired ones may have been filled in part."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Order(msgspec.Struct, frozen=True):
    """One order that was submitted, as last updated.

    Attributes
    ----------
    price, trigger_price : Decimal or None
        USD; None where the type of order has none.
    filled_qty : Decimal
        Shares of the fills that stand.
    avg_px : Decimal or None
        Their mean price, rounded to 1e-6 USD.
    reason : str or None
        Why it was rejected.
    ts_submitted, ts_last : int
        UTC ns.
    """

    client_order_id: str
    trade_id: str
    strategy_id: str | None
    symbol: str
    venue: str
    account: str
    role: OrderRole
    order_side: str
    order_type: str
    quantity: Shares
    price: Decimal | None
    trigger_price: Decimal | None
    status: OrderStatus
    filled_qty: Shares
    avg_px: Decimal | None
    reason: str | None
    ts_submitted: int
    ts_last: int


class _Working(msgspec.Struct):
    submitted: OrderSubmitted
    ts_submitted: int
    ts_last: int
    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal | None
    accepted: bool = False
    ended: OrderStatus | None = None
    reason: str | None = None
    filled_qty: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)

    @property
    def status(self) -> OrderStatus:
        if self.ended is not None:
            return self.ended
        if self.filled_qty:
            whole = self.filled_qty >= self.quantity
            return OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        return OrderStatus.ACCEPTED if self.accepted else OrderStatus.SUBMITTED


class OrderBook(Book[Order]):
    """Orders by client order id; a fill of an order that we never submitted makes no row."""

    kinds = (
        OrderSubmitted,
        OrderAccepted,
        OrderUpdated,
        OrderCanceled,
        OrderExpired,
        OrderRejected,
        *FILLS,
    )

    def __init__(self, owners: Owners) -> None:
        super().__init__()
        self._owners = owners
        self._orders: dict[str, _Working] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Take one fact in, and what it did to a fill."""
        if change is not None:
            self._fill(change, fact.ts_event)
            return
        match fact.payload:
            case OrderSubmitted() as sent:
                self._orders[sent.client_order_id] = _Working(
                    sent,
                    fact.ts_event,
                    fact.ts_event,
                    sent.quantity,
                    sent.price,
                    sent.trigger_price,
                )
                self._note(sent.client_order_id)
            case OrderAccepted(client_order_id=order_id):
                if (order := self._touch(order_id, fact.ts_event)) is not None:
                    order.accepted = True
            case OrderUpdated() as update:
                if (order := self._touch(update.client_order_id, fact.ts_event)) is not None:
                    order.quantity = update.quantity
                    order.price = update.price
                    order.trigger_price = update.trigger_price
            case OrderCanceled(client_order_id=order_id):
                self._end(order_id, fact.ts_event, OrderStatus.CANCELED)
            case OrderExpired(client_order_id=order_id):
                self._end(order_id, fact.ts_event, OrderStatus.EXPIRED)
            case OrderRejected(client_order_id=order_id, reason=reason):
                self._end(order_id, fact.ts_event, OrderStatus.REJECTED, reason)
            case _:
                pass

    def row(self, key: Key) -> Order | None:
        """Return an order by its client order id."""
        order = self._orders.get(str(key[0]))
        if order is None:
            return None
        sent, filled = order.submitted, order.filled_qty
        return Order(
            client_order_id=sent.client_order_id,
            trade_id=sent.trade_id,
            strategy_id=self._owners.of(sent.trade_id),
            symbol=sent.symbol,
            venue=sent.venue,
            account=sent.account,
            role=sent.role,
            order_side=sent.order_side,
            order_type=sent.order_type,
            quantity=order.quantity,
            price=order.price,
            trigger_price=order.trigger_price,
            status=order.status,
            filled_qty=filled,
            avg_px=(order.notional / filled).quantize(MICRO) if filled else None,
            reason=order.reason,
            ts_submitted=order.ts_submitted,
            ts_last=order.ts_last,
        )

    def _touch(self, order_id: str, ts: int) -> _Working | None:
        order = self._orders.get(order_id)
        if order is not None:
            order.ts_last = ts
            self._note(order_id)
        return order

    def _end(self, order_id: str, ts: int, status: OrderStatus, reason: str | None = None) -> None:
        if (order := self._touch(order_id, ts)) is not None:
            order.ended, order.reason = status, reason

    def _fill(self, change: FillChange, ts: int) -> None:
        order = self._touch(change.fill.order.client_order_id, ts)
        if order is None:
            return
        for fill, times in ((change.before, -1), (change.after, 1)):
            if fill is not None:
                order.filled_qty += times * fill.order.last_qty
                order.notional += times * fill.order.last_qty * fill.order.last_px
