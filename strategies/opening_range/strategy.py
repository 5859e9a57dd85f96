"""The opening range strategy as one object: its parameters, its signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

import numpy as np
from pydantic import Field

from engine.signals.whole_tape.history import Need, highest, lowest, mean, opening_high, opening_low
from engine.signals.whole_tape.signals import Signals, at_least, at_most
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy


class OpeningRangeParameters(StrategyParameters):
    """Windows are in buckets of five seconds."""

    range_buckets: int = Field(180, ge=12, le=2_000, description="Buckets of the opening range.")
    last_bucket: int = Field(1_440, ge=24, le=4_680, description="Last bucket of an entry.")
    volume_window: int = Field(60, ge=12, le=720, description="Buckets of the usual volume.")
    rising_window: int = Field(12, ge=2, le=120, description="Buckets of the newest volume.")
    min_surge: float = Field(1.5, ge=1, le=50, description="Newest volume over the usual one.")
    min_score: float = Field(0.5, ge=0, le=20, description="Least distance from the range.")
    min_width_percent: float = Field(0.3, ge=0, le=20, description="Least width of the range.")
    min_price: float = Field(2.0, ge=0.01, le=1e6, description="Least price, USD.")
    min_session_notional: float = Field(
        1_000_000.0, ge=0, le=1e12, description="Least USD since the open."
    )


class OpeningRange(TapeStrategy):
    """Enter with a symbol that leaves the range of its first minutes, on rising volume.

    The score is how far beyond the range it is, in deviations of its own walk over the newest
    buckets. It breaks out once: where it was beyond the range before the newest buckets, it has.
    """

    strategy_id = "opening_range"
    Parameters: ClassVar[type[StrategyParameters]] = OpeningRangeParameters

    def needs(self) -> Sequence[Need]:
        """Return the opening range, and what tells a break from an old one."""
        p = self._p
        return (
            opening_high(p.range_buckets),
            opening_low(p.range_buckets),
            mean("volume", p.volume_window),
            mean("volume", p.rising_window),
            lowest("low", p.rising_window),
            highest("high", p.rising_window),
        )

    def signals(self, tape: Tape) -> Signals:
        """Return the symbols that have just left their opening range."""
        p = self._p
        top, bottom = tape.opening_high(p.range_buckets), tape.opening_low(p.range_buckets)
        side = np.where(tape.last > top, 1, np.where(tape.last < bottom, -1, 0))
        edge = np.where(side > 0, top, bottom)
        beyond_bps = 1e4 * side * (tape.last / edge - 1.0)
        walk_bps = tape.sigma_bps * np.sqrt(p.rising_window)
        score = np.where(walk_bps > 0, beyond_bps / walk_bps, np.nan)
        inside = np.where(
            side > 0,
            tape.lowest("low", p.rising_window) <= top,
            tape.highest("high", p.rising_window) >= bottom,
        )
        surge = tape.mean("volume", p.rising_window) / tape.mean("volume", p.volume_window)
        width = 100.0 * (top / bottom - 1.0)
        bucket = np.full(len(tape), float(tape.bucket))
        return Signals(
            side=side,
            score=score,
            features={
                "score": at_least(score, p.min_score),
                "is_new": at_least(inside.astype(np.float64), 1.0),
                "surge": at_least(surge, p.min_surge),
                "width": at_least(width, p.min_width_percent),
                "bucket": at_most(bucket, float(p.last_bucket)),
                "price": at_least(tape.last, p.min_price),
                "session_notional": at_least(tape.session_notional, p.min_session_notional),
            },
            lives=side != 0,
        )

    @property
    def _p(self) -> OpeningRangeParameters:
        return cast("OpeningRangeParameters", self.parameters)
