"""Bodies of Alpaca's trading REST as structs: orders, positions, account, faults.

Amounts are exact, times UTC nanoseconds, and what the venue leaves out is None. Words of its own
(status, type, side …) stay texts: a new one must not keep an order from being seen.
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec

from adapters.alpaca.wire.objects import UNREADABLE, Nanoseconds, wire_list, wire_object
from engine.domain.errors import DataError
from engine.domain.outside_text import whole

_SHOWN_OF_BODY = 120


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One order as the venue has it; ``order_class`` is "" for a simple one.

    ``qty`` is None for an order over an amount of USD (``notional``). Legs come only where the
    request asked for them.
    """

    id: str
    status: str
    client_order_id: str = ""
    symbol: str = ""
    asset_id: str | None = None
    asset_class: str = ""
    order_class: str = ""
    order_type: str = ""
    type: str = ""
    side: str = ""
    position_intent: str = ""
    time_in_force: str = ""
    extended_hours: bool = False
    qty: Decimal | None = None
    notional: Decimal | None = None
    filled_qty: Decimal = Decimal(0)
    filled_avg_price: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_percent: Decimal | None = None
    trail_price: Decimal | None = None
    hwm: Decimal | None = None
    ratio_qty: Decimal | None = None
    created_at: Nanoseconds | None = None
    updated_at: Nanoseconds | None = None
    submitted_at: Nanoseconds | None = None
    filled_at: Nanoseconds | None = None
    expired_at: Nanoseconds | None = None
    expires_at: Nanoseconds | None = None
    canceled_at: Nanoseconds | None = None
    cancel_requested_at: Nanoseconds | None = None
    failed_at: Nanoseconds | None = None
    replaced_at: Nanoseconds | None = None
    replaced_by: str | None = None
    replaces: str | None = None
    legs: tuple[VenueOrder, ...] = ()


class VenuePosition(msgspec.Struct, frozen=True, kw_only=True):
    """One open position; a short one has side ``short`` and, as a rule, a negative ``qty``."""

    symbol: str
    qty: Decimal
    side: str
    avg_entry_price: Decimal
    asset_id: str | None = None
    exchange: str = ""
    asset_class: str = ""
    asset_marginable: bool | None = None
    qty_available: Decimal | None = None
    market_value: Decimal | None = None
    cost_basis: Decimal | None = None
    unrealized_pl: Decimal | None = None
    unrealized_plpc: Decimal | None = None
    unrealized_intraday_pl: Decimal | None = None
    unrealized_intraday_plpc: Decimal | None = None
    current_price: Decimal | None = None
    lastday_price: Decimal | None = None
    change_today: Decimal | None = None

    @property
    def shares(self) -> Decimal:
        """Shares held, short ones negative whichever sign ``qty`` has."""
        return abs(self.qty) * (-1 if self.side == "short" else 1)


class VenueAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The account's money and what it may do; amounts in ``currency``."""

    id: str
    status: str
    account_number: str = ""
    currency: str = ""
    created_at: Nanoseconds | None = None
    balance_asof: str | None = None
    equity: Decimal | None = None
    last_equity: Decimal | None = None
    cash: Decimal | None = None
    portfolio_value: Decimal | None = None
    buying_power: Decimal | None = None
    regt_buying_power: Decimal | None = None
    non_marginable_buying_power: Decimal | None = None
    daytrading_buying_power: Decimal | None = None
    options_buying_power: Decimal | None = None
    multiplier: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    last_maintenance_margin: Decimal | None = None
    sma: Decimal | None = None
    long_market_value: Decimal | None = None
    short_market_value: Decimal | None = None
    accrued_fees: Decimal | None = None
    pending_transfer_in: Decimal | None = None
    pending_transfer_out: Decimal | None = None
    pending_reg_taf_fees: Decimal | None = None
    intraday_adjustments: Decimal | None = None
    trading_blocked: bool = False
    account_blocked: bool = False
    transfers_blocked: bool = False
    trade_suspended_by_user: bool = False
    shorting_enabled: bool | None = None
    pattern_day_trader: bool | None = None
    daytrade_count: int | None = None


class VenueAsset(msgspec.Struct, frozen=True, kw_only=True, rename={"asset_class": "class"}):
    """One thing that can be traded, or could be once."""

    id: str
    symbol: str
    status: str
    asset_class: str = ""
    exchange: str = ""
    name: str = ""
    tradable: bool = False
    marginable: bool = False
    shortable: bool = False
    easy_to_borrow: bool | None = None
    borrow_status: str | None = None
    fractionable: bool = False
    maintenance_margin_requirement: Decimal | None = None
    margin_requirement_long: Decimal | None = None
    margin_requirement_short: Decimal | None = None
    min_order_size: Decimal | None = None
    min_trade_increment: Decimal | None = None
    price_increment: Decimal | None = None
    attributes: tuple[str, ...] = ()
    cusip: str | None = None


class VenueClock(msgspec.Struct, frozen=True, kw_only=True):
    """The venue's time, and when its core session next opens and closes."""

    timestamp: Nanoseconds
    is_open: bool
    next_open: Nanoseconds
    next_close: Nanoseconds


class VenueActivity(msgspec.Struct, frozen=True, kw_only=True):
    """One fill in the account's history; ``price`` and ``qty`` are this execution's own."""

    id: str
    activity_type: str
    transaction_time: Nanoseconds
    symbol: str
    side: str
    price: Decimal
    qty: Decimal
    order_id: str
    cum_qty: Decimal | None = None
    leaves_qty: Decimal | None = None
    type: str = ""
    order_status: str = ""


class VenueOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one of several orders or positions that were to be closed (207)."""

    status: int
    id: str = ""
    symbol: str = ""


class VenueFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why the venue refused; ``code`` is its own and not always there.

    ``extra`` holds what else the body said: available, held_for_orders, related_orders …
    """

    http_status: int
    code: int | None
    message: str
    extra: dict[str, Any]


def read_one[S: msgspec.Struct](body: bytes | str, struct: type[S]) -> S:
    """Return the struct of a body that is one object.

    Raises
    ------
    DataError
        It is none, or lacks what the struct needs.
    """
    try:
        return wire_object(body, is_msgpack=False).read(struct)
    except UNREADABLE as error:
        raise DataError(f"body is no {struct.__name__}: {error}") from error


def read_many[S: msgspec.Struct](
    body: bytes | str, struct: type[S]
) -> tuple[tuple[S, ...], tuple[str, ...]]:
    """Return the structs of a body that is an array, and why elements of it are none.

    Raises
    ------
    DataError
        The body is no array.
    """
    try:
        elements = wire_list(body, is_msgpack=False)
    except UNREADABLE as error:
        raise DataError(f"body is no array of {struct.__name__}: {error}") from error
    rows: list[S] = []
    skipped: list[str] = []
    for position, element in enumerate(elements):
        try:
            found = wire_object(element, is_msgpack=False)
            rows.append(found.read(struct))
        except UNREADABLE as error:
            skipped.append(f"{struct.__name__} {position} {_identity(element)}: {error}")
    return tuple(rows), tuple(skipped)


def read_fault(http_status: int, body: bytes) -> VenueFault:
    """Return what a refusal says, whatever its body is: the venue's JSON, HTML or nothing."""
    try:
        said: Any = msgspec.json.decode(body)
    except UNREADABLE:
        said = None
    if not isinstance(said, dict):
        text = " ".join(body[: 2 * _SHOWN_OF_BODY].decode("utf-8", "replace").split())
        shown = text[:_SHOWN_OF_BODY] or "an empty body"
        return VenueFault(http_status=http_status, code=None, message=shown, extra={})
    code, message = said.pop("code", None), said.pop("message", None)
    if isinstance(code, str):
        with suppress(ValueError):
            code = whole(code)
    return VenueFault(
        http_status=http_status,
        code=code if isinstance(code, int) and not isinstance(code, bool) else None,
        message=message if isinstance(message, str) else "no message",
        extra=said,
    )


def _identity(element: msgspec.Raw) -> str:
    """Return the id and ticker that an element gives itself, as far as it does."""
    try:
        cells = wire_object(element, is_msgpack=False).cells
    except UNREADABLE:
        return "without an id"
    named = (cells.get("id"), cells.get("symbol"))
    return " ".join(str(name)[:64] for name in named if isinstance(name, str)) or "without an id"
