"""Beside the scenes of live runs: the facts of a run as they come, each read once."""

from __future__ import annotations

from typing import Any

from engine.domain.facts import EntriesHeld, EntriesReleased, Fact
from store import Journals
from tests.cli.live.live_place import Place


class LiveFacts:
    """What a run that goes on has recorded; it must have begun before the first question."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._read: list[Fact] = []
        self._journal: Any = None

    def of(self, kind: type) -> list[Any]:
        """Return the facts of a kind."""
        if self._journal is None:
            self._journal = Journals(self._place.database).open(self._place.run_id)
        self._read += self._journal.facts(self._read[-1].seq if self._read else 0)
        return [fact for fact in self._read if isinstance(fact.payload, kind)]

    def held(self, trouble: str) -> list[Any]:
        """Return the facts with which a trouble began."""
        return [fact for fact in self.of(EntriesHeld) if fact.payload.trouble == trouble]

    def released(self, trouble: str) -> list[Any]:
        """Return the facts with which a trouble ended."""
        return [fact for fact in self.of(EntriesReleased) if fact.payload.trouble == trouble]

    def wrong(self) -> set[str]:
        """Return what is wrong now."""
        troubles = {fact.payload.trouble for fact in self.of(EntriesHeld)}
        return {each for each in troubles if len(self.held(each)) > len(self.released(each))}
