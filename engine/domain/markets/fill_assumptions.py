"""What is assumed of a venue that is simulated, in three steps.

All three share what no assumption changes: an order fills whole; it fills at the touch of the
last quote, or at the last eligible print where quotes are missing or stale (``stale_quote_secs``);
a stop is elected by the next eligible print at or through its level and fills at that print, so a
gap is a gap, or at the touch of a fresh quote where that is worse, so a seller gets no print at the
ask; a limit fills when a quote or a print of its own symbol arrives or it arrives itself; nothing
fills while a symbol is halted; legs sleep until the entry is filled.
None of them charges anything: commission is 0, as at Alpaca, and no ``FeeCharged`` is written. What
regulators would take stands beside, in the ``fees`` table, as what the schedule expects.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from engine.domain.errors import ConfigError

_MS = 1_000_000


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
    """One step.

    Attributes
    ----------
    latency_ns : int
        From our decision to the venue's book, for entries, changes and cancels alike.
    target : TargetRule
        When the take profit fills.
    slippage_bps, slippage_ticks : int
        How much worse than the touch an entry or exit fills, and a stop than the print that
        elected it or the touch: the larger of the two.
    """

    name: str
    latency_ns: int
    target: TargetRule
    slippage_bps: int = 0
    slippage_ticks: int = 0


OPTIMISTIC = FillAssumptions("optimistic", latency_ns=0, target=TargetRule.TOUCHED)
"""The market waits for us: no latency, and a target fills once a quote or print touches it."""

BASE = FillAssumptions("base", latency_ns=50 * _MS, target=TargetRule.TRADED)
"""A retail line to the venue: 50 ms, and a target fills when somebody trades there."""

PESSIMISTIC = FillAssumptions(
    "pessimistic",
    latency_ns=250 * _MS,
    target=TargetRule.TRADED_THROUGH,
    slippage_bps=5,
    slippage_ticks=1,
)
"""A bad day: 250 ms, 5 bps or a tick lost whenever we take, and targets last in the queue."""

FILL_ASSUMPTIONS = {assumed.name: assumed for assumed in (OPTIMISTIC, BASE, PESSIMISTIC)}
"""The steps by name, from hope to fear."""


def assumptions(name: str) -> FillAssumptions:
    """Return a step by its name.

    Raises
    ------
    ConfigError
        There is no such step.
    """
    if name not in FILL_ASSUMPTIONS:
        raise ConfigError(
            f"unknown fill assumption {name!r}: choose one of {', '.join(FILL_ASSUMPTIONS)}"
        )
    return FILL_ASSUMPTIONS[name]
