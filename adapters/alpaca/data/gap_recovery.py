"""What becomes of frames around a gap: they pass, wait until it is fetched, or are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from engine.domain.session import NANOS_PER_SECOND

UNREAD_AGAIN_NS = 60 * NANOS_PER_SECOND
"""Frames that cannot be read within so long are no accident."""


class Passage(Enum):
    """What to do with a frame."""

    DECODE = auto()
    """Read it and hand it over at once."""
    WAITS = auto()
    """Nothing: it is kept, and comes with ``begin`` or ``release``."""
    DROPPED = auto()
    """Nothing: it came over a connection that is given up, and is fetched again."""


class Held(NamedTuple):
    """A frame that waits, and when it arrived (host's time, UTC ns)."""

    frame: bytes | str
    ts_init: int


class Released(NamedTuple):
    """Frames that waited: those whose prints were fetched, too, and those that came after."""

    fetched_too: Sequence[Held]
    later: Sequence[Held]


class _Stage(Enum):
    STARTING = auto()
    PASSING = auto()
    FETCHING = auto()


class GapRecovery:
    """Holds back what comes after a gap until the gap is filled: events in, actions out.

    It knows no socket, clock or task. Whoever owns it reports frames, lost connections and what
    could not be read, and does what it answers::

        starting ── begin ──► passing ── lost ──► fetching ── release ──► passing

    Attributes
    ----------
    gaps : int
        Connections that were lost.
    unread : int
        Frames that could not be read.
    missed_at_start : bool
        A connection was lost before ``begin``: nothing is known to be fetched since.
    """

    def __init__(self) -> None:
        self.gaps = self.unread = 0
        self.missed_at_start = False
        self._stage = _Stage.STARTING
        self._waiting: list[Held] = []
        self._fetched_too = 0
        self._fetched_gaps = 0
        self._drops = False
        self._dropped_at: int | None = None

    @property
    def is_starting(self) -> bool:
        """Whether nothing is handed over yet."""
        return self._stage is _Stage.STARTING

    @property
    def is_fetching(self) -> bool:
        """Whether a gap is being fetched."""
        return self._stage is _Stage.FETCHING

    def arrived(self, frame: bytes | str, now: int) -> Passage:
        """Take a frame that came over the stream."""
        if self._drops:
            return Passage.DROPPED
        if self._stage is _Stage.PASSING:
            return Passage.DECODE
        self._waiting.append(Held(frame, now))
        return Passage.WAITS

    def unreadable(self, now: int) -> bool:
        """Take note of a frame that was to pass and cannot be read; say whether to reconnect.

        Another connection has what it held fetched. Where they come again and again that is no
        help, and what it held is lost.
        """
        self.unread += 1
        is_again = self._dropped_at is not None and now - self._dropped_at < UNREAD_AGAIN_NS
        self._dropped_at = now
        self._drops = not is_again
        return self._drops

    def lost(self) -> bool:
        """Take note of a connection that was lost and is back; say whether to begin to fetch.

        While a gap is being fetched, it is fetched anew with what came since, for what follows the
        frames that wait is lost, too.
        """
        self.gaps += 1
        self._drops = False
        if self._stage is _Stage.STARTING:
            self.missed_at_start = True
            return False
        if self._stage is _Stage.FETCHING:
            self._fetched_too = len(self._waiting)
            return False
        self._stage = _Stage.FETCHING
        self._fetched_too = 0
        self._fetched_gaps = 0
        return True

    def fetch_next(self) -> bool:
        """Say whether to fetch: at first, and again if a connection was lost meanwhile."""
        is_due = self._fetched_gaps != self.gaps
        self._fetched_gaps = self.gaps
        return is_due

    def begin(self) -> Sequence[Held]:
        """Let frames pass from now on; return those that came before."""
        return self.release().later

    def release(self) -> Released:
        """Let frames pass again, whether all was fetched or not; return those that waited."""
        waiting, self._waiting = self._waiting, []
        self._stage = _Stage.PASSING
        cut, self._fetched_too = self._fetched_too, 0
        return Released(waiting[:cut], waiting[cut:])
