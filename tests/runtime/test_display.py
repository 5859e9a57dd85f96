"""A recorded day shows itself as a live one does, and decides what it does unseen."""

from __future__ import annotations

import numpy as np
import pytest

from catalog import Catalog
from engine.display import DisplayFrame, FrameBoard, FrameHeading, FrameSlot
from engine.runtime import Engine
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import Ran, run

HEADING = FrameHeading(run_id="seen", epoch=1, venue="session", sends=True)


class Kept(FrameSlot):
    """A reader that misses nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[DisplayFrame] = []

    def put(self, frame: DisplayFrame) -> None:
        """Keep it."""
        self.frames.append(frame)


def shown(market: Catalog, engine: Engine) -> tuple[Ran, list[DisplayFrame]]:
    reader = Kept()
    board = FrameBoard(HEADING, [reader])
    return run(market, [SYNTHETIC_DAY], engine, board=board), reader.frames


def test_both_engines_show_the_same_day_and_neither_decides_otherwise(small: Catalog) -> None:
    unseen = run(small, [SYNTHETIC_DAY])
    pruned, few = shown(small, Engine.PRUNED)
    full, many = shown(small, Engine.FULL)
    assert pruned.outcome.trades
    for ran in (pruned, full):
        assert ran.outcome.decision_digest == unseen.outcome.decision_digest
        assert ran.outcome.fill_digest == unseen.outcome.fill_digest
    one, other = few[-1], many[-1]
    assert [each.number for each in many] == [*range(1, len(many) + 1)]
    assert one.bucket is not None
    assert other.bucket is not None
    assert one.bucket.ts_event == other.bucket.ts_event == one.hours.close_ns
    for name in ("live", "rising", "falling", "gravity", "indices"):
        assert getattr(one.bucket.breadth, name) == getattr(other.bucket.breadth, name)
    assert one.radar == other.radar
    assert (one.governor, one.positions, one.fact_seq) == (
        other.governor,
        other.positions,
        other.fact_seq,
    )
    assert one.governor.trades == len(pruned.outcome.trades)
    assert one.governor.equity == pytest.approx(pruned.outcome.equity)
    assert [line.text for line in one.activity] == [line.text for line in other.activity]

    assert one.strip is None
    assert other.strip is not None
    scores = np.frombuffer(other.strip.scores, np.int8)
    assert len(scores) == len(other.strip.names) > 20
    assert other.bucket.breadth.known == np.count_nonzero(scores != -128) > 20
