"""Each kind of broken tape is told at the close that shows it, at any speed, and so is its end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.market_data.trades import TradeBatch
from engine.tape import Flaw
from tests.tape.scenes import (
    BROKEN,
    BUCKETS,
    MENDED,
    Fault,
    again,
    arrives,
    at_speed,
    flaws,
    only,
    stuck,
    tape,
)

_LONGEST_WINDOW, _GOOD = 6, 3

_FAULTS: dict[str, tuple[Fault, Flaw]] = {
    "late": (arrives(3), Flaw.LATE),
    "dated ahead": (arrives(-9.6), Flaw.FUTURE),
    "a clock a little beyond its limit": (arrives(-2.5), Flaw.FUTURE),
    "silent": (only(0), Flaw.FROZEN),
    "a third of the symbols": (only(13), Flaw.THIN),
    "repeated": (again, Flaw.REPEATED),
    "the same prices": (stuck, Flaw.FROZEN),
}
_FINE: dict[str, Fault] = {
    "nothing": lambda batch: batch,
    "a clock within its limit": arrives(-1.5),
    "a slow network": arrives(1.5),
    "three symbols of four": only(30),
}


@pytest.mark.parametrize("name", _FAULTS)
def test_a_fault_is_told_while_it_lasts_and_the_same_at_every_speed(name: str) -> None:
    fault, flaw = _FAULTS[name]
    broken = fault(tape())
    by_speed = [flaws(at_speed(broken, speed)) for speed in (1, 30, 100)]
    assert by_speed[0] == by_speed[1] == by_speed[2]
    told = by_speed[0]
    first = next(bucket for bucket, found in enumerate(told) if flaw in found)
    assert BROKEN - 2 <= first <= BROKEN + _LONGEST_WINDOW
    assert not any(told[: BROKEN - 2]), "something was told before anything broke"
    assert all(flaw in found for found in told[first:MENDED])
    assert not any(told[MENDED + _LONGEST_WINDOW + _GOOD :]), "it is over and still told"


@pytest.mark.parametrize("name", _FINE)
def test_what_is_within_the_limits_is_told_of_at_no_speed(name: str) -> None:
    for speed in (1, 30, 100):
        assert flaws(at_speed(_FINE[name](tape()), speed)) == [frozenset()] * BUCKETS


@settings(max_examples=8, deadline=None)
@given(name=st.sampled_from(list(_FAULTS)), cuts=st.sets(st.integers(1, 4_000), max_size=40))
def test_the_cutting_into_frames_changes_nothing(name: str, cuts: set[int]) -> None:
    batch: TradeBatch = _FAULTS[name][0](tape(2))
    cuts = {cut for cut in cuts if cut < len(batch)}
    assert flaws(batch, tuple(cuts)) == flaws(batch)
