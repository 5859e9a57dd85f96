"""How often somebody may ask: token buckets by name, few and small."""

from __future__ import annotations

import math
import time

from web.problems import Problem

_MOST = 4096
"""Names that are remembered; full buckets are forgotten first, for they allow everything."""


class RateLimit:
    """So many at once, and so many per second after that, for each name.

    Parameters
    ----------
    burst : int
    per_second : float
    """

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._left: dict[str, tuple[float, float]] = {}

    def refuse_more(self, name: str) -> None:
        """Raise ``Problem`` 429 where a name has used up what it may; take nothing."""
        left = self._now_left(name)
        if left < 1.0:
            secs = max(1, math.ceil((1.0 - left) / self._per_second))
            raise Problem(
                429,
                "too_many_requests",
                f"too many requests: try again in {secs} s",
                headers={"Retry-After": str(secs)},
            )

    def allows(self, name: str) -> bool:
        """Take one from what a name may, and say whether there was one."""
        is_allowed = self._now_left(name) >= 1.0
        self.charge(name)
        return is_allowed

    def take(self, name: str) -> None:
        """Take one from what a name may; raise ``Problem`` 429 where nothing is left."""
        self.refuse_more(name)
        self.charge(name)

    def charge(self, name: str) -> None:
        """Take one, if any is left."""
        if len(self._left) >= _MOST:
            self._forget()
        self._left[name] = max(0.0, self._now_left(name) - 1.0), time.monotonic()

    def _now_left(self, name: str) -> float:
        left, since = self._left.get(name, (float(self._burst), 0.0))
        return min(float(self._burst), left + (time.monotonic() - since) * self._per_second)

    def _forget(self) -> None:
        emptier = sorted(self._left, key=self._now_left)[: _MOST // 2]
        self._left = {name: self._left[name] for name in emptier}
