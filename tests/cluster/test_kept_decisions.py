"""That a bucket was decided without a slot outlasts the process that decided it."""

from __future__ import annotations

from pathlib import Path

from app.runs.verdict_keeper import VerdictKeeper
from engine.decision import BucketDecision
from engine.domain.facts import BucketIncomplete


def test_a_bucket_without_verdicts_is_kept_if_a_slot_was_silent(tmp_path: Path) -> None:
    silent = BucketDecision(incomplete=BucketIncomplete(7, ("S",)))
    keeper = VerdictKeeper(tmp_path, "run", is_new=True)
    for each in (BucketDecision(), silent):
        keeper.add(each)
    (found,) = VerdictKeeper(tmp_path, "run", is_new=False).decided()
    assert found == silent
    assert found.ts_event == 7
