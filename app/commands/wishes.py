"""What a typed command can ask for, beside the commands that an engine takes as they are."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from engine.domain.commands import AnyCommand
from engine.domain.ticket import Amount


class Action(StrEnum):
    """What a ticket does in its market."""

    BUY = "buy"
    SELL = "sell"
    SHORT = "short"
    CLOSE = "close"


class TicketWish(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that somebody asks for by hand.

    Attributes
    ----------
    symbol : str
        In capitals, as it was typed: a market is to look it up.
    amount : Amount or None
        None with action ``CLOSE``.
    limit : Decimal or None
        Limit price in quote currency; None for a market order.
    stop_loss_percent, take_profit_percent, trailing_stop_percent : Decimal or None
        Distance from the entry price.
    hold_secs : int or None
        After so many seconds the position is closed.
    dry : bool
        Show what would be sent, and send nothing.
    unprotected : bool
        Trade even where no stop can rest at the venue.
    """

    action: Action
    symbol: str
    amount: Amount | None
    limit: Decimal | None = None
    stop_loss_percent: Decimal | None = None
    take_profit_percent: Decimal | None = None
    trailing_stop_percent: Decimal | None = None
    hold_secs: int | None = None
    venue: str | None = None
    account: str | None = None
    dry: bool = False
    unprotected: bool = False


class CloseSymbol(msgspec.Struct, frozen=True):
    """Close the open trade in a symbol."""

    symbol: str


class ChangeParameters(msgspec.Struct, frozen=True):
    """Change parameters from those in force: ``SetParameters`` without the version looked at."""

    values: dict[str, Any]
    because: str


class Topic(StrEnum):
    """What can be asked of a run."""

    STATUS = "status"
    POSITIONS = "positions"
    ORDERS = "orders"
    WHY = "why"
    BALANCE = "balance"
    HELP = "help"


class Query(msgspec.Struct, frozen=True):
    """A question; ``subject`` is a symbol in capitals, of ``HELP`` a verb in small letters."""

    topic: Topic
    subject: str | None = None


class Confirm(msgspec.Struct, frozen=True):
    """The answer to a preview that asked for one, by its code."""

    code: str
    agreed: bool


class Quit(msgspec.Struct, frozen=True):
    """End the conversation; the run goes on."""


RunWish = AnyCommand | CloseSymbol | ChangeParameters
"""What a running engine can be made to do."""

Wish = RunWish | TicketWish | Query | Confirm | Quit
"""Everything that a typed command can mean."""
