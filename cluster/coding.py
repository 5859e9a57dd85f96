"""What hub and shards tell each other as bytes: a version in the first byte, then MessagePack."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import numpy as np

from cluster.day_setup import DaySetup, HubClaim
from cluster.node_state import NodeState
from cluster.orders import ExitAlert, Order
from cluster.reports import SlotReport, SlotRest
from cluster.requests import Request
from engine.domain.errors import DataError
from engine.domain.unreadable import UNREADABLE

VERSION = 1
"""Of the shape in which messages travel; hub and shards must speak the same."""

type Message = SlotReport | SlotRest | ExitAlert | Order | DaySetup | HubClaim | NodeState | Request


def packed(told: Message) -> bytes:
    """Return a message as bytes; every number comes back bit by bit."""
    buffer = bytearray([VERSION])
    _encoder.encode_into(told, buffer, 1)
    return bytes(buffer)


def unpacked_report(data: bytes) -> SlotReport:
    """Return a report that was packed.

    Raises
    ------
    DataError
        It is none, or one of another version.
    """
    return _read(_reports, data, "report of a slot")


def unpacked_rest(data: bytes) -> SlotRest:
    """Return the rest of a report that was packed; raises as ``unpacked_report`` does."""
    return _read(_rests, data, "rest of a report")


def unpacked_order(data: bytes) -> Order:
    """Return an order of a hub that was packed; raises as ``unpacked_report`` does."""
    return _read(_orders, data, "order")


def unpacked_alert(data: bytes) -> ExitAlert:
    """Return an exit alert that was packed; raises as ``unpacked_report`` does."""
    return _read(_alerts, data, "exit alert")


def unpacked_setup(data: bytes) -> DaySetup:
    """Return the setup of a day that was packed; raises as ``unpacked_report`` does."""
    return _read(_setups, data, "setup of a day")


def unpacked_claim(data: bytes) -> HubClaim:
    """Return the claim of a hub that was packed; raises as ``unpacked_report`` does."""
    return _read(_claims, data, "claim of a hub")


def unpacked_node(data: bytes) -> NodeState:
    """Return the state of a node that was packed; raises as ``unpacked_report`` does."""
    return _read(_nodes, data, "state of a node")


def unpacked_request(data: bytes) -> Request:
    """Return what a person asks of a hub that was packed; raises as ``unpacked_report`` does."""
    return _read(_requests, data, "request")


def _read[Told](decoder: msgspec.msgpack.Decoder[Told], data: bytes, what: str) -> Told:
    found = data[0] if data else None
    if found != VERSION:
        shown = "nothing" if found is None else f"version {found}"
        raise DataError(
            f"expected a {what} of version {VERSION}, found {shown}: run hub and shards with the "
            "same version of tradectl"
        )
    try:
        return decoder.decode(memoryview(data)[1:])
    except UNREADABLE as error:
        raise DataError(f"no {what}: {error}") from error


def _to_bytes(value: Any) -> bytes:
    """Return an array as its bytes, the lowest first whatever the machine."""
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(f"{type(value).__name__} is no part of a report")
    return np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes()


def _to_array(kind: Any, data: Any) -> Any:
    """Return the array of a window's column."""
    dtype: type[np.generic] = get_args(get_args(kind)[1])[0]
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).astype(dtype, copy=False)


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_bytes, decimal_format="string")
_reports = msgspec.msgpack.Decoder(SlotReport, dec_hook=_to_array)
_rests = msgspec.msgpack.Decoder(SlotRest, dec_hook=_to_array)
_orders: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)
_alerts = msgspec.msgpack.Decoder(ExitAlert)
_setups = msgspec.msgpack.Decoder(DaySetup)
_claims = msgspec.msgpack.Decoder(HubClaim)
_nodes = msgspec.msgpack.Decoder(NodeState)
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
