"""Messages of Alpaca's trading stream: what became of an order, and the session's own."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from adapters.alpaca.wire.objects import UNREADABLE, Nanoseconds, WireObject, wire_object
from adapters.alpaca.wire.objects import is_msgpack as begins_as_msgpack
from adapters.alpaca.wire.rest import VenueOrder
from engine.domain.errors import DataError


class TradeUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """One event of one order, and the whole order after it.

    Attributes
    ----------
    event : str
        fill, partial_fill, new, canceled …; the venue may add words.
    price, qty : Decimal or None
        Of this execution alone; sums are the order's ``filled_qty`` and ``filled_avg_price``.
    execution_id, event_id : str or None
        Of this execution, and of this event, where given.
    timestamp : int or None
        When it happened, UTC ns.
    position_qty : Decimal or None
        Shares held after it, negative when short.
    """

    event: str
    order: VenueOrder
    price: Decimal | None = None
    qty: Decimal | None = None
    execution_id: str | None = None
    event_id: str | None = None
    timestamp: Nanoseconds | None = None
    position_qty: Decimal | None = None


class Authorization(msgspec.Struct, frozen=True):
    """Whether what a client did (authenticate, listen) was allowed."""

    authorized: bool
    action: str


class Listening(msgspec.Struct, frozen=True):
    """The streams the client now gets; an empty list is none."""

    streams: tuple[str, ...]


class StreamFault(msgspec.Struct, frozen=True):
    """The server says that something went wrong."""

    message: str


class Unfamiliar(msgspec.Struct, frozen=True):
    """A whole message of a kind that is not ours."""

    stream: str


type TradingMessage = TradeUpdate | Authorization | Listening | StreamFault | Unfamiliar


class _Event(msgspec.Struct, frozen=True):
    event: str
    price: Decimal | None = None
    qty: Decimal | None = None
    execution_id: str | None = None
    event_id: str | None = None
    timestamp: Nanoseconds | None = None
    at: Nanoseconds | None = None
    position_qty: Decimal | None = None


class _Authorization(msgspec.Struct, frozen=True):
    status: str
    action: str = ""


class _Listening(msgspec.Struct, frozen=True):
    streams: tuple[str, ...] = ()


class _Fault(msgspec.Struct, frozen=True):
    error_message: str = ""


def read_trading_message(frame: bytes | str) -> TradingMessage:
    """Return the message of one frame, JSON or msgpack.

    Raises
    ------
    DataError
        The frame is no object, or lacks what its kind needs. An event of which that is true was
        missed: whoever reads must reconcile.
    """
    try:
        message = wire_object(frame, is_msgpack=begins_as_msgpack(frame))
        return _read(message)
    except UNREADABLE as error:
        raise DataError(f"trading-stream frame of {len(frame):,} bytes: {error}") from error


def _read(message: WireObject) -> TradingMessage:
    stream = message.cells.get("stream")
    if stream == "trade_updates":
        return _trade_update(message.child("data"))
    if stream == "authorization":
        said = message.child("data").read(_Authorization)
        return Authorization(authorized=said.status == "authorized", action=said.action)
    if stream == "listening":
        return Listening(message.child("data").read(_Listening).streams)
    if stream is None and message.cells.get("action") == "error":
        return StreamFault(message.child("data").read(_Fault).error_message)
    return Unfamiliar(stream if isinstance(stream, str) else "")


def _trade_update(data: WireObject) -> TradeUpdate:
    said = data.read(_Event)
    return TradeUpdate(
        event=said.event,
        order=data.child("order").read(VenueOrder),
        price=said.price,
        qty=said.qty,
        execution_id=said.execution_id,
        event_id=said.event_id,
        timestamp=said.at if said.timestamp is None else said.timestamp,
        position_qty=said.position_qty,
    )
