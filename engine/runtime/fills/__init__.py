"""Hop 5: the ladder of fill assumptions, from what one hopes to what one fears."""

from engine.runtime.fills.assumptions import FillAssumptions, TargetRule
from engine.runtime.fills.ladder import BASE, LADDER, OPTIMISTIC, PESSIMISTIC, assumptions
from engine.runtime.fills.model import LadderFillModel

__all__ = [
    "BASE",
    "LADDER",
    "OPTIMISTIC",
    "PESSIMISTIC",
    "FillAssumptions",
    "LadderFillModel",
    "TargetRule",
    "assumptions",
]
