"""What slots of the alphabet lack, or find wrong with the tape, holds entries at the hub."""

from __future__ import annotations

from engine.hub.desk import Desk
from engine.hub.merged_day import MergedReport
from engine.runtime.live.issues import IssueTracker
from engine.tape import Flaw, TapeLimits, TapeMeasure


class SlotsWatch:
    """Looks at each merged report before anybody decides on it; exits go on whatever it finds.

    Attributes
    ----------
    measure : TapeMeasure or None
        Of the last bucket, of all slots together.
    """

    def __init__(self, desk: Desk, trouble: IssueTracker) -> None:
        self.measure: TapeMeasure | None = None
        self._desk = desk
        self._trouble = trouble
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
        self.measure = merged.measure or self.measure
        for flaw in Flaw:
            if flaw.value in merged.flaws:
                self._trouble.issue_raised(flaw.value, merged.flaws[flaw.value])
            else:
                self._trouble.issue_cleared(flaw.value)
