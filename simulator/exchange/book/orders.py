"""An order at the look-alike, with all that Alpaca says about one."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.fixed_point import PRICE_SCALE

NOTHING = Decimal(0)


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """What an order waits for."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(StrEnum):
    """How long an order waits."""

    DAY = "day"
    GTC = "gtc"
    OPG = "opg"
    CLS = "cls"
    IOC = "ioc"
    FOK = "fok"


class OrderClass(StrEnum):
    """Which orders live and die together; ``SIMPLE`` is empty on the wire."""

    SIMPLE = ""
    BRACKET = "bracket"
    OCO = "oco"
    OTO = "oto"


class Role(StrEnum):
    """What an order is within its group."""

    ENTRY = "entry"
    TARGET = "target"
    STOP = "stop"


class Status(StrEnum):
    """Where an order is in its life, in Alpaca's words."""

    PENDING_NEW = "pending_new"
    ACCEPTED = "accepted"
    NEW = "new"
    HELD = "held"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REJECTED = "rejected"


CLOSED = frozenset(
    {Status.FILLED, Status.CANCELED, Status.EXPIRED, Status.REPLACED, Status.REJECTED}
)
"""Statuses that nothing leads out of."""

STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})


class Order(msgspec.Struct, kw_only=True):
    """One order; times are UTC nanoseconds, prices exact USD.

    Attributes
    ----------
    filled_value : Decimal
        Sum of quantity × price of its fills.
    parent_id : str, optional
        Of a leg: the order it is nested in.
    leg_ids : list of str
        Of a parent: the legs as they are now, replacements instead of what they replaced.
    role : Role, optional
        Within a bracket, OCO or OTO.
    planned_price : Decimal, optional
        Where a bracket's target was first put; elsewhere it is an ordinary limit.
    unit_cost : Decimal
        What a share of it takes of the buying power while it waits; 0 for an exit.
    is_working : bool
        The market can reach it: it has arrived and is not asleep.
    is_elected : bool
        Its stop has been reached.
    has_arrived : bool
        The latency is over; it may still wait for the market to open.
    """

    id: str
    account_id: str
    client_order_id: str
    symbol: str
    asset_id: str
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
    hwm: Decimal | None = None
    extended_hours: bool = False
    position_intent: str = ""
    status: Status = Status.PENDING_NEW
    filled_qty: Decimal = NOTHING
    filled_value: Decimal = NOTHING
    created_at: int = 0
    updated_at: int = 0
    submitted_at: int = 0
    expires_at: int | None = None
    filled_at: int | None = None
    expired_at: int | None = None
    canceled_at: int | None = None
    failed_at: int | None = None
    replaced_at: int | None = None
    cancel_requested_at: int | None = None
    replaced_by: str | None = None
    replaces: str | None = None
    parent_id: str | None = None
    leg_ids: list[str] = []
    role: Role | None = None
    planned_price: Decimal | None = None
    unit_cost: Decimal = NOTHING
    is_working: bool = False
    is_elected: bool = False
    has_arrived: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether its life is over."""
        return self.status in CLOSED

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.side is Side.BUY

    @property
    def leaves_qty(self) -> Decimal:
        """Shares still to be filled; 0 for an order by notional, which fills at once."""
        return NOTHING if self.qty is None else self.qty - self.filled_qty

    @property
    def is_pending(self) -> bool:
        """Whether a cancel or a replacement of it is on its way."""
        return self.status in {Status.PENDING_CANCEL, Status.PENDING_REPLACE}

    @property
    def is_asleep(self) -> bool:
        """Whether it is a leg that waits for its entry."""
        return self.parent_id is not None and not (self.is_working or self.is_closed)

    @property
    def is_on_its_way(self) -> bool:
        """Whether it is to stand in for another and does not yet."""
        return self.replaces is not None and not self.has_arrived

    @property
    def filled_avg_price(self) -> Decimal | None:
        """Mean price of its fills, exact as far as 28 digits go."""
        return self.filled_value / self.filled_qty if self.filled_qty else None

    @property
    def is_opening(self) -> bool:
        """Whether it adds to a position."""
        return self.position_intent.endswith("to_open")

    @property
    def committed(self) -> Decimal:
        """What it takes of the buying power, USD."""
        return self.unit_cost if self.notional is not None else self.unit_cost * self.leaves_qty

    @property
    def live_status(self) -> Status:
        """Where it is while no command for it is on its way."""
        if self.filled_qty:
            return Status.PARTIALLY_FILLED
        if self.role is Role.STOP and self.parent_id is not None and not self.is_elected:
            return Status.HELD
        if self.role is Role.TARGET and self.parent_id is not None and not self.is_working:
            return Status.HELD
        return Status.NEW if self.has_arrived else Status.PENDING_NEW


def fixed(price: Decimal) -> int:
    """Return an order's price in 1e-6 USD; rule 612 keeps it on that grid."""
    return int(price * PRICE_SCALE)
