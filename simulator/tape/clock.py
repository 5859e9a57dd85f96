"""Simulated time: it runs by itself, or it is granted."""

from __future__ import annotations

from enum import StrEnum

SLOWEST, FASTEST = 0.001, 1_000_000.0
"""Simulated seconds per second; faster is as fast as subscribers read, slower is a pause."""


class Mode(StrEnum):
    """Who moves simulated time."""

    PACED = "paced"
    """It runs with the wall's clock, at some speed."""

    STEPPED = "stepped"
    """Clients grant it; nothing else moves it."""


class Clock:
    """How far simulated time may have come. The wall's clock is an argument (ns, monotonic).

    Parameters
    ----------
    now : int
        Simulated time to begin at, UTC ns.
    speed : float or None
        Simulated seconds per second; None for as fast as subscribers read.

    Attributes
    ----------
    pauses_at : int or None
        The instant to come, UTC ns, at which time is to pause; however fast it moves, it does not
        go beyond.
    """

    def __init__(self, mode: Mode, now: int, *, speed: float | None, paused: bool = False) -> None:
        self.mode = mode
        self.speed = speed
        self.paused = paused
        self.pauses_at: int | None = None
        self._now = now
        self._wall: int | None = None

    @property
    def runs(self) -> bool:
        """Whether time moves by itself at the moment."""
        return self.mode is Mode.PACED and not self.paused

    def due(self, wall: int, until: int) -> int:
        """Return the simulated time that has come by now, at most ``until``."""
        if self.pauses_at is not None:
            until = min(until, self.pauses_at)
        if self.speed is None:
            return until
        if self._wall is None:
            self._wall = wall
        return min(until, self._now + int((wall - self._wall) * self.speed))

    def reach(self, now: int) -> None:
        """Pause if ``now`` is the instant at which time was to."""
        if self.pauses_at is not None and now >= self.pauses_at:
            self.paused, self.pauses_at = True, None

    def anchor(self, now: int) -> None:
        """Take ``now`` for the present: what the wall did until here does not count."""
        self._now = now
        self._wall = None
