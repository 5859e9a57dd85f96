"""One slot at work: its scanner, its tape's health, and what it has said."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from cluster.node_state import SlotState
from cluster.orders import ExitAlert
from cluster.reports import Owner, SlotReport, SlotRest, split_report
from cluster.shard.bucket_rows import BucketRows, closed_bucket
from cluster.shard.day_work import DayWork
from cluster.shard.watches import TradeWatches
from engine.domain.candidate import BucketReport
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.live_scanner import LiveScanner
from engine.tape import TapeCloses, TapeMeasure

KEPT_REPORTS = 120
"""Reports that can be told again under a new order; who needs earlier ones has them replayed."""
_MOST_ROWS = 1 << 18
"""Rows that wait for a mark at most: a day that is replayed has none before its end."""

type Told = SlotReport | SlotRest | ExitAlert | BucketRows


class _Said(NamedTuple):
    """A report as it was made."""

    report: BucketReport
    measure: TapeMeasure | None


class SlotWork:
    """A slot from its assignment to its release.

    Parameters
    ----------
    slot : str
        Name of the slot, ``slots.ACROSS`` included.
    tell : callable
        Takes what there is to tell the hub, in order.

    Attributes
    ----------
    owner : Owner or None
        The order under which it is worked; None after another hub has taken over, until that one
        has given its own.
    is_replaying : bool
        It is not where the day is yet.
    watches : TradeWatches
    """

    def __init__(self, slot: str, day: DayWork, tell: Callable[[Told], None]) -> None:
        self.slot = slot
        self.owner: Owner | None = None
        self.is_replaying = True
        self.watches = TradeWatches(day.setup.tapes)
        self._day = day
        self._tell = tell
        self._tape = TapeCloses(day.hours.open_ns, day.limits)
        self._live = LiveScanner(
            lambda: day.history,
            day.hours,
            day.setup.tapes,
            watch=self._tape,
            source=day.source(slot),
            expected=len(day.listed((slot,))),
        )
        self._since_ns = 0
        self._closed_ns = self._prints = 0
        self._said: deque[_Said] = deque(maxlen=KEPT_REPORTS)

    @property
    def state(self) -> SlotState:
        """How the slot is."""
        symbols = len(self._live.scanner.symbols)
        flaw = next(iter(self._tape.flaws.values()), "")
        return SlotState(self.slot, self._closed_ns, self._prints, symbols, self.is_replaying, flaw)

    def goes_on(self, since_ns: int) -> bool:
        """Say whether all reports since a bucket's end (UTC ns) can be told without a replay."""
        if since_ns > self._closed_ns or not self._closed_ns:
            return True
        return bool(self._said) and self._said[0].report.ts_event <= since_ns

    def assign(self, owner: Owner, since_ns: int) -> None:
        """Work under an order; what was said since is told again under it."""
        if owner == self.owner:
            return
        self.owner, self._since_ns = owner, since_ns
        for said in self._said:
            self._send(said)

    def take(self, batch: TradeBatch | QuoteBatch) -> None:
        """Take rows of this slot, not empty."""
        self._live.take(batch)
        if isinstance(batch, TradeBatch):
            self._prints += len(batch)
            if not self.is_replaying:
                self._look(batch)

    def catch_up(self) -> None:
        """Let no more rows wait than there is room for; all of earlier instants have come."""
        if self._live.pending >= _MOST_ROWS:
            self._made_up_for()

    def mark(self, ts: int) -> None:
        """Close what is to be closed by an instant (UTC ns) before which everything has come."""
        if self.is_replaying:
            self._made_up_for()
            self.is_replaying = False
        scanner = self._live.scanner
        while scanner.closes_at <= ts:
            for report in self._live.close(scanner.closes_at):
                self._report(_Said(report, self._tape.measure))
                rows = closed_bucket(scanner, self.slot, report.ts_event)
                if self.owner is not None and rows.symbols:
                    self._tell(rows)

    def fetched(self, until_ns: int) -> None:
        """Hear up to which exchange time prints of a gap were fetched."""
        self._tape.fetched(until_ns)

    def _made_up_for(self) -> None:
        for report in self._live.warm_kept():
            self._report(_Said(report, None))

    def _report(self, said: _Said) -> None:
        self._closed_ns = said.report.ts_event
        self._said.append(said)
        self._send(said)

    def _send(self, said: _Said) -> None:
        """Tell a report, if its bucket is one of the order's."""
        report = said.report
        if self.owner is None or report.ts_event < self._since_ns:
            return
        day = self._day
        told, rest = split_report(
            report,
            self.slot,
            self.owner,
            day.history.in_force(report.ts_event).version,
            said_by=day.said_by(self.slot),
            weighs=day.setup.weighs,
        )
        self._tell(msgspec.structs.replace(told, measure=said.measure))
        if rest is not None:
            self._tell(rest)

    def _look(self, prints: TradeBatch) -> None:
        if self.owner is None:
            return
        for each in self.watches.look(prints):
            self._tell(ExitAlert(self.slot, self.owner, *each))
