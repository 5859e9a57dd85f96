"""Our clock against the venue's: buckets are wrong where they disagree, so entries stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from adapters.alpaca.http.rest import AlpacaRest
from engine.domain.session import NANOS_PER_SECOND
from engine.tape import VENUE_CLOCK, behind

if TYPE_CHECKING:
    from engine.runtime.live.venue import VenueWatch

_CLOCK = "clock"
_QUESTIONS = 3
"""Asked at most in one look, until the answers are close enough to tell."""
_UNTOLD_LOOKS = 3
"""Looks in a row that tell nothing are trouble: what is not known is not taken for right."""


class ClockOffset(NamedTuple):
    """How far our clock is ahead of the venue's, ns: between ``least`` and ``most``."""

    least: int
    most: int

    @property
    def certain(self) -> int:
        """How far it is ahead at least, negative behind; 0 where the answer's way hides it."""
        return self.least if self.least > 0 else min(self.most, 0)

    def both(self, other: ClockOffset) -> ClockOffset:
        """Return what follows from two answers; the newer one where they contradict."""
        least, most = max(self.least, other.least), min(self.most, other.most)
        return ClockOffset(least, most) if least <= most else other


class ClockWatch:
    """Compares the host's time with the venue's.

    The limit is in the venue's time at any speed. At a speed at which an answer takes longer than
    the limit nothing can be told by asking: that holds entries, too.

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
    offset : ClockOffset or None
        What the last look found.
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
        self._untold = 0
        self.offset: ClockOffset | None = None
        self.is_behind = False

    async def look(self) -> None:
        """Ask the venue for its time.

        Raises
        ------
        VenueUnavailable, VenueRejected
            It does not tell.
        """
        limit_ns = round(self._off_secs * NANOS_PER_SECOND)
        found = await clock_offset(self._rest, self._now)
        for _ in range(_QUESTIONS - 1):
            if abs(found.certain) > limit_ns or _is_within(found, limit_ns):
                break
            found = found.both(await clock_offset(self._rest, self._now))
        self.offset = found
        if abs(found.certain) > limit_ns:
            self._untold = 0
            await self._found_off(found.certain / NANOS_PER_SECOND)
        elif _is_within(found, limit_ns):
            self._untold = 0
            self._watch.issue_cleared(_CLOCK)
            self._watch.issue_cleared(VENUE_CLOCK)
            self.is_behind = False
        else:
            self._untold += 1
            if self._untold >= _UNTOLD_LOOKS:
                width = (found.most - found.least) / NANOS_PER_SECOND
                self._watch.issue_raised(
                    _CLOCK,
                    f"an answer takes {width:.1f} s of the venue's time, too long to tell whether "
                    f"it is within {self._off_secs:g} s of the venue's",
                )

    async def _found_off(self, ahead_secs: float) -> None:
        """Report a clock that is off; go by the venue's where that is right and went back."""
        if ahead_secs > 0 and self._follow is not None:
            if not self.is_behind:
                self._watch.issue_raised(VENUE_CLOCK, behind(ahead_secs))
            self.is_behind = True
            self._follow((await self._rest.clock()).timestamp)
        else:
            self._watch.issue_raised(_CLOCK, self._off(ahead_secs))

    def _off(self, ahead_secs: float) -> str:
        where = "ahead of" if ahead_secs > 0 else "behind"
        return f"it is more than {self._off_secs:g} s {where} the venue's: {abs(ahead_secs):.1f} s"


async def clock_offset(rest: AlpacaRest, now: Callable[[], int]) -> ClockOffset:
    """Return how far a clock is ahead of the venue's, as closely as one question tells.

    Raises
    ------
    VenueUnavailable, VenueRejected
        The venue does not tell its time.
    """
    asked = now()
    told = (await rest.clock()).timestamp
    return ClockOffset(asked - told, now() - told)


def _is_within(offset: ClockOffset, limit_ns: int) -> bool:
    return -limit_ns <= offset.least and offset.most <= limit_ns
