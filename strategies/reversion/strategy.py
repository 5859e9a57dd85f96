"""The reversion strategy as one object: its parameters, its signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

import numpy as np
from pydantic import Field

from engine.signals.whole_tape.history import Need, mean
from engine.signals.whole_tape.signals import Signals, at_least
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy


class ReversionParameters(StrategyParameters):
    """Distances are in deviations of the symbol's own walk from its VWAP."""

    min_distance: float = Field(3.0, ge=0.5, le=20, description="Least distance from the VWAP.")
    min_age: int = Field(120, ge=24, le=2_000, description="Buckets since the first print.")
    volume_window: int = Field(60, ge=12, le=720, description="Buckets of the usual volume.")
    min_surge: float = Field(2.0, ge=1, le=50, description="Bucket volume over the usual one.")
    min_price: float = Field(2.0, ge=0.01, le=1e6, description="Least price, USD.")
    min_session_notional: float = Field(
        1_000_000.0, ge=0, le=1e12, description="Least USD since the open."
    )
    use_vwap_alignment: bool | None = False
    use_market_gravity: bool | None = False


class Reversion(TapeStrategy):
    """Enter against a symbol that has left its session VWAP by many of its own deviations.

    A walk with a deviation of σ a bucket is ``σ·√(n/3)`` from its own mean after n buckets, so the
    distance in these deviations is comparable between symbols and hours. Both sides; a signal lives
    until half of its way back is gone.
    """

    strategy_id = "reversion"
    Parameters: ClassVar[type[StrategyParameters]] = ReversionParameters

    def needs(self) -> Sequence[Need]:
        """Return the usual volume."""
        return (mean("volume", self._p.volume_window),)

    def signals(self, tape: Tape) -> Signals:
        """Return the symbols that are far from their VWAP on more than the usual volume."""
        p = self._p
        distance_bps = 1e4 * (tape.last / tape.vwap - 1.0)
        walk_bps = tape.sigma_bps * np.sqrt(tape.age / 3.0)
        score = np.where(walk_bps > 0, np.abs(distance_bps) / walk_bps, np.nan)
        surge = tape.volume / tape.mean("volume", p.volume_window)
        side = np.nan_to_num(-np.sign(distance_bps)).astype(np.int8)
        return Signals(
            side=side,
            score=score,
            features={
                "distance": at_least(score, p.min_distance),
                "age": at_least(tape.age, p.min_age),
                "surge": at_least(surge, p.min_surge),
                "price": at_least(tape.last, p.min_price),
                "session_notional": at_least(tape.session_notional, p.min_session_notional),
            },
            lives=score >= p.min_distance / 2,
        )

    @property
    def _p(self) -> ReversionParameters:
        return cast("ReversionParameters", self.parameters)
