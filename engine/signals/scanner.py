"""The scanner as a stream: prints and quotes in as they arrive, reports out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, tee

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.candidate import BucketReport
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.domain.session import Session
from engine.signals import kernel
from engine.signals.arrivals import Arrivals
from engine.signals.columns import ClosedPrices, ColumnScanner, Output, data_quality
from engine.signals.digest import CandidateDigest, SignalDigest, whole_digest
from engine.signals.last_quotes import LastQuotes
from engine.signals.quote_ring import QuoteRing
from engine.signals.reports import Windows, bucket_reports
from engine.signals.state import BUCKET_ROW, Records
from engine.signals.tables import (
    QUOTE_COLUMNS,
    breadth_table,
    buckets_table,
    rows_at,
    rows_table,
    values,
    with_columns,
    with_quotes,
)
from engine.signals.whole_tape.signal_runner import SignalBlock, SignalSource, joined
from engine.signals.whole_tape.signal_tables import OnSignals
from engine.signals.whole_tape.tape_block import TAPE_BUCKETS


class Scanner:
    """The scanner fed in order of arrival, a batch of any size at a time.

    Reports do not depend on how the input was cut into batches, and equal those of ``scan`` over
    the same prints and quotes.

    Parameters
    ----------
    tapes, keep_buckets, expected
        See ``ColumnScanner``.
    source : SignalSource, optional
        What other strategies than the compiled one say at each close.
    on_signals : callable, optional
        Takes it as soon as it has been said.
    """

    def __init__(
        self,
        params: Parameters,
        session: Session,
        tapes: Mapping[str, str],
        *,
        keep_buckets: bool = False,
        source: SignalSource | None = None,
        expected: int = 0,
        on_signals: OnSignals | None = None,
    ) -> None:
        self._columns = ColumnScanner(
            params,
            session,
            tapes,
            keep_buckets=keep_buckets,
            tape_buckets=0 if source is None else TAPE_BUCKETS,
            expected=expected,
        )
        self._source = source
        self._on_signals = on_signals
        self._said: list[SignalBlock] = []
        self._asked = 0
        self._signal_digest = None if source is None else SignalDigest()
        self._quotes = LastQuotes()
        self._expected = Arrivals[QuoteBatch](())
        wants_quotes = source is not None and source.wants_quotes
        self._ring = QuoteRing(TAPE_BUCKETS) if wants_quotes else None
        self._ring_expects = Arrivals[QuoteBatch](())
        self._recent = np.empty(0, BUCKET_ROW)
        self._reported = 0
        self._reports: list[BucketReport] = []
        self._digest = CandidateDigest()
        self._nothing: tuple[pa.Table, Windows] | None = None

    @property
    def counters(self) -> dict[str, int]:
        """Data quality by name, see ``state.COUNTERS``."""
        return data_quality(self._columns.state)

    @property
    def closes_at(self) -> int:
        """The instant at which the oldest open bucket closes, UTC ns."""
        return self._columns.closes_at

    @property
    def closed(self) -> int:
        """Number of buckets closed so far."""
        return self._columns.closed

    @property
    def symbols(self) -> Sequence[str]:
        """Names by the scanner's own number; new ones come at the end."""
        return self._columns.symbols

    def scores(self) -> NDArray[np.int8]:
        """Return every symbol's score as of the last close; see ``scores.tape_scores``."""
        return self._columns.scores()

    def strips(self) -> Mapping[str, NDArray[np.int8]]:
        """Return the same of each other strategy, in order of precedence."""
        return {} if self._source is None else self._source.strips(len(self.symbols))

    def closed_prices(self, since: int) -> Iterator[ClosedPrices]:
        """Yield the prices of closed buckets; see ``ColumnScanner.closed_prices``."""
        return self._columns.closed_prices(since)

    def digest(self) -> str:
        """Return the digest of everything reported so far; ``ScanResult.digest`` after a day."""
        return whole_digest(self._digest, self._signal_digest)

    def step(self, batch: TradeBatch) -> None:
        """Take prints; a print at or after a bucket's closing instant closes it first.

        Raises
        ------
        DataError
            ``ts_init`` went back.
        """
        if not len(batch):
            return
        start = 0
        while (stop := self._stops_at()) is not None and batch.ts_init[-1] >= stop:
            end = start + int(np.searchsorted(batch.ts_init[start:], stop))
            self._columns.step(batch.rows(slice(start, end)))
            self._columns.advance(stop)
            self._ask()
            start = end
        self._columns.step(batch.rows(slice(start, None)) if start else batch)
        self._collect()

    def quotes(self, batch: QuoteBatch) -> None:
        """Take quotes; a quote at or after a bucket's closing instant closes it first."""
        taken = 0
        while taken < len(batch):
            closes_at = self._columns.closes_at
            end = int(np.searchsorted(batch.ts_init, closes_at))
            heard = batch.rows(slice(taken, end))
            self._quotes.take(heard)
            if self._ring is not None:
                self._ring.take(heard)
            if end < len(batch):
                self.advance(closes_at)
            taken = end

    def expect(self, quotes: Iterable[QuoteBatch]) -> None:
        """Take quotes of the past as the buckets that they belong to are told; see ``warm_up``."""
        if self._ring is None:
            self._expected = Arrivals(quotes)
            return
        told, closed = tee(quotes)
        self._expected, self._ring_expects = Arrivals(told), Arrivals(closed)

    def take_expected(self) -> None:
        """Take those that came after the last bucket that was told."""
        expected, self._expected = self._expected, Arrivals[QuoteBatch](())
        self._ring_expects = Arrivals[QuoteBatch](())
        for batch in expected.rest():
            self.quotes(batch)

    def advance(self, now: int) -> None:
        """Close every bucket whose end plus grace is at or before ``now`` (UTC ns)."""
        while (stop := self._stops_at()) is not None and stop <= now:
            self._columns.advance(stop)
            self._ask()
        self._columns.advance(now)
        self._collect()

    def change(self, stretch: Stretch) -> None:
        """Go over to other parameters at the end of a bucket; see ``ColumnScanner.change``."""
        self._columns.change(stretch)

    def reports(self) -> list[BucketReport]:
        """Return the reports of the buckets closed since the last call, oldest first."""
        reports, self._reports = self._reports, []
        return reports

    def _stops_at(self) -> int | None:
        """Return the instant by which the tape has to be read, None while nobody looks at it."""
        columns = self._columns
        if self._source is None or columns.closed >= columns.settings.buckets:
            return None
        end = min(self._asked + TAPE_BUCKETS, columns.settings.buckets)
        if (changes_at := columns.changes_at) is not None and changes_at > columns.closed:
            end = min(end, changes_at)
        return columns.closing_instant(end - 1)

    def _ask(self) -> None:
        """Ask the strategies about the buckets that have closed since they were asked last."""
        closed = self._columns.closed
        if self._source is None or closed == self._asked:
            return
        part = self._columns.tape_part()
        if self._ring is not None:
            self._ring.close(part.settings, self._asked, closed, self._ring_expects)
            part = part._replace(quotes=self._ring.part(part.symbols))
        self._said.append(self._source.take((part,), self._asked))
        self._asked = closed

    def _collect(self) -> None:
        closed = self._columns.closed
        if closed == self._reported:
            return
        self._ask()
        said, self._said = joined(self._said), []
        for output in self._columns.take_output():
            self._report(output, said)
            self._hear_expected(output)
        self._reported = closed

    def _hear_expected(self, output: Output) -> None:
        """Hear no later of what is expected than the strategies do: it is in memory until then."""
        if self._ring is not None:
            p = output.settings
            for batch in self._expected.before(p.first_ns + output.end * p.width_ns + p.grace_ns):
                self._quotes.take(batch)

    def _quoted_both(self, events: pa.Table, signals: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Return two tables with quotes; what is expected is heard in order of both."""
        if not len(signals):
            return self._quoted(events), with_quotes(signals, self._quotes.batch())
        asking = ["ts_init", "symbol", "qualified"]
        both = pa.concat_tables([events.select(asking), signals.select(asking)])
        order = np.argsort(both.column("ts_init").to_numpy(), kind="stable")
        quoted = self._quoted(rows_at(both, order))
        found = rows_at(quoted.select(QUOTE_COLUMNS), np.argsort(order))
        own = found.slice(0, len(events)), found.slice(len(events))
        return with_columns(events, own[0]), with_columns(signals, own[1])

    def _quoted(self, events: pa.Table) -> pa.Table:
        """Return events with quotes, those of each bucket with what had arrived by its close."""
        if self._expected.is_over:
            return with_quotes(events, self._quotes.batch())
        closes = np.array(values(events, "ts_init"), np.int64)
        edges = [0, *(np.flatnonzero(np.diff(closes)) + 1).tolist(), len(events)]
        parts = [with_quotes(events.slice(0, 0), self._quotes.batch())]
        for first, end in pairwise(edges):
            for batch in self._expected.before(int(closes[first])) if end > first else ():
                self._quotes.take(batch)
            parts.append(with_quotes(events.slice(first, end - first), self._quotes.batch()))
        return pa.concat_tables(parts).combine_chunks()

    def _report(self, output: Output, said: SignalBlock) -> None:
        """Tell of the buckets that closed under one set of parameters."""
        p, params, symbols = output.settings, output.params, self._columns.symbols
        signals, failures = said.between(p.first_ns, p.width_ns, output.start, output.end)
        self._recent = np.concatenate([self._recent, output.bucket_rows, *said.windows])
        rows = output.rows[output.rows["phase"] != kernel.NEAR_MISS]
        if len(rows) or len(signals) or self._nothing is None:
            events, signals = self._quoted_both(rows_table(rows, symbols, p), signals)
            windows = Windows(buckets_table(self._recent, symbols, p), params)
            if not len(rows) and not len(signals):
                self._nothing = events, windows
        else:
            events, windows = self._nothing
        cut = slice(output.start, output.end)
        breadth = breadth_table(
            self._columns.state.breadth[cut],
            self._columns.state.index_readings[cut],
            params,
            p,
            first=output.start,
        )
        self._digest.update(events, breadth)
        if self._signal_digest is not None:
            self._signal_digest.update(signals, failures)
        if self._on_signals is not None and len(signals):
            self._on_signals(signals)
        self._reports.extend(bucket_reports(breadth, events, windows, params, signals, failures))
        self._recent = self._recent[self._recent["bucket"] >= output.end - p.window]


def newest_bucket(scanner: Scanner) -> Records:
    """Return the bucket that a scanner closed last; see ``ColumnScanner.newest_bucket``."""
    columns = scanner._columns  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (of this module)
    return columns.newest_bucket()
