"""What was measured of the tape at the close of a bucket: numbers alone, no opinion."""

from __future__ import annotations

import msgspec


class Heard(msgspec.Struct, frozen=True):
    """How many symbol-buckets brought something, against what the day so far lets expect.

    Attributes
    ----------
    buckets : int
        Length of the window that ends with the bucket just closed.
    heard : int
        Symbol-buckets in it that brought something.
    expected : float
        How many were to be expected.
    deviation : float
        Standard deviation of that number if symbols print independently.
    """

    buckets: int
    heard: int
    expected: float
    deviation: float

    @property
    def share(self) -> float:
        """What was heard of what was expected; 1 where nothing was."""
        return self.heard / self.expected if self.expected > 0 else 1.0


class TapeMeasure(msgspec.Struct, frozen=True):
    """The tape at one close; all times are the market's, whatever the speed of a rehearsal.

    Attributes
    ----------
    ts : int
        The instant of the close, UTC ns.
    prints, late, future, repeated : int
        Prints of the newest buckets, as many as it takes to judge by; how many of them arrived
        later than the limit allows, were dated further ahead of their arrival than clocks may
        differ, and had come before.
    lag_ns : int or None
        Median of arrival less exchange time over the last bucket that brought prints; negative
        where prints are dated ahead. None before the first.
    silent_ns : int or None
        Since anything arrived; None before anything did.
    mean_gap_ns : float or None
        Mean time between two arrivals of the session so far; None while there are too few.
    symbols : int
        Symbols that print often enough to be missed.
    heard : tuple of Heard
        Short windows first; empty while the day is too young.
    moved : Heard or None
        The same for symbol-buckets in which a price moved.
    """

    ts: int
    prints: int = 0
    late: int = 0
    future: int = 0
    repeated: int = 0
    lag_ns: int | None = None
    silent_ns: int | None = None
    mean_gap_ns: float | None = None
    symbols: int = 0
    heard: tuple[Heard, ...] = ()
    moved: Heard | None = None
