"""Money that moved without an order."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.domain.facts.payload import Payload


class Fee(StrEnum):
    """What a regulatory fee is for; brokers pass them on."""

    SEC = "sec"
    TAF = "taf"
    CAT = "cat"
    OTHER = "other"


class Movement(StrEnum):
    """Why cash moved without a fill or a fee."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    ADJUSTMENT = "adjustment"


class FeeCharged(Payload, frozen=True, tag="fee_charged"):
    """A fee taken from cash: ``amount`` USD, > 0, for one fill or, ``trade_id`` None, for a day."""

    venue: str
    account: str
    fee: Fee
    day: str
    amount: Decimal
    trade_id: str | None
    venue_trade_id: str | None


class CashMoved(Payload, frozen=True, tag="cash_moved"):
    """Cash came (``amount`` > 0 USD) or went, by neither a fill nor a fee."""

    venue: str
    account: str
    movement: Movement
    amount: Decimal
    note: str
