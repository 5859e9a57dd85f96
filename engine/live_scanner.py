"""A scanner as a live host feeds it: what arrives is kept until a bucket is to close."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Protocol

import numpy as np

from engine.domain.candidate import BucketReport, Phase
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session
from engine.pipeline import observe
from engine.signals.arrivals import not_before
from engine.signals.columns import must_keep_buckets
from engine.signals.scanner import Scanner
from engine.signals.warm_up import warm_up
from engine.signals.whole_tape.signal_runner import SignalSource
from engine.signals.whole_tape.signal_tables import OnSignals

_LEARNED_BUCKETS = 16
"""So many buckets are closed at once at most: a watch learns from each, while it is still there."""


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


class LiveScanner:
    """Collects what arrives, goes over to new parameters, and closes buckets when it is told.

    Parameters
    ----------
    history : callable
        Returns the parameters as they are known by now; asked whenever a bucket is to close.
    tapes : mapping of str to str
        Tape letter by symbol.
    watch : ClosesWatch, optional
        Sees what has arrived before anybody is told of the bucket.
    source : SignalSource, optional
        What other strategies than the compiled one say.
    on_signals : callable, optional
        Takes it before anybody decides on it.
    expected : int, optional
        How many symbols to make room for at once; as many as have a tape by default.

    Attributes
    ----------
    scanner : Scanner
    raised : int
        Candidates raised so far.
    pending : int
        Rows that wait for a close.
    """

    def __init__(
        self,
        history: Callable[[], ParameterHistory],
        session: Session,
        tapes: Mapping[str, str],
        *,
        watch: ClosesWatch | None = None,
        source: SignalSource | None = None,
        on_signals: OnSignals | None = None,
        expected: int | None = None,
    ) -> None:
        first, *changes = history().over(session.pre_market_ns, session.close_ns)
        self.scanner = Scanner(
            first.params,
            session,
            tapes,
            keep_buckets=must_keep_buckets(first.params, changes, session),
            source=source,
            expected=len(tapes) if expected is None else expected,
            on_signals=on_signals,
        )
        self.raised = self.pending = 0
        self._history = history
        self._session = session
        self._watch = watch
        self._width_ns = first.params.bucket_ns
        self._told_ns = first.start_ns
        self._closed = 0
        self._prints: list[TradeBatch] = []
        self._quotes: list[QuoteBatch] = []

    def take(self, batch: TradeBatch | QuoteBatch) -> None:
        """Keep prints or quotes, not empty, until the bucket closes; what comes late is late."""
        self.pending += len(batch)
        if isinstance(batch, TradeBatch):
            self._prints.append(not_before(batch, self._closed))
        else:
            self._quotes.append(not_before(batch, self._closed))

    def close(self, now: int) -> list[BucketReport]:
        """Feed the scanner what arrived before ``now`` (UTC ns); return the buckets that close."""
        self._closed = now
        self._change_over(now)
        quotes, self._quotes = _arrived(self._quotes, now)
        prints, self._prints = _arrived(self._prints, now)
        self.pending = sum(map(len, (*self._quotes, *self._prints)))
        reports = observe(self.scanner, quotes, prints, now)
        self.raised += sum(map(raised_in, reports))
        if self._watch is not None:
            self._watch.look(self.scanner, prints, quotes, now)
        return reports

    def warm(
        self, quotes: Iterable[QuoteBatch], prints: Iterable[TradeBatch], now: int
    ) -> Iterator[BucketReport]:
        """Take what arrived up to ``now`` (UTC ns) at a fraction of what it took live.

        Yields what was reported then.

        Raises
        ------
        DataError
            ``ts_init`` went back.
        """
        self._change_over(now)
        pieces = _pieces(prints, _LEARNED_BUCKETS * self._width_ns)
        for report in warm_up(self.scanner, quotes, pieces):
            self.raised += raised_in(report)
            if self._watch is not None:
                self._watch.learn(self.scanner, now)
            yield report

    def warm_kept(self) -> Iterator[BucketReport]:
        """Take what is kept as ``warm`` does; no more of the same instants may come."""
        quotes, self._quotes = list(_joined(self._quotes)), []
        prints, self._prints = list(_joined(self._prints)), []
        self.pending = 0
        arrived = [int(batch.ts_init[-1]) for batch in (*quotes, *prints)]
        if arrived:
            self._closed = max(self._closed, *arrived)
            yield from self.warm(quotes, prints, self._closed)

    def _change_over(self, now: int) -> None:
        """Tell the scanner of parameters that have come to hold; of what is to come, later."""
        history = self._history()
        newest = history.in_force(now).start_ns
        if newest > self._told_ns:
            for stretch in history.shaping(self._session.pre_market_ns, now):
                if stretch.start_ns > self._told_ns:
                    self.scanner.change(stretch)
            self._told_ns = newest


def raised_in(report: BucketReport) -> int:
    """Return how many candidates a report raises."""
    return sum(candidate.phase is Phase.RAISED for candidate in report.candidates)


def _pieces(prints: Iterable[TradeBatch], span_ns: int) -> Iterator[TradeBatch]:
    """Yield prints in pieces that arrived within a span of time each."""
    for batch in prints:
        start = 0
        while start < len(batch):
            end = int(np.searchsorted(batch.ts_init, batch.ts_init[start] + span_ns))
            yield batch.rows(slice(start, end))
            start = end


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
