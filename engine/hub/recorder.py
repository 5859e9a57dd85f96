"""How a fact of a run is written: appended, folded at once, and the phase looked at after it."""

from __future__ import annotations

from engine.decision import phase
from engine.domain.facts import AnyPayload, Fact, GovernorMoved
from engine.hub.books import Books
from engine.journal import JournalWriter


class Recorder:
    """Appends facts to a journal and folds each into the books.

    Parameters
    ----------
    books : Books
        Nobody else folds into them while the run is written.
    journal : JournalWriter
    """

    def __init__(self, books: Books, journal: JournalWriter) -> None:
        self._books = books
        self._journal = journal

    def record(
        self,
        payload: AnyPayload,
        ts: int,
        *,
        ts_event: int | None = None,
        trade_id: str | None = None,
        cause: int | None = None,
        fact_id: str | None = None,
    ) -> Fact:
        """Append a fact and fold it; a trade's facts are caused by the last one of their trade.

        Versions of the parameters that have come into force are recorded before it, a change of
        the governor's phase after it.
        """
        if trade_id is not None:
            cause = self._books.causes.of_trade(trade_id)
        self._take_effect(ts)
        happened = ts if ts_event is None else ts_event
        fact = self.append(payload, happened, ts, cause, trade_id, fact_id)
        self.note_phase(ts, fact)
        return fact

    def append(
        self,
        payload: AnyPayload,
        ts_event: int,
        ts_init: int,
        causation_id: int | None,
        correlation_id: str | None,
        fact_id: str | None = None,
    ) -> Fact:
        """Append a fact and fold it, without a look at parameters and phase."""
        fact = self._journal.append(
            payload,
            ts_event=ts_event,
            ts_init=ts_init,
            causation_id=causation_id,
            correlation_id=correlation_id,
            fact_id=fact_id,
        )
        self._books.fold(fact)
        return fact

    def note_phase(self, ts: int, cause: Fact | None = None) -> None:
        """Record a change of the governor's phase, brought about by a fact or by the clock."""
        self._take_effect(ts)
        books = self._books
        now = phase(books.governor, ts, books.history.at(ts), books.session)
        before = books.note_phase(now)
        if before is None or before is now:
            return
        reason = "clock" if cause is None else str(cause.payload.__struct_config__.tag)
        moved = GovernorMoved(before.value, now.value, reason)
        self.append(moved, ts, ts, None if cause is None else cause.seq, None)

    def _take_effect(self, ts: int) -> None:
        """Record the versions of the parameters that have come into force."""
        while (change := self._books.change_due(ts)) is not None:
            self.append(change, change.effective_ns, change.effective_ns, None, None)
