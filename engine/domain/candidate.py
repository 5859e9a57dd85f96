"""What the scanner says to the hub, bucket by bucket."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import Shares
from engine.domain.market_data.quotes import Quote


class Side(IntEnum):
    """Direction of a candidate and of the trade it may become."""

    LONG = 1
    SHORT = -1


class Phase(StrEnum):
    """Life of a candidate."""

    RAISED = "raised"
    UPDATED = "updated"
    FADED = "faded"


class FadeReason(StrEnum):
    """Why a candidate ended."""

    AO_TURNED = "ao_turned"
    FLAT_LINED = "flat_lined"
    SESSION_ENDED = "session_ended"
    SIGNAL_ENDED = "signal_ended"
    STRATEGY_OFF = "strategy_off"


class Gate(IntEnum):
    """Scanner-side gates; the value is the gate's bit in ``Candidate.gates`` and its column."""

    WARM = 0
    CARRIED = 1
    PRICE = 2
    AO_SIGN = 3
    AC_RISING = 4
    AO_GROWTH = 5
    AC_Z = 6
    VOLUME_FLOOR = 7
    VOLUME_SURGE = 8
    CUMULATIVE_VOLUME = 9
    CUMULATIVE_NOTIONAL = 10
    NOT_FLAT = 11


ALL_GATES = (1 << len(Gate)) - 1
"""Bits of a bucket that passed every gate."""


_FULL_STRENGTH = 8.0
"""Standard deviations at which an acceleration is as strong as one can be."""


def strength_of(score: float) -> float:
    """Return the strength, in [0, 1], of an acceleration of that score."""
    return min(1.0, score / _FULL_STRENGTH)


class Window(msgspec.Struct, frozen=True, eq=False):
    """The last ``candidate_window_secs`` of a symbol's buckets, oldest first; shapes (n,).

    ``ts`` is the bucket's end (UTC ns); ``high``, ``low`` and ``last`` are 1e-6 USD, the first two
    0 in a carried bucket; ``volume`` is shares; ``ao`` and ``ac`` USD, NaN before their first.
    """

    ts: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    last: NDArray[np.int64]
    volume: NDArray[np.float64]
    ao: NDArray[np.float64]
    ac: NDArray[np.float64]


class Feature(msgspec.Struct, frozen=True):
    """One number behind a signal, what it is held against, and whether it passed.

    ``value`` is NaN where it is unknown, and then the feature has failed.
    """

    name: str
    value: float
    threshold: float
    passed: bool


class Oscillators(msgspec.Struct, frozen=True):
    """What the compiled scanner measured of a symbol at a close, beside what its gates look at.

    ``ao`` and ``ac`` are USD, ``ac_z`` has its own sign, ``volume_mean`` is shares a bucket and
    ``run_volume`` the exact shares since ``ao`` took its sign.
    """

    ao: float
    ac: float
    ao_bps: float
    ac_bps: float
    ac_z: float
    volume_mean: float
    run_volume: Shares


class Candidate(msgspec.Struct, frozen=True, eq=False):
    """One symbol that a strategy has an eye on, as of the close of one bucket.

    Attributes
    ----------
    strategy_id : str
        Whose signal this is.
    ts_event, ts_init : int
        End of the bucket, and the clock at which it closed (end + grace); UTC ns.
    qualified : bool
        Every feature passed in this very bucket; only then may the hub enter.
    score : float
        Standard deviations of the strategy's own noise, >= 0; its direction is ``side``.
    strength, confidence : float
        How much the strategy would stake on it, and how sure it is of that; in [0, 1].
    notional : float
        USD that went into the move; the larger of two with equal scores is preferred.
    features : tuple of Feature
        In the strategy's own order.
    last : int
        Last eligible price, 1e-6 USD.
    volume : Shares
        Shares of this bucket, exact.
    session_volume : Shares
        Shares since the open.
    sigma_bps : float
        Standard deviation of 5-s median returns in bps.
    vwap : float
        Session VWAP in USD, NaN without an eligible print; ``vwap_slope``: its change in USD over
        the candidate window.
    quote : Quote or None
        Last quote that arrived before ``ts_init``; None where none did within a minute, and where
        the candidate is not qualified.
    window : Window
        Buckets up to and including this one.
    oscillators : Oscillators or None
        Of an acceleration; None for any other strategy.
    """

    strategy_id: str
    symbol: str
    side: Side
    phase: Phase
    ts_event: int
    ts_init: int
    fade_reason: FadeReason | None
    qualified: bool
    score: float
    strength: float
    confidence: float
    notional: float
    features: tuple[Feature, ...]
    last: int
    volume: Shares
    session_volume: Shares
    sigma_bps: float
    vwap: float
    vwap_slope: float
    quote: Quote | None
    window: Window
    oscillators: Oscillators | None = None

    def feature(self, name: str) -> float:
        """Return the value of a feature."""
        return next(each.value for each in self.features if each.name == name)


class IndexReading(msgspec.Struct, frozen=True):
    """One index ETF at a bucket's close; NaN until its oscillators are warm."""

    symbol: str
    ao_bps: float
    ac_z: float


class Breadth(msgspec.Struct, frozen=True):
    """Counts over the whole tape at one bucket's close.

    ``live`` symbols have an ``ao``; ``rising`` of them have ``ao > 0``, ``falling`` ``ao < 0``.
    """

    live: int
    rising: int
    falling: int
    indices: tuple[IndexReading, ...]


class StrategyFailure(msgspec.Struct, frozen=True):
    """A strategy that went wrong at a bucket's close, and why; it says nothing from there on."""

    ts_event: int
    strategy_id: str
    why: str


class BucketReport(msgspec.Struct, frozen=True, eq=False):
    """Everything that is said of one bucket; candidates sorted by symbol, then by strategy.

    ``missing`` names the slots of the alphabet that have said nothing of it: breadth and
    candidates lack their symbols, and nothing may be entered on it. Empty in one process.
    """

    ts_event: int
    ts_init: int
    breadth: Breadth
    candidates: tuple[Candidate, ...]
    failures: tuple[StrategyFailure, ...] = ()
    missing: tuple[str, ...] = ()
