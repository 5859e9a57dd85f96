"""What a screen shows of a live day's health: lights from measurements, the worst first."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from engine.domain.counted import counted
from engine.domain.session import NANOS_PER_SECOND
from engine.tape.judgement import (
    CLOCK_OFF_SECS,
    TapeLimits,
    judge_tape,
    lag_in_words,
    span_in_words,
)
from engine.tape.measure import TapeMeasure

_LIVE = "live"
_BUSIER = 2
"""So many times what was expected is no measure of what there is to hear."""


class Light(StrEnum):
    """How bad it is; ``yellow`` is not known, or not over yet."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


class HealthLine(msgspec.Struct, frozen=True):
    """One light and what it stands for."""

    light: Light
    what: str
    sentence: str


class Connections(msgspec.Struct, frozen=True):
    """What the venue's clients know.

    Attributes
    ----------
    feed, orders : str
        ``live`` or what else they are.
    clock_off_ns : int or None
        How far the host's time is ahead of the venue's at least, negative behind; None unknown.
    """

    feed: str
    orders: str
    clock_off_ns: int | None


def health_lines(
    measure: TapeMeasure | None,
    limits: TapeLimits,
    connections: Connections,
    issues: Mapping[str, str],
) -> tuple[HealthLine, ...]:
    """Return tape, feed, orders and clock with their lights, and every issue; the worst first.

    Parameters
    ----------
    measure : TapeMeasure or None
        Of the last close; None before the first.
    issues : mapping
        Why entries are held, by name.
    """
    lines = [
        *(HealthLine(Light.RED, what, detail) for what, detail in issues.items()),
        _tape(measure, limits, issues),
        _connection("feed", connections.feed),
        _connection("orders", connections.orders),
        _clock(connections.clock_off_ns),
    ]
    return tuple(sorted(lines, key=lambda line: list(Light).index(line.light)))


def _tape(measure: TapeMeasure | None, limits: TapeLimits, issues: Mapping[str, str]) -> HealthLine:
    if measure is None or measure.silent_ns is None:
        return HealthLine(Light.YELLOW, "tape", "nothing was heard in this session yet")
    found = judge_tape(measure, limits)
    if found:
        return HealthLine(Light.RED, "tape", next(iter(found.values())))
    told = f"{_heard(measure)}, {lag_in_words(measure.lag_ns)}"
    if not measure.heard:
        return HealthLine(Light.YELLOW, "tape", f"{told}; the day is too young to compare with")
    return HealthLine(Light.YELLOW if issues else Light.GREEN, "tape", told)


def _heard(measure: TapeMeasure) -> str:
    if not measure.heard:
        return counted(measure.prints, "print")
    last = measure.heard[0]
    if last.heard > _BUSIER * last.expected + 1:
        return f"{last.heard:,} symbols heard, many more than the day so far lets expect"
    expected = max(1, round(last.expected))
    return f"{counted(last.heard, 'symbol')} heard, {expected:,} expected"


def _connection(name: str, standing: str) -> HealthLine:
    return HealthLine(Light.GREEN if standing == _LIVE else Light.RED, name, standing)


def _clock(off_ns: int | None) -> HealthLine:
    if off_ns is None:
        return HealthLine(Light.YELLOW, "clock", "not compared with the venue's yet")
    where = "ahead of" if off_ns > 0 else "behind"
    is_off = abs(off_ns) > CLOCK_OFF_SECS * NANOS_PER_SECOND
    told = (
        f"{span_in_words(abs(off_ns))} {where} the venue's" if off_ns else "agrees with the venue's"
    )
    return HealthLine(Light.RED if is_off else Light.GREEN, "clock", told)
