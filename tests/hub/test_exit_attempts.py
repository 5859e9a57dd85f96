"""A refused exit is tried again ever less often, for ever, and at once after one that was taken."""

from __future__ import annotations

from itertools import pairwise

from engine.domain.session import NANOS_PER_SECOND
from engine.hub.exit_attempts import ExitAttempts


def test_a_day_of_refusals_costs_few_requests_and_never_ends() -> None:
    attempts, tried = ExitAttempts(), list[int]()
    for second in range(600):
        now = second * NANOS_PER_SECOND
        if attempts.may_try("T", now):
            tried.append(second)
            attempts.refused("T", f"no {len(tried)}", now)
    assert tried[:8] == [0, 1, 2, 4, 8, 16, 32, 62]
    assert {later - earlier for earlier, later in pairwise(tried[7:])} == {30}
    assert attempts.is_stuck("T")
    assert attempts.why("T") == f"no {len(tried)}"
    assert attempts.may_try("other", 0)
    attempts.taken("T")
    assert attempts.may_try("T", 600 * NANOS_PER_SECOND)
    assert attempts.why("T") is None
    assert not attempts.is_stuck("T")
