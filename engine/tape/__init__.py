"""Whether the tape can be traded on: what arrives is measured at each close, judged and shown."""

from engine.tape.closes import TapeCloses
from engine.tape.health import Connections, HealthLine, Light, health_lines
from engine.tape.joined import joined_measure
from engine.tape.judgement import CLOCK_OFF_SECS, Flaw, TapeLimits, judge_tape, silence_limit_ns
from engine.tape.measure import Heard, TapeMeasure
from engine.tape.monitor import TapeMonitor
from engine.tape.settled import SettledFlaws
from engine.tape.venue_clock import VENUE_CLOCK, behind

__all__ = [
    "CLOCK_OFF_SECS",
    "VENUE_CLOCK",
    "Connections",
    "Flaw",
    "HealthLine",
    "Heard",
    "Light",
    "SettledFlaws",
    "TapeCloses",
    "TapeLimits",
    "TapeMeasure",
    "TapeMonitor",
    "behind",
    "health_lines",
    "joined_measure",
    "judge_tape",
    "silence_limit_ns",
]
