"""Any cutting of a tape gives the same reports, and the future never changes the past."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.candidate import Phase
from engine.domain.errors import DataError
from engine.domain.session import session
from tests.signals.tapes import DAY, EAGER, RECORDED, batch, random_tapes, recorded, run


@settings(max_examples=60)
@given(tape=random_tapes(), data=st.data())
def test_any_cutting_gives_bit_identical_reports(tape: pd.DataFrame, data: st.DataObject) -> None:
    prints = batch(tape)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(prints)), max_size=20)))
    whole, reports = run(prints, EAGER, DAY)
    pieces, _ = run(prints, EAGER, DAY, cuts)
    assert reports[20].breadth.live >= 0
    assert len(reports) == 4_680
    assert whole.counters["trades"] == len(tape)
    assert whole.counters == pieces.counters
    assert whole.digest() == pieces.digest()


@pytest.mark.parametrize("name", RECORDED[:3])
def test_a_recorded_day_one_print_at_a_time_equals_the_whole(shared: Path, name: str) -> None:
    day, frame = recorded(shared, name)
    prints = batch(frame.head(12_000))
    whole, reports = run(prints, EAGER, day)
    single, _ = run(prints, EAGER, day, list(range(len(prints))))
    raised = sum(c.phase is Phase.RAISED for report in reports for c in report.candidates)
    assert raised > 0
    assert whole.digest() == single.digest()


@settings(max_examples=30)
@given(tape=random_tapes(), share=st.floats(0.2, 0.9))
def test_cutting_off_the_future_never_changes_the_past(tape: pd.DataFrame, share: float) -> None:
    prints = batch(tape)
    kept = prints.rows(slice(0, int(len(prints) * share)))
    now = int(kept.ts_init[-1])
    _, all_reports = run(prints, EAGER, DAY)
    _, past_reports = run(kept, EAGER, DAY)
    pairs = [
        (told, known)
        for told, known in zip(all_reports, past_reports, strict=True)
        if known.ts_init <= now
    ]
    assert pairs or now < session(DAY).open_ns + 5_250_000_000
    for told, known in pairs:
        assert told.breadth == known.breadth or str(told.breadth) == str(known.breadth)
        assert [c.score for c in told.candidates] == [c.score for c in known.candidates]


def test_a_clock_that_goes_back_is_refused_and_named() -> None:
    opening = session(DAY).open_ns
    frame = pd.DataFrame(
        {
            "symbol": ["AAA"] * 3,
            "ts_event": [opening + 1, opening + 2, opening],
            "price": [10.0, 10.0, 10.0],
            "size": [100] * 3,
            "conditions": [""] * 3,
        }
    )
    with pytest.raises(DataError, match=r"trade 2 of a batch, AAA.*never to decrease"):
        run(batch(frame), EAGER, DAY)
