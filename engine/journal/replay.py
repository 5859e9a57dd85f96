"""Facts → state: fold a journal in its only order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.domain.errors import JournalError
from engine.domain.facts import Fact


def replay[S](
    facts: Iterable[Fact], step: Callable[[S, Fact], S], state: S, *, since: int = 0
) -> S:
    """Return the state after every fact with ``seq > since``.

    Parameters
    ----------
    facts : iterable of Fact
        Without a gap, starting at ``since + 1``.
    step : callable
        ``(state, fact) -> state``, pure.
    state : S
        The state as of fact ``since``.

    Raises
    ------
    JournalError
        A fact is missing, repeated or out of order; the message names it.
    """
    for expected, fact in enumerate(facts, start=since + 1):
        if fact.seq != expected:
            raise JournalError(
                f"expected fact {expected}, found fact {fact.seq}: verify the journal"
            )
        state = step(state, fact)
    return state
