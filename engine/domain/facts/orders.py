"""What became of an order at its market."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.domain.facts.payload import Payload


class OrderRole(StrEnum):
    """What an order is for."""

    ENTRY = "entry"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    EXIT = "exit"


class OrderSubmitted(Payload, frozen=True, tag="order_submitted"):
    """An order is on its way.

    ``client_order_id`` is the id it has at the market; it names the ``number``-th order, from 1, of
    that ``role`` of the trade.
    """

    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    role: OrderRole
    number: int
    order_side: str
    order_type: str
    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal | None


class OrderAccepted(Payload, frozen=True, tag="order_accepted"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str


class OrderUpdated(Payload, frozen=True, tag="order_updated"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal | None


class OrderFilled(Payload, frozen=True, tag="order_filled"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    role: OrderRole
    order_side: str
    venue_trade_id: str
    last_qty: Decimal
    last_px: Decimal
    commission: Decimal
    liquidity_side: str


class FillCorrected(Payload, frozen=True, tag="fill_corrected"):
    """The venue restated a fill: these values stand in its place."""

    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    venue_trade_id: str
    last_qty: Decimal
    last_px: Decimal
    commission: Decimal


class FillBusted(Payload, frozen=True, tag="fill_busted"):
    """The venue took a fill back: it never was."""

    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    venue_trade_id: str
    reason: str


class OrderCanceled(Payload, frozen=True, tag="order_canceled"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str


class OrderRejected(Payload, frozen=True, tag="order_rejected"):
    """The venue, or the engine before it, refused an order."""

    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    reason: str


class OrderExpired(Payload, frozen=True, tag="order_expired"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str


OrderFact = (
    OrderSubmitted
    | OrderAccepted
    | OrderUpdated
    | OrderFilled
    | OrderCanceled
    | OrderRejected
    | OrderExpired
)
"""What became of an order."""
