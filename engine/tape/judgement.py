"""What is wrong with the tape, from what was measured of it: one pure function."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec

from engine.domain.counted import counted
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND
from engine.tape.measure import Heard, TapeMeasure

CLOCK_OFF_SECS = 2.0
"""How far two clocks may be apart, in seconds of the market."""

MIN_SYMBOLS = 10
"""Below so many symbols that print often a lull of all of them is no rarity."""

_LULL_GAPS = 100
"""A silence of fewer mean gaps is a lull: on 44 recorded days the longest had 54 (2018-01-02)."""

_TOLERATED = 4
"""One print in so many may be late, dated ahead or repeated: some are on any day."""
_ACCIDENTS = 2
"""So many prints are an accident, whatever their share."""
_SIGMAS = 6.0
_STUCK_SHARE = 0.05
_MIN_MOVES = 30.0


class Flaw(StrEnum):
    """What can be wrong with a tape; the value names the issue, see the runbook. Worst first."""

    FUTURE = "future prints"
    FROZEN = "frozen tape"
    LATE = "late prints"
    REPEATED = "repeated prints"
    THIN = "thin tape"


class TapeLimits(msgspec.Struct, frozen=True):
    """What is allowed, in the market's own time.

    Attributes
    ----------
    lag_ns : int
        Prints may arrive so long after their exchange time.
    stale_ns : int
        Everything may be silent for so long; longer where silence is usual.
    heard_share : float
        Share of what was expected that has to be heard; 0 for never mind.
    ahead_ns : int
        Prints may be dated so far ahead of their arrival.
    """

    lag_ns: int
    stale_ns: int
    heard_share: float
    ahead_ns: int = int(CLOCK_OFF_SECS * NANOS_PER_SECOND)

    @classmethod
    def of(cls, params: Parameters) -> Self:
        """Return the limits that parameters set."""
        return cls(
            round(params.max_lag_seconds * NANOS_PER_SECOND),
            params.stale_feed_seconds * NANOS_PER_SECOND,
            params.min_heard_share,
        )


def silence_limit_ns(stale_ns: int, mean_gap_ns: float) -> int:
    """Return how long a tape may be silent that brings something every ``mean_gap_ns``."""
    return max(stale_ns, round(_LULL_GAPS * mean_gap_ns))


def judge_tape(measure: TapeMeasure, limits: TapeLimits) -> dict[Flaw, str]:
    """Return what is wrong at one close, each in a sentence, the worst first."""
    found = {
        Flaw.FUTURE: _future(measure, limits),
        Flaw.FROZEN: _frozen(measure, limits),
        Flaw.LATE: _late(measure, limits),
        Flaw.REPEATED: _repeated(measure),
        Flaw.THIN: _thin(measure, limits),
    }
    return {flaw: detail for flaw, detail in found.items() if detail}


def _future(measure: TapeMeasure, limits: TapeLimits) -> str:
    if not _is_too_many(measure.future, measure.prints):
        return ""
    ahead = f"more than {_secs(limits.ahead_ns)} ahead of their arrival"
    return f"{_of_prints(measure.future, measure)} are dated {ahead}{_typical(measure)}"


def _late(measure: TapeMeasure, limits: TapeLimits) -> str:
    if not _is_too_many(measure.late, measure.prints):
        return ""
    after = f"more than {_secs(limits.lag_ns)} after their exchange time"
    return f"{_of_prints(measure.late, measure)} arrived {after}{_typical(measure)}"


def _repeated(measure: TapeMeasure) -> str:
    if not _is_too_many(measure.repeated, measure.prints):
        return ""
    return f"{_of_prints(measure.repeated, measure)} had come before"


def _frozen(measure: TapeMeasure, limits: TapeLimits) -> str:
    silent, gap, moved = measure.silent_ns, measure.mean_gap_ns, measure.moved
    if silent is not None and gap is not None:
        allowed = silence_limit_ns(limits.stale_ns, gap)
        if silent > allowed:
            return f"nothing was heard for {_secs(silent)}, expected something in {_secs(allowed)}"
    if moved is None or not measure.heard or measure.symbols < MIN_SYMBOLS:
        return ""
    heard = min(1.0, measure.heard[-1].share)  # what is not heard cannot move
    if moved.expected * heard >= _MIN_MOVES and moved.share < _STUCK_SHARE * heard:
        return f"the same prices again and again: {_of_expected(moved)} moved"
    return ""


def _thin(measure: TapeMeasure, limits: TapeLimits) -> str:
    if measure.symbols < MIN_SYMBOLS:
        return ""
    for heard in measure.heard:
        lacking = heard.expected - heard.heard
        if heard.share < limits.heard_share and lacking > _SIGMAS * heard.deviation:
            limit = f"at least {limits.heard_share:.0%} of what the day so far lets expect"
            return f"{_of_expected(heard)} were heard, expected {limit}"
    return ""


def _is_too_many(count: int, prints: int) -> bool:
    return count > max(_ACCIDENTS, prints / _TOLERATED)


def _of_prints(count: int, measure: TapeMeasure) -> str:
    return f"{count:,} of the last {counted(measure.prints, 'print')}"


def _of_expected(heard: Heard) -> str:
    each = "symbols" if heard.buckets == 1 else f"symbols in {heard.buckets} buckets"
    return f"{heard.heard:,} of {heard.expected:,.0f} {each}"


def _typical(measure: TapeMeasure) -> str:
    if measure.lag_ns is None:
        return ""
    return f", {'typically' if measure.lag_ns < 0 else 'typical'} {lag_in_words(measure.lag_ns)}"


def lag_in_words(lag_ns: int | None) -> str:
    """Return how late prints come; a clock that is behind dates them ahead, they are not early."""
    if lag_ns is None:
        return "lag unknown"
    return f"{'dated ahead by' if lag_ns < 0 else 'lag'} {span_in_words(abs(lag_ns))}"


def span_in_words(span_ns: int) -> str:
    """Return a span of at least 0 ns in milliseconds, or in seconds from one on."""
    if span_ns >= NANOS_PER_SECOND:
        return f"{span_ns / NANOS_PER_SECOND:,.1f} s"
    return f"{span_ns / 1e6:,.0f} ms"


def _secs(ns: int) -> str:
    return f"{ns / NANOS_PER_SECOND:.1f} s"
