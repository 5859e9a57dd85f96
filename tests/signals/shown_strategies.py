"""Strategies over the whole tape that the tests ask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.signals.whole_tape.history import Need, highest, mean
from engine.signals.whole_tape.signals import Signals, at_least
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import TapeStrategy


class Breakout(TapeStrategy):
    """Buy a new high of two minutes on three times the usual volume."""

    strategy_id = "breakout"

    def needs(self) -> Sequence[Need]:
        """Look back at highs and volumes."""
        return highest("high", 24), mean("volume", 60)

    def signals(self, tape: Tape) -> Signals:
        """Say it."""
        surge = tape.volume / tape.mean("volume", 60)
        is_new = (tape.high >= tape.highest("high", 24)) & tape.traded
        return Signals(
            side=np.where(is_new & (tape.age > 60), 1, 0),
            score=surge,
            features={"surge": at_least(surge, 3.0), "volume": at_least(tape.volume, 1_000)},
        )


class Follower(TapeStrategy):
    """Sell what is weaker than the mean of all: it looks across letters."""

    strategy_id = "follower"

    def signals(self, tape: Tape) -> Signals:
        """Say it."""
        gone = tape.last / tape.vwap - 1.0
        weaker = np.nanmean(gone) - gone if len(tape) else gone
        score = np.nan_to_num(weaker * 1e4 / np.maximum(tape.sigma_bps, 1.0))
        return Signals(np.where(score > 0, -1, 0), score, {"score": at_least(score, 25.0)})
