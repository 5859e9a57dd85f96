"""The key that ends a live day: it asks first while a position is open."""

from __future__ import annotations

from cli.live.keys import QUIT
from engine.display import DisplayFrame
from engine.domain.counted import counted

_HINT = "q or Ctrl-C ends"
_ENDING = "ending; what protects a position stays"


class Quitting:
    """Says after each look at the keyboard whether the run is to end, and what the keys do."""

    def __init__(self) -> None:
        self._asked = False
        self.is_ending = False

    def hear(self, keys: str, frame: DisplayFrame | None) -> bool:
        """Take what was pressed; return whether the run is to end now.

        With a position open, or an entry on its way, the first ``q`` asks and the second one ends;
        any other key takes the question back.
        """
        for key in keys:
            if self.is_ending:
                break
            if key != QUIT:
                self._asked = False
            elif self._asked or frame is None or not frame.positions:
                self.is_ending = True
                return True
            else:
                self._asked = True
        return False

    def question(self, frame: DisplayFrame) -> str:
        """Return what is to be answered before the run ends; empty for nothing."""
        if self.is_ending or not (self._asked and frame.positions):
            return ""
        held = counted(len(frame.positions), "position")
        return f"{held} open; what protects it stays. End the run? q: yes, any other key: no"

    @property
    def hint(self) -> str:
        """What the keys do, for the foot of a page."""
        return _ENDING if self.is_ending else _HINT
