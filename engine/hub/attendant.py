"""The port of whoever attends a run: sets its pace and gives commands."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from engine.domain.facts import CommandReceived, Fact


class Attendant(Protocol):
    """Somebody who attends a run while it is played."""

    def wait_secs(self, now: int) -> float:
        """Return how long the run is to rest before it goes on from an instant (UTC ns)."""
        ...

    def commands(self, now: int) -> Sequence[CommandReceived]:
        """Return the commands that have come in by an instant (UTC ns), each once, in order.

        The guardian asks once a second of the run's own time, while the session is open.
        """
        ...

    def is_due(self, now: int) -> bool:
        """Say whether ``commands`` is worth a call at an instant (UTC ns); costs next to nothing.

        A host that waits for nobody leaves out instants at which nothing else is to be done.
        """
        ...


class RecordedCommands:
    """Gives the commands of a run again, each at the instant at which it came in then.

    Parameters
    ----------
    facts : iterable of Fact
        Of that run, in order.
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._coming = deque(
            (fact.ts_event, fact.payload)
            for fact in facts
            if isinstance(fact.payload, CommandReceived)
        )

    def wait_secs(self, now: int) -> float:
        """Return 0: what was recorded waits for nobody."""
        del now
        return 0.0

    def commands(self, now: int) -> Sequence[CommandReceived]:
        """Return the commands that came in by an instant (UTC ns) and were not given yet."""
        given: list[CommandReceived] = []
        while self._coming and self._coming[0][0] <= now:
            given.append(self._coming.popleft()[1])
        return given

    def is_due(self, now: int) -> bool:
        """Say whether a command came in by an instant (UTC ns) and was not given yet."""
        return bool(self._coming) and self._coming[0][0] <= now
