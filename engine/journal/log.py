"""The port of the journal: who records, who reads, whatever keeps the facts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import msgspec

from engine.domain.facts import (
    AnyPayload,
    BracketPlanned,
    ExitRequested,
    Fact,
    RunEnded,
    RunStarted,
)

WRITE_AHEAD = (RunStarted, BracketPlanned, ExitRequested, RunEnded)
"""Payloads that are durable, with everything before them, when ``append`` returns.

Among them are the intents: an order leaves only after its plan or exit request is kept, and its id
follows from these; see ``DROPPED`` for when one cannot be. Facts of what has already happened may
wait for the next intent or ``commit``.
"""

DROPPED = (RunStarted, BracketPlanned, RunEnded)
"""Intents that are dropped when they cannot be kept.

An exit is not among them: it only takes risk away, its order's name follows from its trade, and a
venue takes a name once. So it goes out while the database is away, and is kept afterwards.
"""


class Report(msgspec.Struct, frozen=True):
    """What is appended to a journal: something that happened, not yet in its place.

    Attributes
    ----------
    payload : AnyPayload
    ts_event, ts_init : int
        When it happened and when it was learned of, UTC ns.
    causation_id : int, optional
        ``seq`` of the fact that led to it.
    correlation_id : str, optional
        The trade it belongs to.
    fact_id : str, optional
        Name of something that may be reported twice.
    """

    payload: AnyPayload
    ts_event: int
    ts_init: int
    causation_id: int | None = None
    correlation_id: str | None = None
    fact_id: str | None = None

    @property
    def is_intent(self) -> bool:
        """Whether it is to be kept before it is acted upon."""
        return isinstance(self.payload, WRITE_AHEAD)

    @property
    def is_dropped(self) -> bool:
        """Whether it never happened when it could not be kept."""
        return isinstance(self.payload, DROPPED)


class JournalWriter(Protocol):
    """The one who records a run."""

    def append(
        self,
        payload: AnyPayload,
        *,
        ts_event: int,
        ts_init: int,
        causation_id: int | None = None,
        correlation_id: str | None = None,
        fact_id: str | None = None,
    ) -> Fact:
        """Record what happened, said in words; see ``Report`` and ``record``."""
        return self.record(
            Report(payload, ts_event, ts_init, causation_id, correlation_id, fact_id)
        )

    def record(self, report: Report) -> Fact:
        """Record what happened and return it in its place.

        Of reports with the same ``fact_id`` the first is kept; at another one nothing is recorded
        and the first is returned.

        Raises
        ------
        JournalError
            It cannot be kept: nothing may be traded. The fact is not part of the journal then.
        """
        ...

    def group(self) -> AbstractContextManager[object]:
        """Let the facts recorded within become durable together, where that saves anything.

        Raises
        ------
        JournalError
            At its end: they cannot be kept. ``NotPersisted`` where they wait instead, plans and
            all: nobody may act on these.
        """
        return nullcontext()

    def settle(self) -> None:
        """Make durable what waits for others, if it can be: somebody is about to act on it."""

    def commit(self) -> None:
        """Make every fact appended so far durable.

        Raises
        ------
        JournalError
            The store refuses; what was appended stays pending for the next commit.
        """
        ...


class JournalReader(Protocol):
    """Anyone who reads a run back."""

    def facts(self, since: int = 0) -> Iterator[Fact]:
        """Yield the facts with ``seq > since``, in order."""
        ...


class Journal(JournalWriter, JournalReader, Protocol):
    """A journal that can be written and read."""
