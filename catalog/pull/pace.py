"""Requests at the pace that a vendor's rate-limit headers allow."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

_LONGEST_WAIT_SECS = 120.0
_USUAL_WAIT_SECS = 60.0
_PAST_RESET_SECS = 0.05
"""Waited beyond the announced moment: two clocks never agree."""


class Pace:
    """Waits where the headers of the last answer say that the next request would be refused.

    Parameters
    ----------
    wall, sleep
        Seconds since 1970, and how to wait.

    Attributes
    ----------
    waited_secs : float
        Seconds spent waiting so far.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.waited_secs = 0.0
        self._wall = wall
        self._sleep = sleep
        self._reset: float | None = None

    def before(self) -> None:
        """Wait until the next request is allowed."""
        if self._reset is not None:
            reset, self._reset = self._reset, None
            self.wait(reset - self._wall() + _PAST_RESET_SECS)

    def after(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer says about the limit."""
        remaining, reset = _number(headers, "x-ratelimit-remaining"), _reset(headers)
        self._reset = reset if remaining is not None and remaining <= 0 else None

    def refused(self, headers: Mapping[str, str]) -> None:
        """Wait after an answer that said there were too many requests."""
        reset, seconds = _reset(headers), _number(headers, "retry-after")
        self._reset = None
        if seconds is not None:
            self.wait(seconds)
        elif reset is not None:
            self.wait(reset - self._wall() + _PAST_RESET_SECS)
        else:
            self.wait(_USUAL_WAIT_SECS)

    def wait(self, seconds: float) -> None:
        """Wait some seconds, but never longer than two minutes at once."""
        seconds = min(max(seconds, 0.0), _LONGEST_WAIT_SECS)
        if seconds > 0:
            self._sleep(seconds)
            self.waited_secs += seconds


def _reset(headers: Mapping[str, str]) -> float | None:
    return _number(headers, "x-ratelimit-reset")


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        return float(headers[name])
    except (KeyError, ValueError):
        return None
