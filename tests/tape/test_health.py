"""What is shown of a tape follows from what was measured, and the worst comes first."""

from __future__ import annotations

from msgspec.structs import replace

from engine.domain.session import NANOS_PER_SECOND
from engine.tape import Connections, Heard, Light, TapeMeasure, health_lines
from engine.tape.judgement import lag_in_words
from tests.tape.scenes import LIMITS

_SECOND = NANOS_PER_SECOND
_GOOD = TapeMeasure(
    1,
    prints=500,
    lag_ns=31_000_000,
    silent_ns=1,
    mean_gap_ns=1e6,
    symbols=300,
    heard=(Heard(1, 262, 271.0, 5.0),),
)
_LIVE = Connections("live", "live", 0)


def test_all_is_green_when_what_was_measured_is() -> None:
    lines = health_lines(_GOOD, LIMITS, _LIVE, {})
    assert {line.light for line in lines} == {Light.GREEN}
    assert "262 symbols heard, 271 expected, lag 31 ms" in lines[0].sentence


def test_connections_that_live_do_not_make_a_broken_tape_green() -> None:
    ahead = replace(_GOOD, future=480, lag_ns=-9_600_000_000)
    first, *others = health_lines(ahead, LIMITS, _LIVE, {})
    assert (first.light, first.what) == (Light.RED, "tape")
    assert "480 of the last 500 prints are dated more than 2.0 s ahead" in first.sentence
    assert "typically dated ahead by 9.6 s" in first.sentence
    assert {line.light for line in others} == {Light.GREEN}
    thin = replace(_GOOD, heard=(Heard(1, 40, 271.0, 5.0),))
    assert "40 of 271 symbols were heard" in health_lines(thin, LIMITS, _LIVE, {})[0].sentence


def test_what_is_not_known_is_not_green_and_an_issue_that_is_not_over_stands_first() -> None:
    unknown = health_lines(None, LIMITS, Connections("live", "live", None), {})
    assert [line.light for line in unknown[:2]] == [Light.YELLOW] * 2
    first, *others = health_lines(_GOOD, LIMITS, _LIVE, {"late prints": "so many"})
    assert (first.light, first.what) == (Light.RED, "late prints")
    assert {line.what: line.light for line in others}["tape"] is Light.YELLOW
    off = health_lines(_GOOD, LIMITS, Connections("down", "live", -3 * _SECOND), {})
    assert [(line.what, line.light) for line in off[:2]] == [
        ("feed", Light.RED),
        ("clock", Light.RED),
    ]
    assert off[1].sentence == "3.0 s behind the venue's"


def test_a_lag_has_a_unit_and_is_never_negative() -> None:
    told = {
        31_000_000: "lag 31 ms",
        -412_000_000: "dated ahead by 412 ms",
        -9_600_000_000: "dated ahead by 9.6 s",
        None: "lag unknown",
    }
    assert {lag: lag_in_words(lag) for lag in told} == told
