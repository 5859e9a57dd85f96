"""What goes wrong around the trades of a run, as facts: issues, alarms, gaps, failed strategies."""

from __future__ import annotations

from engine.domain.candidate import StrategyFailure
from engine.domain.ensemble import ENGINE
from engine.domain.facts import (
    Alarm,
    AlarmRaised,
    BucketIncomplete,
    EntriesHeld,
    EntriesReleased,
    GapBackfilled,
    ProtectionStarted,
    SymbolLocked,
)
from engine.hub.books import Books
from engine.hub.recorder import Recorder


class Incidents:
    """Records incidents and what they keep from being entered; each only while it is news.

    Parameters
    ----------
    recorder : Recorder
    books : Books
        Of the same run.
    """

    def __init__(self, recorder: Recorder, books: Books) -> None:
        self._recorder = recorder
        self._books = books

    def raise_alarm(self, alarm: Alarm, detail: str, ts: int) -> None:
        """Raise an alarm that concerns no trade alone."""
        self._recorder.record(AlarmRaised(alarm, detail), ts)

    def hold_entries(self, issue: str, detail: str, ts: int) -> None:
        """Let nothing be entered while something is wrong; what is open stays managed."""
        if issue not in dict(self._books.governor.standing.troubles):
            self._recorder.record(EntriesHeld(issue, detail), ts)

    def release_entries(self, issue: str, ts: int) -> bool:
        """Record that what was wrong is over; return whether it was wrong."""
        was_wrong = issue in dict(self._books.governor.standing.troubles)
        if was_wrong:
            self._recorder.record(EntriesReleased(issue), ts)
        return was_wrong

    def lock_symbol(self, symbol: str, reason: str, ts: int) -> bool:
        """Keep a symbol from being entered until somebody unlocks it; say whether that is new."""
        is_new = symbol not in dict(self._books.governor.standing.locked)
        if is_new:
            self._recorder.record(SymbolLocked(symbol, reason), ts)
        return is_new

    def gap_backfilled(self, gap: GapBackfilled, ts: int) -> None:
        """Record that market data was heard later than it came."""
        self._recorder.record(gap, ts)

    def bucket_incomplete(self, silent: BucketIncomplete, ts: int) -> None:
        """Record that slots of the alphabet were silent about a bucket that was decided."""
        self._recorder.record(silent, ts, ts_event=silent.ts)

    def strategy_failed(self, failure: StrategyFailure, ts: int) -> None:
        """Switch a strategy off that went wrong, from the very bucket at which it did."""
        ensemble = self._books.ensembles.newest
        if ensemble.is_on(failure.strategy_id):
            off = ensemble.without([failure.strategy_id])
            why = f"{failure.strategy_id} is switched off: {failure.why}"
            self._recorder.record(off.changed(failure.ts_event, ENGINE, why), ts)

    def protection_started(self, started: ProtectionStarted, ts: int) -> None:
        """Record that this run protects what another one has left."""
        self._recorder.record(started, ts)
