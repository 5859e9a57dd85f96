"""Hop 5: our clock against the venue's: buckets are wrong where they disagree, so entries stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.alpaca.rest import AlpacaRest
from engine.domain.session import NANOS_PER_SECOND

if TYPE_CHECKING:
    from engine.runtime.live.venue import VenueWatch

CLOCK_OFF_SECS = 2.0
"""How far our clock may be off the venue's."""

VENUE_CLOCK = "venue clock"
_CLOCK = "clock"


class ClockWatch:
    """Compares the host's time with the venue's.

    Parameters
    ----------
    now : callable
        Returns the host's time, UTC ns.
    off_secs : float
        How far it may be off, in seconds of the venue.
    follow : callable, optional
        Takes the venue's time where that, a simulator's, is right and went back.

    Attributes
    ----------
    is_behind : bool
        The venue's time went back and has not caught up.
    """

    def __init__(
        self,
        rest: AlpacaRest,
        watch: VenueWatch,
        now: Callable[[], int],
        off_secs: float,
        follow: Callable[[int], None] | None = None,
    ) -> None:
        self._rest = rest
        self._watch = watch
        self._now = now
        self._off_secs = off_secs
        self._follow = follow
        self.is_behind = False

    async def look(self) -> None:
        """Ask the venue for its time.

        Raises
        ------
        VenueUnavailable, VenueRejected
            It does not tell.
        """
        ahead_secs = await clock_ahead_ns(self._rest, self._now) / NANOS_PER_SECOND
        if abs(ahead_secs) <= self._off_secs:
            self._watch.healed(_CLOCK)
            self._watch.healed(VENUE_CLOCK)
            self.is_behind = False
            return
        if ahead_secs > 0 and self._follow is not None:
            if not self.is_behind:
                self._watch.troubled(VENUE_CLOCK, behind(ahead_secs))
            self.is_behind = True
            self._follow((await self._rest.clock()).timestamp)
            return
        where = "ahead of" if ahead_secs > 0 else "behind"
        self._watch.troubled(
            _CLOCK,
            f"it is more than {self._off_secs:g} s {where} the venue's: {abs(ahead_secs):.1f} s",
        )


def behind(secs: float) -> str:
    """Return what is said of a venue whose time went back."""
    return (
        f"it lies {secs:.1f} s before what this run has seen already; exits and commands go on, "
        "entries wait until it has caught up"
    )


async def clock_ahead_ns(rest: AlpacaRest, now: Callable[[], int]) -> int:
    """Return how far a clock is ahead of the venue's at least; 0 where the question's way hides it.

    Raises
    ------
    VenueUnavailable, VenueRejected
        The venue does not tell its time.
    """
    asked = now()
    told = (await rest.clock()).timestamp
    answered = now()
    return asked - told if told < asked else min(answered - told, 0)
