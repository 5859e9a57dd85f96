"""What a person may ask of a running engine, whatever way it was asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="command"):
    """A wish. It is a fact when it comes in; whether it was granted is another one."""


class Pause(Command, frozen=True, tag="pause"):
    """Enter nothing until resumed; what is open stays managed."""


class Resume(Command, frozen=True, tag="resume"):
    """Let entries in again after ``Pause`` or ``StopEntries``."""


class StopEntries(Command, frozen=True, tag="stop_entries"):
    """Enter nothing for the rest of the day."""


class CancelEntries(Command, frozen=True, tag="cancel_entries"):
    """Cancel every entry that has not been filled."""


class FlattenSymbol(Command, frozen=True, tag="flatten_symbol"):
    """Cancel what works on a symbol, then close its position."""

    symbol: str


class FlattenAll(Command, frozen=True, tag="flatten_all"):
    """Stop entries, cancel what works, then close every position."""


class CloseTrade(Command, frozen=True, tag="close_trade"):
    """Close one trade."""

    trade_id: str


class MoveTradeStop(Command, frozen=True, tag="move_stop"):
    """Move the stop of an open trade to a price in USD, done once the venue has confirmed it."""

    trade_id: str
    price: Decimal


class MoveTradeTarget(Command, frozen=True, tag="move_target"):
    """Move the target of an open trade to a price in USD, done once the venue has confirmed it."""

    trade_id: str
    price: Decimal


class LockSymbol(Command, frozen=True, tag="lock_symbol"):
    """Keep a symbol from being entered until it is unlocked."""

    symbol: str


class UnlockSymbol(Command, frozen=True, tag="unlock_symbol"):
    """Let a symbol be entered again."""

    symbol: str


class SetParameters(Command, frozen=True, tag="set_parameters"):
    """Change parameters, all of them or none; ``base`` is the version that was looked at."""

    values: dict[str, Any]
    because: str
    base: int


class SwitchStrategy(Command, frozen=True, tag="switch_strategy"):
    """Let a strategy enter, or not, from the next bucket on; its open trades stay managed."""

    strategy_id: str
    is_on: bool


class SetWeights(Command, frozen=True, tag="set_weights"):
    """Weigh the strategies anew from the next bucket on; those not named weigh 1."""

    weights: dict[str, float]


AnyCommand = (
    Pause
    | Resume
    | StopEntries
    | CancelEntries
    | FlattenSymbol
    | FlattenAll
    | CloseTrade
    | MoveTradeStop
    | MoveTradeTarget
    | LockSymbol
    | UnlockSymbol
    | SetParameters
    | SwitchStrategy
    | SetWeights
)
