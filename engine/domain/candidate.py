"""What the scanner says to the hub, bucket by bucket."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.domain.account import ACCELERATION
from engine.domain.fixed_point import Shares
from engine.domain.quotes import Quote


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


class Candidate(msgspec.Struct, frozen=True, eq=False):
    """One symbol that accelerates, as of the close of one bucket.

    Attributes
    ----------
    ts_event, ts_init : int
        End of the bucket, and the clock at which it closed (end + grace); UTC ns.
    qualified : bool
        Every gate passed in this very bucket; only then may the hub enter.
    ao, ac : float
        USD. ``ao_bps``, ``ac_bps``: 1e4 × share of the slow mean price. ``sigma_bps``: standard
        deviation of 5-s median returns. ``ac_z``: ``ac_bps`` over the noise it would have, signed.
    last : int
        Last eligible price, 1e-6 USD.
    volume : Shares
        Shares of this bucket, exact. ``volume_mean``: mean of the ``vol_window`` buckets before it.
    run_volume, run_notional : Shares, float
        Shares, and USD, since ``ao`` took its present sign.
    session_volume : Shares
        Shares since the open.
    vwap : float
        Session VWAP in USD, NaN without an eligible print; ``vwap_slope``: its change in USD over
        the candidate window.
    quote : Quote or None
        Last quote that arrived before ``ts_init``; None where none did within a minute, and where
        the candidate is not qualified.
    gates : int
        Bit ``1 << gate`` set for each gate passed.
    gate_values, gate_thresholds : tuple of float
        By ``Gate``; NaN where a value is unknown (and then the gate failed).
    window : Window
        Buckets up to and including this one.
    """

    symbol: str
    side: Side
    phase: Phase
    ts_event: int
    ts_init: int
    fade_reason: FadeReason | None
    qualified: bool
    ao: float
    ac: float
    ao_bps: float
    ac_bps: float
    sigma_bps: float
    ac_z: float
    last: int
    volume: Shares
    volume_mean: float
    run_volume: Shares
    run_notional: float
    session_volume: Shares
    vwap: float
    vwap_slope: float
    quote: Quote | None
    gates: int
    gate_values: tuple[float, ...]
    gate_thresholds: tuple[float, ...]
    window: Window

    @property
    def strategy_id(self) -> str:
        """Whose signal this is."""
        return ACCELERATION

    @property
    def score(self) -> float:
        """Standard deviations of the strategy's own noise, >= 0; its direction is ``side``."""
        return abs(self.ac_z)

    @property
    def strength(self) -> float:
        """How much the strategy would stake on it, in [0, 1]."""
        return strength_of(self.score)


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


class BucketReport(msgspec.Struct, frozen=True, eq=False):
    """Everything the scanner says of one bucket; candidates sorted by symbol."""

    ts_event: int
    ts_init: int
    breadth: Breadth
    candidates: tuple[Candidate, ...]
