"""The compiled core of the scanner, in the order of its parts.

``buckets`` takes prints, ``oscillator`` moves a symbol's windows on, ``judgement`` holds them
against the gates, ``steps`` leads all of it through time.
"""

from engine.signals.kernel.gathering import gather
from engine.signals.kernel.judgement import (
    AO_TURNED,
    FADED,
    FLAT_LINED,
    NEAR_MISS,
    RAISED,
    SESSION_ENDED,
    UPDATED,
)
from engine.signals.kernel.steps import (
    NEED_LOG,
    NEED_OUTPUT,
    TIME_WENT_BACK,
    Columns,
    close_until,
    keep,
    refill,
    step,
    windows,
)

__all__ = [
    "AO_TURNED", "FADED", "FLAT_LINED", "NEAR_MISS", "NEED_LOG", "NEED_OUTPUT", "RAISED",
    "SESSION_ENDED", "TIME_WENT_BACK", "UPDATED", "Columns", "close_until", "gather", "keep",
    "refill", "step", "windows",
]  # fmt: skip
