"""What became of our orders, under our own ids."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class OwnOrderEvent(msgspec.Struct, frozen=True):
    """Something that happened to one of our orders; ``ts`` is the venue's, UTC ns."""

    client_order_id: str
    venue_order_id: str
    ts: int


class Accepted(OwnOrderEvent, frozen=True):
    """The venue has it."""


class Updated(OwnOrderEvent, frozen=True):
    """It has these terms now, maybe under a new venue id; the quantity is the whole order's."""

    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal | None


class Filled(OwnOrderEvent, frozen=True):
    """One execution, told once whichever way it was learned."""

    trade_id: str
    quantity: Decimal
    price: Decimal


class Canceled(OwnOrderEvent, frozen=True):
    """It is over, with what was filled."""


class Expired(OwnOrderEvent, frozen=True):
    """Its time is over, with what was filled."""


class Rejected(OwnOrderEvent, frozen=True):
    """The venue does not take it."""

    reason: str


class ModifyRejected(OwnOrderEvent, frozen=True):
    """It stays as it was."""

    reason: str


class CancelRejected(OwnOrderEvent, frozen=True):
    """It stays."""

    reason: str


class Adopted(OwnOrderEvent, frozen=True):
    """An order of an earlier epoch came to light after the start."""


class Stray(OwnOrderEvent, frozen=True):
    """An order that was given up as never arrived lives after all: it must be canceled."""


class Foreign(msgspec.Struct, frozen=True):
    """Somebody else has an order in this account."""

    symbol: str
    detail: str


type OrderUpdate = (
    Accepted
    | Updated
    | Filled
    | Canceled
    | Expired
    | Rejected
    | ModifyRejected
    | CancelRejected
    | Adopted
    | Stray
    | Foreign
)
