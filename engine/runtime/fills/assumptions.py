"""Hop 5: what a rung of the ladder assumes of the venue."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class TargetRule(StrEnum):
    """What must happen at a resting take-profit limit before it fills, wholly and at its price.

    A real queue lies between: a print at the limit may be somebody else's.
    """

    TOUCHED = "touched"
    """A quote's far side, or a print, reaches it."""

    TRADED = "traded"
    """A print is at it or through it."""

    TRADED_THROUGH = "traded_through"
    """A print is through it."""


class FillAssumptions(msgspec.Struct, frozen=True):
    """One rung.

    Attributes
    ----------
    latency_ns : int
        From our decision to the venue's book, for entries, changes and cancels alike.
    target : TargetRule
        When the take profit fills.
    slippage_bps, slippage_ticks : int
        How much worse than the touch an entry or exit fills, and a stop than the print that
        elected it: the larger of the two.
    """

    name: str
    latency_ns: int
    target: TargetRule
    slippage_bps: int = 0
    slippage_ticks: int = 0
