"""What slots of the alphabet lack, or is wrong with their tape together, holds entries."""

from __future__ import annotations

from engine.hub.desk import Desk
from engine.hub.merged_day import MergedReport
from engine.runtime.live.issues import IssueTracker
from engine.tape import Flaw, SettledFlaws, TapeLimits, TapeMeasure, judge_tape


class SlotsWatch:
    """Looks at each merged report before anybody decides on it; exits go on whatever it finds.

    The tape is judged as one: the symbols of a letter often fall silent together, and what holds
    entries is not to depend on how the alphabet was cut.

    Attributes
    ----------
    measure : TapeMeasure or None
        Of the last bucket, of all slots together.
    """

    def __init__(self, desk: Desk, trouble: IssueTracker) -> None:
        self.measure: TapeMeasure | None = None
        self._desk = desk
        self._trouble = trouble
        self._settled = SettledFlaws()
        self._silent: set[str] = set()

    def limits(self, now: int) -> TapeLimits:
        """Return what the parameters in force allow."""
        return TapeLimits.of(self._desk.books.history.at(now))

    def fetched(self, until_ns: int) -> None:
        """Do nothing: shards hear of gaps by themselves."""

    def look(self, merged: MergedReport) -> None:
        """Hold or release entries by what a bucket lacks and what its slots found wrong."""
        missing = set(merged.report.missing)
        for slot in sorted(missing):
            self._trouble.issue_raised(
                f"slot {slot}", "its shard did not report in time; the bucket lacks its symbols"
            )
        for slot in sorted(self._silent - missing):
            self._trouble.issue_cleared(f"slot {slot}")
        self._silent = missing
        if merged.measure is None:
            return
        self.measure = merged.measure
        limits = self.limits(merged.report.ts_event)
        flaws = self._settled.settle(judge_tape(merged.measure, limits))
        for flaw in Flaw:
            if flaw in flaws:
                self._trouble.issue_raised(flaw.value, flaws[flaw])
            else:
                self._trouble.issue_cleared(flaw.value)
