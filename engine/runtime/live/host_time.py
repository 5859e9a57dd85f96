"""What time it is where the venue is."""

from __future__ import annotations

import time

from engine.domain.session import NANOS_PER_SECOND


class RunningTime:
    """Time that runs by itself: the wall's, or a simulator's that may run faster.

    It goes by a clock that never jumps, whatever happens to the one on the wall meanwhile. Where
    the venue's own time went back it stands still until the venue has caught up.

    Parameters
    ----------
    anchor_ns : int
        What time it is now at the venue, UTC ns; by default what the wall says.
    speed : float
        Seconds of the venue in one of ours.
    since_ns : int
        When it was that time, by ``time.monotonic_ns``; by default now.
    """

    def __init__(
        self, anchor_ns: int | None = None, speed: float = 1.0, since_ns: int | None = None
    ) -> None:
        self.speed = speed
        self._anchor_ns = time.time_ns() if anchor_ns is None else anchor_ns
        self._since = time.monotonic_ns() if since_ns is None else since_ns
        self._earliest_ns = 0

    def __call__(self) -> int:
        """Return the present instant, UTC ns."""
        return max(self._earliest_ns, self._venue_now())

    @property
    def stands(self) -> bool:
        """Whether the venue's time lies before what has been told already."""
        return self._venue_now() < self._earliest_ns

    def secs_until(self, ts: int) -> float:
        """Return how long to wait for an instant, in seconds of ours; 0 when it is past."""
        return max(0.0, (ts - self._venue_now()) / NANOS_PER_SECOND / self.speed)

    def reach(self, ts: int) -> None:
        """Tell no time before an instant any more."""
        self._earliest_ns = max(self._earliest_ns, ts)

    def follow(self, venue_now: int) -> None:
        """Go by a venue's time that went back: it is ``venue_now`` (UTC ns) there."""
        self.reach(self())
        self._anchor_ns, self._since = venue_now, time.monotonic_ns()

    def _venue_now(self) -> int:
        return self._anchor_ns + int((time.monotonic_ns() - self._since) * self.speed)


class GrantedTime:
    """Time that stands still until a simulator grants more of it."""

    speed = 1.0

    def __init__(self, start_ns: int) -> None:
        self._now = start_ns

    def __call__(self) -> int:
        """Return the instant that was granted last, UTC ns."""
        return self._now

    def reach(self, ts: int) -> None:
        """Go on to an instant."""
        self._now = max(self._now, ts)
