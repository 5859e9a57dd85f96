"""What arrives from shards, merged as it comes: the hub's day behind the port ``MergedDay``."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping

from cluster import names
from cluster.coding import unpacked_alert, unpacked_report, unpacked_rest
from cluster.merge import ReportMerge, Taken
from cluster.orders import ExitAlert
from cluster.reports import SlotReport
from cluster.streams.port import START, At, Entry, Streams
from engine.domain.candidate import BucketReport
from engine.domain.errors import DataError, StreamsUnavailable
from engine.hub.merged_day import MergedReport
from engine.tape import TapeMeasure, joined_measure

_WAIT_SECS = 0.1
_RETRY_SECS = 0.2
_NANOS_PER_MILLI = 1_000_000

_log = logging.getLogger(__name__)


class SlotReports:
    """Reads the streams of all slots and hands out what can be decided.

    Parameters
    ----------
    streams : Streams
    run : str
        Whose streams.
    merge : ReportMerge
    closes_at : callable
        Returns the closing instant of the bucket that ends at an instant, UTC ns.
    last_ns : int
        End of the day's last bucket, UTC ns.
    keep : callable
        Takes reports as they are complete.
    on_trouble : callable
        Takes why nothing can be read, None once it can again.
    on_alert : callable
        Takes what a shard saw of an open trade.

    Attributes
    ----------
    taken : Counter of Taken
        What became of all that arrived.
    """

    def __init__(
        self,
        streams: Streams,
        run: str,
        merge: ReportMerge,
        *,
        closes_at: Callable[[int], int],
        last_ns: int,
        keep: Callable[[list[BucketReport]], None] = lambda _: None,
        on_trouble: Callable[[str | None], None] = lambda _: None,
        on_alert: Callable[[ExitAlert], None] = lambda _: None,
    ) -> None:
        self.taken: Counter[Taken] = Counter()
        self.merge = merge
        self._streams = streams
        self._run = run
        self._closes_at = closes_at
        self._last_ns = last_ns
        self._on_trouble = on_trouble
        self._on_alert = on_alert
        self._on_due: Callable[[], None] = lambda: None
        self._said: dict[int, dict[str, SlotReport]] = {}
        self._due: list[MergedReport] = []
        self._keep = keep
        self._begins = At(merge.next_ns // _NANOS_PER_MILLI - 1)
        self._after: dict[str, At] = {}
        self._losses = streams.losses
        self._slots = merge.names

    def mark(self, ts_event: int, ts_init: int) -> None:
        """Hear that a bucket has closed."""
        self.merge.mark(ts_event, ts_init, time.monotonic_ns())
        self._decide()

    def is_ready(self, ts_init: int) -> bool:
        """Say whether all is here of the buckets whose closing instant is at or before one."""
        self._decide()
        return self.is_over or self._closes_at(self.merge.open_ns) > ts_init

    @property
    def is_over(self) -> bool:
        """Whether all was said of the day's last bucket."""
        return self.merge.open_ns > self._last_ns

    def due(self) -> list[MergedReport]:
        """Return what can be decided now and was not returned before, in order."""
        self._decide()
        due, self._due = self._due, []
        return due

    def whole(self) -> list[BucketReport]:
        """Return the reports that are complete since the last call."""
        whole = self.merge.whole()
        self._keep(whole)
        return whole

    def listen(self, on_due: Callable[[], None]) -> None:
        """Have somebody called whenever there is something due."""
        self._on_due = on_due

    def digest(self) -> str:
        """Return the digest of all that was said of the day."""
        self.merge.end()
        self.whole()
        return self.merge.digest()

    async def read(self) -> None:
        """Take what arrives, until it is cancelled."""
        while True:
            try:
                entries = await self._streams.read(self._positions(), _WAIT_SECS)
            except StreamsUnavailable as error:
                self._on_trouble(str(error))
                await asyncio.sleep(_RETRY_SECS)
                continue
            self._on_trouble(None)
            if self._streams.losses != self._losses:
                self._losses = self._streams.losses
                self._after.clear()
                continue
            for entry in entries:
                self._after[entry.stream] = entry.at
                self._take(entry)
            self._decide()
            if self._due:
                self._on_due()

    def _positions(self) -> Mapping[str, At]:
        """Return up to where each stream was read, of all orders that hold."""
        begins = {names.reports: self._begins, names.rests: self._begins, names.exits: START}
        meant = {
            name(self._run, slot, owner): begin
            for slot in self._slots
            for owner in self.merge.owners.known(slot)
            for name, begin in begins.items()
        }
        self._after = {name: self._after.get(name, begin) for name, begin in meant.items()}
        return self._after

    def _take(self, entry: Entry) -> None:
        kind = entry.stream.removeprefix(f"{self._run}:").partition(":")[0]
        try:
            match kind:
                case "rep":
                    self._take_report(unpacked_report(entry.data))
                case "rest":
                    self.taken[self.merge.take_rest(unpacked_rest(entry.data))] += 1
                case _:
                    self._on_alert(unpacked_alert(entry.data))
        except DataError as error:
            _log.error("an entry of %s is passed over: %s", entry.stream, error)

    def _take_report(self, report: SlotReport) -> None:
        taken = self.merge.take(report)
        self.taken[taken] += 1
        if taken is Taken.TAKEN:
            self._said.setdefault(report.report.ts_event, {})[report.slot] = report
        elif taken not in {Taken.AGAIN, Taken.LATE}:
            _log.warning("a report of slot %s is refused: %s", report.slot, taken.value)

    def _decide(self) -> None:
        for report in self.merge.decided(time.monotonic_ns()):
            said = self._said.pop(report.ts_event, {})
            self._due.append(MergedReport(report, _measure(said)))


def _measure(said: Mapping[str, SlotReport]) -> TapeMeasure | None:
    return joined_measure(each.measure for _, each in sorted(said.items()))
