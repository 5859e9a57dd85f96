"""Exits that were refused: tried again ever less often, and told when that goes on."""

from __future__ import annotations

import msgspec

from engine.domain.session import NANOS_PER_SECOND

_WAITS_SECS = (0, 1, 2, 4, 8, 16, 30)
_STUCK_FROM = 3


class _Refusals(msgspec.Struct):
    count: int
    since_ns: int
    why: str


class ExitAttempts:
    """Refusals of the exits of open trades, one after another without one that was taken.

    An account has few requests in a minute, and those of other exits must find some left.
    """

    def __init__(self) -> None:
        self._refused: dict[str, _Refusals] = {}

    def refused(self, trade_id: str, why: str, ts: int) -> None:
        """Hear that an exit was refused at an instant (UTC ns)."""
        known = self._refused.get(trade_id)
        self._refused[trade_id] = _Refusals(1 if known is None else known.count + 1, ts, why)

    def taken(self, trade_id: str) -> None:
        """Hear that an exit was taken, or that the trade is over."""
        self._refused.pop(trade_id, None)

    def may_try(self, trade_id: str, ts: int) -> bool:
        """Say whether it is time for another attempt at an instant (UTC ns)."""
        known = self._refused.get(trade_id)
        if known is None:
            return True
        wait_secs = _WAITS_SECS[min(known.count, len(_WAITS_SECS)) - 1]
        return ts >= known.since_ns + wait_secs * NANOS_PER_SECOND

    def why(self, trade_id: str) -> str | None:
        """Return why the last attempt was refused, None if it was not."""
        known = self._refused.get(trade_id)
        return None if known is None else known.why

    def is_stuck(self, trade_id: str) -> bool:
        """Say whether so many were refused that a person should know."""
        known = self._refused.get(trade_id)
        return known is not None and known.count >= _STUCK_FROM
