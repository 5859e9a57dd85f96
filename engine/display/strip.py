"""The whole tape in one line, and how far it stands above what noise alone would show."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.decision.market import market_gravity
from engine.display.frame import BreadthRow, BucketRow, IndexRow, ScoreStrip, StrategyStrip
from engine.display.radar import known
from engine.domain.account import ACCELERATION
from engine.domain.candidate import BucketReport
from engine.domain.parameters import Parameters
from engine.signals.scores import SCALE, UNKNOWN

_NO_SCORES = np.empty(0, np.int8)


def score_strip(scores: NDArray[np.int8], names: tuple[str, ...]) -> ScoreStrip:
    """Return the strip of scores, in the order of ``names``, which are sent from the first on."""
    return ScoreStrip(ACCELERATION, SCALE, scores.tobytes(), 0, names)


def strategy_strips(scores: Mapping[str, NDArray[np.int8]]) -> tuple[StrategyStrip, ...]:
    """Return the strips of strategies over the tape, in the same order of symbols."""
    return tuple(StrategyStrip(name, SCALE, own.tobytes()) for name, own in scores.items())


def bucket_row(
    report: BucketReport, scores: NDArray[np.int8] | None, params: Parameters
) -> BucketRow:
    """Return the counts of a bucket over the whole tape, beside those of noise.

    Where a host keeps no ``scores`` of all symbols, no symbol's is known.
    """
    breadth = report.breadth
    scores = _NO_SCORES if scores is None else scores
    has_score = scores != UNKNOWN
    least = math.ceil(params.min_ac_z * SCALE)
    above = int(np.count_nonzero(scores >= least)) * (params.direction != "short")
    below = int(np.count_nonzero(has_score & (scores <= -least))) * (params.direction != "long")
    n_sides = 2 if params.direction == "both" else 1
    n_known = int(np.count_nonzero(has_score))
    tail = math.erfc(params.min_ac_z / math.sqrt(2.0)) / 2.0
    return BucketRow(
        ts_event=report.ts_event,
        width_ns=params.bucket_ns,
        breadth=BreadthRow(
            live=breadth.live,
            rising=breadth.rising,
            falling=breadth.falling,
            gravity=market_gravity(breadth),
            indices=tuple(
                IndexRow(each.symbol, known(each.ao_bps), known(each.ac_z))
                for each in breadth.indices
            ),
            known=n_known,
            beyond=above + below,
            threshold=params.min_ac_z,
            noise=n_sides * n_known * tail,
        ),
    )
