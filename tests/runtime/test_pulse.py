"""A host's pulse wakes whoever is due, once, and at the instants an engine's clock would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.bridge.pulse import HostPulse, Timer

START = 1_000


def _pulse(width: int, stop: int | None) -> tuple[HostPulse, list[int]]:
    woken: list[int] = []
    pulse = HostPulse(lambda: 0)
    pulse.every(Timer("each", width, START, stop, woken.append))
    return pulse, woken


@given(st.integers(1, 50), st.one_of(st.none(), st.integers(START, START + 500)))
def test_going_from_instant_to_instant_misses_none(width: int, stop: int | None) -> None:
    pulse, woken = _pulse(width, stop)
    now = 0
    while (due := pulse.next_after(now, START + 501)) <= START + 500:
        pulse.beat(due)
        now = due
    last = START + 500 if stop is None else stop
    assert woken == list(range(START, last + 1, width))
    assert woken


@given(st.integers(1, 9), st.integers(1, 9), st.sets(st.integers(START, START + 200)))
def test_who_may_rest_misses_nothing_it_needs(width: int, other: int, busy: set[int]) -> None:
    woken: list[int] = []
    pulse = HostPulse(lambda: 0, hurries=True)
    pulse.every(Timer("resting", width, START, None, woken.append, lambda ts: ts not in busy))
    pulse.every(Timer("other", other, START, None, lambda _: None))
    now = 0
    while (due := pulse.next_after(now, START + 201)) <= START + 200:
        pulse.beat(due)
        now = due
    asked_for = busy | set(range(START, START + 201, other))
    assert woken == [ts for ts in range(START, START + 201, width) if ts in asked_for]


@given(st.integers(1, 50), st.lists(st.integers(0, 2_000), min_size=1, max_size=30))
def test_a_late_beat_stands_for_those_it_missed(width: int, beats: list[int]) -> None:
    pulse, woken = _pulse(width, None)
    for ts in sorted(beats):
        pulse.beat(ts)
    assert woken == sorted(set(woken))
    assert all((instant - START) % width == 0 for instant in woken)
    past = [ts for ts in beats if ts >= START]
    assert bool(woken) == bool(past)
    if past:
        assert max(past) - width < woken[-1] <= max(past)


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=1, max_size=30))
def test_only_who_needs_data_of_the_past_waits_for_it(beats: list[tuple[int, bool]]) -> None:
    guarded: list[int] = []
    closed: list[int] = []
    pulse = HostPulse(lambda: 0)
    pulse.every(Timer("guardian", 10, START, None, guarded.append))
    pulse.every(Timer("bucket", 50, START, None, closed.append, needs_past=True))
    alone, everywhere = _pulse(10, None)
    now, seen = START, []
    for step, lacks_past in [*beats, (0, False)]:
        now += step
        pulse.lacks_past = lacks_past
        pulse.beat(now)
        alone.beat(now)
        due = START + (now - START) // 50 * 50
        seen += [due] if not lacks_past and due not in seen else []
    assert guarded == everywhere
    assert guarded
    assert closed == seen


def test_timers_of_one_instant_are_served_by_name() -> None:
    woken: list[str] = []
    pulse = HostPulse(lambda: 0)
    pulse.every(Timer("guardian", 10, START, None, lambda _: woken.append("guardian")))
    pulse.every(Timer("bucket-1", 50, START, None, lambda _: woken.append("bucket")))
    pulse.beat(START)
    assert woken == ["bucket", "guardian"]
