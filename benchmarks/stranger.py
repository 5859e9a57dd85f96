"""A stranger's strategy for the bench: twenty operations on whole-tape arrays a bucket."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from strategies import Need, Signals, Tape, TapeStrategy, at_least, highest, lowest, mean


class Stranger(TapeStrategy):
    """Buy what rises out of its five-minute range faster than the market does."""

    strategy_id = "stranger"

    def needs(self) -> Sequence[Need]:
        """Return what is looked back at."""
        return highest("high", 60), lowest("low", 60), mean("volume", 60)

    def signals(self, tape: Tape) -> Signals:
        """Say it in twenty operations."""
        top, bottom = tape.highest("high", 60), tape.lowest("low", 60)
        place = (tape.last - bottom) / (top - bottom)
        rise = 1e4 * (tape.last / bottom - 1.0)
        market = np.nanmean(rise) if len(tape) else 0.0
        noise = tape.sigma_bps * np.sqrt(60.0)
        score = np.where(noise > 0, (rise - market) / noise, 0.0)
        surge = tape.volume / tape.mean("volume", 60)
        stretch = 1e4 * (tape.last / tape.vwap - 1.0)
        is_up = (place > 0.99) & (score > 0) & tape.traded & (stretch > 0)
        return Signals(
            np.where(is_up, 1, 0),
            score,
            {
                "score": at_least(score, 6.0),
                "surge": at_least(surge, 3.0),
                "notional": at_least(tape.session_notional, 1e6),
            },
        )
