"""What the guardian wants done, as values; the host's shell carries them out in order.

``RequestExit`` and ``MoveStop`` are those of ``engine.domain.strategy``: what a strategy asks for
is passed on once it has been found possible.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.domain.strategy import MoveStop, RequestExit


class CancelEntry(msgspec.Struct, frozen=True):
    """Cancel what is left of an entry."""


class RepriceTarget(msgspec.Struct, frozen=True):
    """Move the target through the market, to a price in USD."""

    price: Decimal


class SendExit(msgspec.Struct, frozen=True):
    """Send the ``number``-th market order that closes a trade, for the shares that it holds."""

    number: int
    shares: Decimal


class ReportDelay(msgspec.Struct, frozen=True):
    """Tell that a trade should be closed by now, once it is late or its exits are stuck."""

    why: str
    is_stuck: bool


class RefuseMove(msgspec.Struct, frozen=True):
    """Refuse a command to move an order after all, and say why."""

    command_id: str
    why: str


class SwitchOff(msgspec.Struct, frozen=True):
    """Switch a strategy off that went wrong over a trade; the bracket of that stays."""

    strategy_id: str
    why: str


type Action = (
    CancelEntry
    | RepriceTarget
    | SendExit
    | MoveStop
    | RequestExit
    | ReportDelay
    | SwitchOff
    | RefuseMove
)
