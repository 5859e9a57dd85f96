"""What is wrong with a tape from close to close: at once when it is found, over after some time."""

from __future__ import annotations

from collections.abc import Mapping

from engine.tape.judgement import Flaw

GOOD_BUCKETS = 3
"""So many closes in a row have to be free of a flaw before it is over."""


class SettledFlaws:
    """Keeps flaws until they have not been found for some closes.

    Attributes
    ----------
    flaws : dict of Flaw to str
        What is wrong, in the words of the close at which it began.
    """

    def __init__(self) -> None:
        self.flaws: dict[Flaw, str] = {}
        self._good: dict[Flaw, int] = {}

    def settle(self, found: Mapping[Flaw, str]) -> dict[Flaw, str]:
        """Take what was found at a close; return what is wrong since then, or still."""
        for flaw in Flaw:
            if flaw in found:
                self._good[flaw] = 0
                self.flaws.setdefault(flaw, found[flaw])
            elif flaw in self.flaws:
                self._good[flaw] += 1
                if self._good[flaw] >= GOOD_BUCKETS:
                    del self.flaws[flaw]
        return self.flaws
