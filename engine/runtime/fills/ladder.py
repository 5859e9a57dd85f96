"""Hop 5: the three rungs a backtest can stand on.

All three share what no assumption changes: an order fills whole; it fills at the touch of the
last quote, or at the last eligible print where quotes are missing or stale (``stale_quote_secs``);
a stop is elected by the next eligible print at or through its level and fills at that print, so a
gap is a gap; nothing fills while a symbol is halted; legs sleep until the entry is filled.
None of them charges anything: commission is 0, as at Alpaca, and no ``FeeCharged`` is written. What
regulators would take stands beside, in the ``fees`` table, as what the schedule expects.
"""

from __future__ import annotations

from engine.domain.errors import ConfigError
from engine.runtime.fills.assumptions import FillAssumptions, TargetRule

_MS = 1_000_000

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

LADDER = {rung.name: rung for rung in (OPTIMISTIC, BASE, PESSIMISTIC)}
"""The rungs by name, from hope to fear."""


def assumptions(name: str) -> FillAssumptions:
    """Return a rung by its name.

    Raises
    ------
    ConfigError
        There is no such rung.
    """
    if name not in LADDER:
        raise ConfigError(f"unknown fill assumption {name!r}: choose one of {', '.join(LADDER)}")
    return LADDER[name]
