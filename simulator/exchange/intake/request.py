"""What a client asks for, read from JSON, or why it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from serving import exact
from simulator.exchange.book.faults import ID_TOO_LONG, Fault, not_processable, not_understood
from simulator.exchange.book.orders import OrderClass, OrderType, Side, TimeInForce

_MAX_ID = 128
_MAX_DECIMALS = 9
_INTENTS = ("buy_to_open", "buy_to_close", "sell_to_open", "sell_to_close")
_LARGEST = Decimal(10) ** 12


class StopLoss(msgspec.Struct, frozen=True):
    """The stop of a group; with a limit it is a stop-limit."""

    stop_price: Decimal
    limit_price: Decimal | None = None


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One order to be placed, its numbers exact and positive."""

    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    order_class: OrderClass = OrderClass.SIMPLE
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: StopLoss | None = None
    extended_hours: bool = False
    client_order_id: str | None = None
    position_intent: str | None = None


class ReplaceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change about an order; None stays as it is."""

    qty: Decimal | None = None
    time_in_force: TimeInForce | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    client_order_id: str | None = None


class _Refused(Exception):  # noqa: N818  (never leaves this file)
    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


def read_order(body: Mapping[str, Any]) -> OrderRequest | Fault:
    """Return the order a body of ``POST /v2/orders`` asks for."""
    try:
        return _order(body)
    except _Refused as refused:
        return refused.fault


def read_replacement(body: Mapping[str, Any]) -> ReplaceRequest | Fault:
    """Return the change a body of ``PATCH /v2/orders/{id}`` asks for."""
    try:
        return ReplaceRequest(
            qty=_number(body, "qty"),
            time_in_force=_word(body, "time_in_force", TimeInForce)
            if _has(body, "time_in_force")
            else None,
            limit_price=_number(body, "limit_price"),
            stop_price=_number(body, "stop_price"),
            trail=_number(body, "trail"),
            client_order_id=_client_id(body),
        )
    except _Refused as refused:
        return refused.fault


def _order(body: Mapping[str, Any]) -> OrderRequest:
    symbol = body.get("symbol")
    if not isinstance(symbol, str) or not symbol:
        raise _Refused(not_understood("symbol is required"))
    order_class = _order_class(body)
    target, stop = _table(body, "take_profit"), _table(body, "stop_loss")
    qty, notional = _number(body, "qty"), _number(body, "notional")
    if (qty is None) is (notional is None):
        what = "required" if qty is None else "mutually exclusive"
        raise _Refused(not_understood(f"qty or notional is {what}"))
    stop_loss = None
    if stop:
        stop_price = _number(stop, "stop_price", "stop_loss.stop_price")
        if stop_price is None:
            raise _Refused(not_understood(f"{order_class} orders require stop_loss.stop_price"))
        stop_loss = StopLoss(stop_price, _number(stop, "limit_price", "stop_loss.limit_price"))
    return OrderRequest(
        symbol=symbol,
        side=_word(body, "side", Side),
        type=_word(body, "type", OrderType),
        time_in_force=_word(body, "time_in_force", TimeInForce),
        order_class=order_class,
        qty=qty,
        notional=notional,
        limit_price=_number(body, "limit_price"),
        stop_price=_number(body, "stop_price"),
        trail_price=_number(body, "trail_price"),
        trail_percent=_number(body, "trail_percent"),
        take_profit=_number(target, "limit_price", "take_profit.limit_price"),
        stop_loss=stop_loss,
        extended_hours=_flag(body, "extended_hours"),
        client_order_id=_client_id(body),
        position_intent=_intent(body),
    )


def _order_class(body: Mapping[str, Any]) -> OrderClass:
    name = body.get("order_class") or ""
    if name == "mleg":
        raise _Refused(not_processable("mleg orders are for options, which are not traded here"))
    if name == "simple":
        return OrderClass.SIMPLE
    try:
        return OrderClass(name)
    except ValueError:
        raise _Refused(not_understood(f"invalid order_class: {name}")) from None


def _word[Word: StrEnum](body: Mapping[str, Any], field: str, words: type[Word]) -> Word:
    value = body.get(field)
    if value is None or value == "":
        raise _Refused(not_understood(f"{field} is required"))
    try:
        return words(value)
    except ValueError:
        raise _Refused(not_understood(f"invalid {field}: {value}")) from None


def _number(body: Mapping[str, Any], field: str, name: str = "") -> Decimal | None:
    if not _has(body, field):
        return None
    value, name = body[field], name or field
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise _Refused(not_understood(f"invalid {name}: expected a number"))
    try:
        number = exact(value) if isinstance(value, str) else Decimal(str(value))
    except ValueError:
        raise _Refused(not_understood(f"invalid {name}: {value}")) from None
    if not number.is_finite() or not 0 < number < _LARGEST:
        raise _Refused(not_processable(f"{name} must be > 0"))
    decimals = number.normalize().as_tuple().exponent
    if isinstance(decimals, int) and -decimals > _MAX_DECIMALS:
        raise _Refused(not_processable(f"{name} must be limited to {_MAX_DECIMALS} decimals"))
    return number


def _has(body: Mapping[str, Any], field: str) -> bool:
    return body.get(field) not in {None, ""} if _hashable(body.get(field)) else True


def _hashable(value: object) -> bool:
    return not isinstance(value, list | dict)


def _table(body: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = body.get(field)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _Refused(not_understood(f"invalid {field}: expected an object"))
    return value


def _flag(body: Mapping[str, Any], field: str) -> bool:
    value = body.get(field)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _Refused(not_understood(f"invalid {field}: expected true or false"))
    return value


def _text(body: Mapping[str, Any], field: str) -> str | None:
    value = body.get(field)
    if value is None or isinstance(value, str):
        return value or None
    raise _Refused(not_understood(f"invalid {field}: expected text"))


def _intent(body: Mapping[str, Any]) -> str | None:
    value = _text(body, "position_intent")
    if value not in {None, *_INTENTS}:
        raise _Refused(not_understood(f"invalid position_intent: {value}"))
    return value


def _client_id(body: Mapping[str, Any]) -> str | None:
    value = _text(body, "client_order_id")
    if value is not None and len(value) > _MAX_ID:
        raise _Refused(ID_TOO_LONG)
    return value
