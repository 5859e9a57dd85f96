"""Time that goes on evenly, for what must end: whoever sets the clock ends and prolongs nothing."""

from __future__ import annotations

import time

_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, on Linux; elsewhere the monotonic clock does."""


class SteadyClock:
    """UTC as it was when this was made, and what has passed since.

    Parameters
    ----------
    not_before_ns : int
        An instant that is known to have passed, UTC ns: a clock that was set back meanwhile does
        not bring back what had ended by then.
    """

    def __init__(self, not_before_ns: int = 0) -> None:
        self._start_ns = max(time.time_ns(), not_before_ns)
        self._began_ns = time.clock_gettime_ns(_BOOT)

    def now(self) -> int:
        """Return UTC ns."""
        return self._start_ns + time.clock_gettime_ns(_BOOT) - self._began_ns

    def latest(self) -> int:
        """Return the later of this time and the wall clock's: for what others gave an end."""
        return max(self.now(), time.time_ns())
