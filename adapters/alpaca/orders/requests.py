"""Orders as the venue wants them, exact."""

from __future__ import annotations

from decimal import Decimal

import msgspec

NOT_REPLACEABLE = frozenset({"accepted", "pending_new", "pending_cancel", "pending_replace"})
"""Statuses of open orders in which the venue refuses a replacement."""


class TakeProfit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The leg that takes profit; USD."""

    limit_price: Decimal


class StopLoss(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The leg that ends a loss; with ``limit_price`` it becomes a stop limit order. USD."""

    stop_price: Decimal
    limit_price: Decimal | None = None


class OrderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One new order; prices in USD, quantity in shares.

    Attributes
    ----------
    client_order_id : str
        Ours and never reused: by it an order is found again when the answer was lost. The venue
        names the legs itself.
    side : {"buy", "sell"}
    qty, notional : Decimal or None
        Exactly one of them.
    order_class : {"simple", "bracket", "oco", "oto"}
        An OCO's take profit is the parent and its price is ``take_profit.limit_price``.
    position_intent : {"buy_to_open", "buy_to_close", "sell_to_open", "sell_to_close"} or None
        The venue refuses an order that would do other than it says.
    """

    client_order_id: str
    symbol: str
    side: str
    type: str
    time_in_force: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    extended_hours: bool = False
    order_class: str = "simple"
    take_profit: TakeProfit | None = None
    stop_loss: StopLoss | None = None
    position_intent: str | None = None

    def body(self) -> bytes:
        """Return the JSON body of ``POST /v2/orders``; what is absent is left out."""
        return _ENCODER.encode(_plain(self))


class ReplaceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What changes about an open order; the venue makes a new order of it, with a new id.

    ``client_order_id`` is required here, for the venue would invent one and the new order could
    not be found again. A quantity is the whole of the new order, filled shares included. ``trail``
    is in the unit the order has, USD or percent.
    """

    client_order_id: str
    qty: Decimal | None = None
    time_in_force: str | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None

    def body(self) -> bytes:
        """Return the JSON body of ``PATCH /v2/orders/{id}``."""
        return _ENCODER.encode(_plain(self))


def _plain(value: OrderRequest | ReplaceRequest) -> dict[str, object]:
    """Return what is given, amounts in plain notation: 1E+3 is no number to the venue."""
    plain: dict[str, object] = {}
    for name in value.__struct_fields__:
        content = getattr(value, name)
        if isinstance(content, Decimal):
            plain[name] = f"{content:f}"
        elif isinstance(content, TakeProfit | StopLoss):
            prices = ((leg, getattr(content, leg)) for leg in content.__struct_fields__)
            plain[name] = {leg: f"{price:f}" for leg, price in prices if price is not None}
        elif content is not None and content is not False:
            plain[name] = content
    return plain


_ENCODER = msgspec.json.Encoder()
