"""Two runs → what differs, and why."""

from engine.comparison.compare import compare
from engine.comparison.difference import Cause, Comparison, Difference, Kind, Values
from engine.comparison.story import Judgement, Look, Story

__all__ = [
    "Cause",
    "Comparison",
    "Difference",
    "Judgement",
    "Kind",
    "Look",
    "Story",
    "Values",
    "compare",
]
