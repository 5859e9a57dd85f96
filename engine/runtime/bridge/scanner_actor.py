"""The scanner inside a nautilus engine or node, fed by every print and quote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Protocol

import numpy as np
from nautilus_trader.model import CustomData

from engine.domain.candidate import BucketReport, Phase
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session
from engine.pipeline import observe
from engine.runtime.bridge.bucket_clock import BucketClock
from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.messages import PRINTS, QUOTES
from engine.runtime.bridge.pulse import Pulse
from engine.signals.arrivals import not_before
from engine.signals.columns import must_keep_buckets
from engine.signals.scanner import Scanner
from engine.signals.warm_up import warm_up
from engine.signals.whole_tape.signal_runner import SignalSource
from engine.signals.whole_tape.signal_tables import OnSignals


class ClosesWatch(Protocol):
    """Who looks at what arrives, close by close."""

    def learn(self, scanner: Scanner, now: int) -> None:
        """Take buckets that closed in the past."""
        ...

    def look(
        self,
        scanner: Scanner,
        prints: Sequence[TradeBatch],
        quotes: Sequence[QuoteBatch],
        now: int,
    ) -> None:
        """Take what has arrived since the last close (``now``, UTC ns)."""
        ...


class ScannerActor(BucketClock):
    """Collects what arrives and lets the scanner close a bucket at each tick of the clock.

    Parameters
    ----------
    history : callable
        Returns the parameters as they are known by now; asked whenever a bucket is to close.
    watch : ClosesWatch, optional
        Sees what has arrived before anybody is told of the bucket.
    source : SignalSource, optional
        What other strategies than the compiled one say.
    on_signals : callable, optional
        Takes it before anybody decides on it.

    Attributes
    ----------
    raised : int
        Candidates raised so far.
    """

    def __init__(
        self,
        history: Callable[[], ParameterHistory],
        session: Session,
        tapes: Mapping[str, str],
        failures: Failures,
        pulse: Pulse | None = None,
        watch: ClosesWatch | None = None,
        source: SignalSource | None = None,
        on_signals: OnSignals | None = None,
    ) -> None:
        super().__init__(history(), session, failures, pulse)
        self._watch = watch
        first, *changes = self.stretches
        keep = must_keep_buckets(first.params, changes, session)
        self.scanner = Scanner(
            first.params,
            session,
            tapes,
            keep_buckets=keep,
            source=source,
            expected=len(tapes),
            on_signals=on_signals,
        )
        self._history = history
        self._told_ns = first.start_ns
        self.raised = 0
        self._closed = 0
        self._prints: list[TradeBatch] = []
        self._quotes: list[QuoteBatch] = []

    @guarded
    def on_start(self) -> None:
        """Subscribe to prints and quotes and start the clock."""
        self.subscribe_data(PRINTS)
        self.subscribe_data(QUOTES)
        super().on_start()

    @guarded
    def on_data(self, data: CustomData) -> None:
        """Keep prints and quotes until the bucket closes; what comes late is late."""
        kept = self._prints if data.data_type == PRINTS else self._quotes
        kept.append(not_before(data.data.batch, self._closed))

    def digest(self) -> str:
        """Return the digest of all that was said of the day so far."""
        return self.scanner.digest()

    def warm(self, quotes: Iterable[QuoteBatch], prints: Iterable[TradeBatch]) -> None:
        """Take what arrived before a start in mid-day; nobody acts on what it led to.

        Raises
        ------
        DataError
            ``ts_init`` went back.
        """
        self._change_over(self.pulse.now())
        for report in warm_up(self.scanner, quotes, prints):
            self.latest = report
            self.raised += raised_in(report)
            if self._watch is not None:
                self._watch.learn(self.scanner, self.pulse.now())

    def reports(self, now: int) -> list[BucketReport]:
        """Feed the scanner what arrived before ``now`` and return the buckets that close."""
        self._closed = now
        self._change_over(now)
        quotes, self._quotes = _arrived(self._quotes, now)
        prints, self._prints = _arrived(self._prints, now)
        reports = observe(self.scanner, quotes, prints, now)
        self.raised += sum(map(raised_in, reports))
        if self._watch is not None:
            self._watch.look(self.scanner, prints, quotes, now)
        return reports

    def _change_over(self, now: int) -> None:
        """Tell the scanner of parameters that have come to hold; of what is to come, later."""
        history = self._history()
        newest = history.in_force(now).start_ns
        if newest > self._told_ns:
            for stretch in history.shaping(self.session.pre_market_ns, now):
                if stretch.start_ns > self._told_ns:
                    self.scanner.change(stretch)
            self._told_ns = newest


def raised_in(report: BucketReport) -> int:
    """Return how many candidates a report raises."""
    return sum(candidate.phase is Phase.RAISED for candidate in report.candidates)


def _arrived[Batch: (TradeBatch, QuoteBatch)](
    batches: Sequence[Batch], now: int
) -> tuple[list[Batch], list[Batch]]:
    """Return what arrived before ``now``, frames joined where they can be, and what came then."""
    late = next((k for k, batch in enumerate(batches) if batch.ts_init[-1] >= now), len(batches))
    if late == len(batches):
        return list(_joined(batches)), []
    cut = int(np.searchsorted(batches[late].ts_init, now))
    before = [*batches[:late], batches[late].rows(slice(None, cut))]
    after = [batches[late].rows(slice(cut, None)), *batches[late + 1 :]]
    return list(_joined(before)), after


def _joined[Batch: (TradeBatch, QuoteBatch)](batches: Sequence[Batch]) -> Iterator[Batch]:
    """Yield neighbouring frames that share their tables as one batch."""
    for _, group in groupby(batches, key=_tables):
        same = list(group)
        columns = {
            name: np.concatenate([getattr(batch, name) for batch in same])
            for name in same[0].__slots__
            if isinstance(getattr(same[0], name), np.ndarray)
        }
        yield replace(same[0], **columns)


def _tables(batch: TradeBatch | QuoteBatch) -> tuple[int, ...]:
    """Return what tells the dictionaries of a batch from those of another one that is alive."""
    if isinstance(batch, TradeBatch):
        return id(batch.symbols), id(batch.conditions)
    return (id(batch.symbols),)
