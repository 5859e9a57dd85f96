"""The port of a trading idea: how it looks after its open trades."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from engine.domain.bracket import BracketPlan
from engine.domain.facts import ExitReason
from engine.domain.markets.tick_grid import TickGrid


class ActiveTrade(msgspec.Struct, frozen=True):
    """An open trade as the strategy that owns it sees it.

    Attributes
    ----------
    best_price : int or None
        Best eligible print since the entry, 1e-6 USD; None before the first.
    stop_price : Decimal
        USD, where the stop rests; where it was planned while it does not rest yet.
    last_price : Decimal
        USD, the last eligible print.
    grid : TickGrid
        Where its orders may be priced.
    """

    plan: BracketPlan
    best_price: int | None
    stop_price: Decimal
    last_price: Decimal
    grid: TickGrid


class MoveStop(msgspec.Struct, frozen=True):
    """Move the resting stop of a trade to a price in USD, on the tick grid."""

    price: Decimal


class RequestExit(msgspec.Struct, frozen=True):
    """Close a trade from above its bracket."""

    reason: ExitReason


class Hold(msgspec.Struct, frozen=True):
    """Leave a trade as it is."""


HOLD = Hold()
"""What most looks at a trade come to."""

type Reaction = MoveStop | RequestExit | Hold


class Strategy(Protocol):
    """A trading idea as the hub knows it: no orders, no clock, no venue, no journal.

    What it sees is another port, ``engine.signals.whole_tape.tape_strategy``; its candidates carry
    its name. All methods are pure. The clock, the day's limits and commands end the trades of any
    strategy, and the hub protects them; a strategy is asked about its own trades alone.
    """

    @property
    def strategy_id(self) -> str:
        """Name of the strategy; every trade belongs to one."""
        ...

    def watches(self, plan: BracketPlan) -> bool:
        """Say whether ``react`` may have anything to do for an open trade of a plan."""
        ...

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Return what to do about an open trade at an instant (UTC ns); asked once a second."""
        ...
