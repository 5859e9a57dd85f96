"""Who of two hubs may trade a run: arithmetic of a lease, each side on a clock of its own.

The holder raises a counter in the database. What it may do follows from when its last beat that was
kept *began*; what the standby may do, from when it first *saw* a count that does not change. The
second is never before the first, so with the same term the holder has stopped before the standby
begins, whatever their clocks on the wall say, and though neither hears of the other.
"""

from __future__ import annotations

import msgspec

BEAT_SECS = 0.5
"""Between two beats, of either side."""

TERM_SECS = 3.0
"""A standby takes over after so long without a new beat."""

HELD_SECS = 2.9
"""The holder's term, shorter by what clocks may differ in pace, and a request takes to leave."""

_STANDBY_GONE_SECS = 10.0
"""A standby that has not beaten for so long is none any more."""

_LATE_SECS = 1.5
"""A standby that looked so late begins to count anew: it cannot tell what it has missed."""


class StandbyBeat(msgspec.Struct, frozen=True):
    """What the holder learns when it beats: the standby's name, None without, and its count."""

    standby: str | None
    count: int


class HolderBeat(msgspec.Struct, frozen=True):
    """What a standby learns when it looks.

    Attributes
    ----------
    epoch : int
        Of the holder's process, among those of the run.
    count : int
        Beats so far.
    holder : str or None
        Its name; None after it was stopped by a person.
    is_fenced : bool
        Whether the holder has said that it sends nothing once its term is over.
    """

    epoch: int
    count: int
    holder: str | None
    is_fenced: bool


class HeldLease:
    """What the holder of a run may send, by its own clock alone.

    Without a standby nobody else can trade the run, and exits may leave while the database is away.
    With one, nothing may once the term is over: it has lost the run for good.

    One thread beats, any may ask.

    Parameters
    ----------
    began : float
        Seconds of a clock that never jumps: when the first beat that was kept began.
    """

    def __init__(self, began: float) -> None:
        self._began = began
        self._is_fenced = self._is_lost = False
        self._heard: StandbyBeat | None = None
        self._heard_at = 0.0

    def next_beat(self, now: float) -> bool:
        """Return whether the beat that begins is to say that nothing is sent past its term.

        It is true from here on; that it is not any more, only once a beat has said so.
        """
        heard = self._heard
        is_there = heard is not None and heard.standby is not None
        is_fenced = is_there and now - self._heard_at < _STANDBY_GONE_SECS
        self._is_fenced |= is_fenced
        return is_fenced

    def kept(self, began: float, *, said_fenced: bool, heard: StandbyBeat) -> None:
        """Hear that a beat was kept which began at an instant, and what stood beside it."""
        if self.may_send(began):
            self._began, self._is_fenced = began, said_fenced
        if heard != self._heard:
            self._heard, self._heard_at = heard, began

    def lose(self) -> None:
        """Hear that another holds the run."""
        self._is_lost = True

    def may_send(self, now: float) -> bool:
        """Say whether an order may leave now; never again once it may not."""
        if self._is_fenced and now - self._began >= HELD_SECS:
            self._is_lost = True
        return not self._is_lost


class WatchedLease:
    """When a standby may take over, by its own clock alone."""

    def __init__(self) -> None:
        self._seen: HolderBeat | None = None
        self._since = self._looked = 0.0

    def look(self, seen: HolderBeat | None, asked: float, answered: float) -> bool:
        """Say whether the holder's term is over.

        Parameters
        ----------
        seen : HolderBeat or None
            What stands in the database; None when it did not answer, which says nothing of others.
        asked, answered : float
            Seconds of a clock that never jumps: before and after the look.
        """
        is_late = asked - self._looked > _LATE_SECS
        self._looked = answered
        if seen is None or is_late or self._seen is None or _moved(seen, self._seen):
            self._seen, self._since = seen, answered
            return False
        self._seen = seen
        return asked - self._since >= TERM_SECS


def _moved(new: HolderBeat, old: HolderBeat) -> bool:
    return (new.epoch, new.count) != (old.epoch, old.count)
