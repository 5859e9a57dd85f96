"""Display frames: what a screen shows of a running day, as values that anybody may read."""

from engine.display.build import Counts, FrameBuilder, Sight
from engine.display.coding import json_line, packed, unpacked
from engine.display.frame import (
    RUNNING,
    VERSION,
    DisplayFrame,
    FrameHeading,
    Protection,
    with_names_from,
)
from engine.display.slot import FrameBoard, FrameSlot

__all__ = [
    "RUNNING",
    "VERSION",
    "Counts",
    "DisplayFrame",
    "FrameBoard",
    "FrameBuilder",
    "FrameHeading",
    "FrameSlot",
    "Protection",
    "Sight",
    "json_line",
    "packed",
    "unpacked",
    "with_names_from",
]
