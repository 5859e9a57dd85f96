"""Hop 6: the facts a run is made of; each kind is a tag chosen by hand and kept for ever."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec


class OrderRole(StrEnum):
    """What an order is for."""

    ENTRY = "entry"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    EXIT = "exit"


class ExitReason(StrEnum):
    """Why a trade ended."""

    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    TRAILING_STOP = "trailing_stop"
    TIME_STOP = "time_stop"
    FLAT_BY_CLOSE = "flat_by_close"
    DAY_LIMIT = "day_limit"
    PROTECTION_LOST = "protection_lost"
    RUN_ENDED = "run_ended"


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Body of a fact. Prices and money are exact ``Decimal`` USD, times UTC nanoseconds."""


class RunStarted(Payload, frozen=True, tag="run_started"):
    run_id: str
    params_hash: str
    code_hash: str
    engine_version: str
    fills: str
    starting_balance: Decimal


class DayStarted(Payload, frozen=True, tag="day_started"):
    day: str
    data_hash: str
    equity: Decimal


class BracketPlanned(Payload, frozen=True, tag="bracket_planned"):
    """Everything the plan of a trade promises; the last two are None when off.

    Facts of version 1 lack those two and read as None.
    """

    trade_id: str
    symbol: str
    side: int
    quantity: int
    entry_type: str
    entry_limit: Decimal | None
    reference_price: Decimal
    take_profit: Decimal
    stop_loss: Decimal
    notional: Decimal
    ac_z: float
    confidence: float
    candidate_ts: int
    max_hold_secs: int | None = None
    trailing_stop_percent: Decimal | None = None


class OrderSubmitted(Payload, frozen=True, tag="order_submitted"):
    client_order_id: str
    trade_id: str
    symbol: str
    role: OrderRole
    order_side: str
    order_type: str
    quantity: int
    price: Decimal | None
    trigger_price: Decimal | None


class OrderAccepted(Payload, frozen=True, tag="order_accepted"):
    client_order_id: str
    trade_id: str


class OrderUpdated(Payload, frozen=True, tag="order_updated"):
    client_order_id: str
    trade_id: str
    quantity: int
    price: Decimal | None
    trigger_price: Decimal | None


class OrderFilled(Payload, frozen=True, tag="order_filled"):
    client_order_id: str
    trade_id: str
    symbol: str
    role: OrderRole
    order_side: str
    venue_trade_id: str
    last_qty: int
    last_px: Decimal
    commission: Decimal
    liquidity_side: str


class OrderCanceled(Payload, frozen=True, tag="order_canceled"):
    client_order_id: str
    trade_id: str


class OrderRejected(Payload, frozen=True, tag="order_rejected"):
    """The venue, or the engine before it, refused an order."""

    client_order_id: str
    trade_id: str
    reason: str


class OrderExpired(Payload, frozen=True, tag="order_expired"):
    client_order_id: str
    trade_id: str


class ExitRequested(Payload, frozen=True, tag="exit_requested"):
    trade_id: str
    symbol: str
    reason: ExitReason


class TradeOpened(Payload, frozen=True, tag="trade_opened"):
    """The entry is filled, wholly or as far as it will be."""

    trade_id: str
    symbol: str
    side: int
    quantity: int
    avg_px: Decimal


class TradeClosed(Payload, frozen=True, tag="trade_closed"):
    trade_id: str
    symbol: str
    side: int
    quantity: int
    avg_px_open: Decimal
    avg_px_close: Decimal
    realized_pnl: Decimal
    commission: Decimal
    exit_reason: ExitReason


class GovernorMoved(Payload, frozen=True, tag="governor_moved"):
    before: str
    after: str
    reason: str


class DayEnded(Payload, frozen=True, tag="day_ended"):
    day: str
    equity: Decimal


class RunEnded(Payload, frozen=True, tag="run_ended"):
    status: str
    decision_digest: str
    fill_digest: str


AnyPayload = (
    RunStarted
    | DayStarted
    | BracketPlanned
    | OrderSubmitted
    | OrderAccepted
    | OrderUpdated
    | OrderFilled
    | OrderCanceled
    | OrderRejected
    | OrderExpired
    | ExitRequested
    | TradeOpened
    | TradeClosed
    | GovernorMoved
    | DayEnded
    | RunEnded
)


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payload in its place: ``seq`` is the replay order, ``hash`` chains it to the one before.

    ``ts_event`` is when it happened, ``ts_init`` when the engine learned of it (UTC ns).
    ``causation_id`` is the ``seq`` of the fact that led to this one, ``correlation_id`` the trade.
    """

    seq: int
    ts_event: int
    ts_init: int
    version: int
    payload: AnyPayload
    causation_id: int | None
    correlation_id: str | None
    prev_hash: str
    hash: str
