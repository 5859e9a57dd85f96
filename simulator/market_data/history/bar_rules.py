"""What a print may change in a minute bar and in a daily bar.

Minute bars follow ``engine.domain.market_data.conditions``; daily bars differ from them in a few
codes. Source: the bar rules that Alpaca publishes.
"""

from __future__ import annotations

from enum import IntFlag
from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.conditions import TAPES, Updates, updates


class BarUpdates(IntFlag):
    """What one print may change in its bar; ``YELLOW`` opens or closes only what is still open."""

    NOTHING = 0
    HIGH_LOW = 1
    OPEN_CLOSE = 2
    VOLUME = 4
    YELLOW = 8


_ALL = BarUpdates.HIGH_LOW | BarUpdates.OPEN_CLOSE | BarUpdates.VOLUME | BarUpdates.YELLOW
_ONLY_FIRST = BarUpdates.HIGH_LOW | BarUpdates.VOLUME | BarUpdates.YELLOW
_DAILY: dict[str, BarUpdates] = {
    **dict.fromkeys("GPZ4", _ONLY_FIRST),
    "T": BarUpdates.VOLUME,
    "9": BarUpdates.HIGH_LOW | BarUpdates.OPEN_CLOSE | BarUpdates.YELLOW,
}
"""Codes whose daily rule is not their minute rule."""


def bar_updates(conditions: str, tape: str, *, daily: bool) -> BarUpdates:
    """Return what a print with these codes may change; the strictest code wins."""
    allowed = _ALL
    for code in conditions or " ":
        allowed &= _DAILY[code] if daily and code in _DAILY else _minute(code, tape)
    if allowed & BarUpdates.OPEN_CLOSE:
        allowed &= ~BarUpdates.YELLOW
    return allowed


@cache
def bar_updates_table(conditions: tuple[str, ...], *, daily: bool) -> NDArray[np.uint8]:
    """Return ``bar_updates`` of every tape (rows follow ``TAPES``) and condition; read-only."""
    bits = [[int(bar_updates(code, tape, daily=daily)) for code in conditions] for tape in TAPES]
    table = np.array(bits, dtype=np.uint8).reshape(len(TAPES), len(conditions))
    table.flags.writeable = False
    return table


def _minute(code: str, tape: str) -> BarUpdates:
    changes = updates(code, tape)
    allowed = BarUpdates.NOTHING
    if changes & Updates.HIGH_LOW:
        allowed |= BarUpdates.HIGH_LOW
    if changes & Updates.LAST:
        allowed |= BarUpdates.OPEN_CLOSE | BarUpdates.YELLOW
    if changes & Updates.VOLUME:
        allowed |= BarUpdates.VOLUME
    return allowed
