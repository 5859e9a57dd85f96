"""A whole recorded day through the scanner, symbols split over the cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event, Lock
from typing import NamedTuple

import numpy as np

from engine.domain.errors import NotFoundError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.recorded import MarketData, letter_of
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.domain.session import session
from engine.signals.arrivals import Arrivals
from engine.signals.columns import ColumnScanner, TapePart, load_kernel, must_keep_buckets
from engine.signals.merge import merge
from engine.signals.narrowing import narrowed
from engine.signals.quote_ring import QuoteRing
from engine.signals.result import ScanResult
from engine.signals.whole_tape.ask_in_blocks import KEPT_BUCKETS, ask_in_blocks, block_ends
from engine.signals.whole_tape.signal_runner import SignalSource
from engine.signals.whole_tape.tape_block import TAPE_BUCKETS

type Progress = Callable[[int, int], None]
"""Called with (trades done, trades in all); from several threads, one at a time."""


def scan(
    market: MarketData,
    day: date,
    params: Parameters,
    *,
    letters: Sequence[str] | None = None,
    symbols: Sequence[str] | None = None,
    changes: Sequence[Stretch] = (),
    workers: int = 2,
    progress: Progress | None = None,
    source: SignalSource | None = None,
    block_buckets: int = TAPE_BUCKETS,
) -> ScanResult:
    """Scan one recorded day.

    Parameters
    ----------
    params : Parameters
        In force at the start of the day.
    letters : sequence of str, optional
        First letters to scan; all that have trades by default.
    symbols : sequence of str, optional
        Scan only these symbols; breadth then counts them alone.
    changes : sequence of Stretch
        What comes into force during the day, in order.
    workers : int
        Threads; each takes a letter at a time, the largest first.
    source : SignalSource, optional
        What other strategies than the compiled one say at each close of the whole tape.
    block_buckets : int
        Closed buckets that they are handed at once at most; 1 is as live. The answer is the same.

    Raises
    ------
    ConfigError
        The exchange is closed on ``day``, or one of ``changes`` needs a restart.
    NotFoundError
        No trades are stored for ``day`` and ``letters``, or of any of ``symbols``.
    DataError
        A partition is torn, corrupt or out of order.
    """
    hours = session(day)
    todo = _letters(market, day, letters, symbols)
    counts = {letter: market.trade_count(day, letter) for letter in todo}
    tally = _Tally(sum(counts.values()), progress)
    tapes = market.tapes(day)
    asked = time.perf_counter()
    load_kernel(params, hours)
    started = time.perf_counter()

    keep = must_keep_buckets(params, changes, hours)
    back = 0 if source is None else KEPT_BUCKETS
    is_quoted = source is not None and source.wants_quotes and market.has_quotes(day)

    def part_of(letter: str) -> _Part:
        scanner = ColumnScanner(params, hours, tapes, keep_buckets=keep, tape_buckets=back)
        for stretch in changes:
            scanner.change(stretch)
        quotes = None
        if is_quoted:
            quotes = narrowed(market.quote_batches(day, letter), symbols)
        return _Part(
            scanner,
            narrowed(market.trade_batches(day, letter), symbols),
            tally,
            None if quotes is None else _HeardQuotes(QuoteRing(back), Arrivals(quotes)),
        )

    parts = [part_of(letter) for letter in sorted(todo, key=lambda letter: -counts[letter])]
    with ThreadPoolExecutor(workers, thread_name_prefix="scan") as pool:
        try:
            said = None
            if source is not None:
                ends = block_ends(_cuts(parts[0].scanner, changes), block_buckets)
                said = ask_in_blocks(source, parts, ends, pool)
            list(pool.map(_Part.finish, parts))
        except BaseException:
            tally.stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    if symbols is not None and not any(part.scanner.symbols for part in parts):
        raise NotFoundError(f"no trades of {', '.join(symbols)} are stored for {day}")
    result = merge(
        market,
        day,
        params,
        [part.scanner for part in parts],
        [part.scanner.take_output() for part in parts],
        letters=todo,
        changes=changes,
        said=said,
    )
    elapsed = time.perf_counter() - started
    result.timings.update(
        kernel_load_secs=started - asked,
        scan_secs=elapsed,
        decode_secs=sum(part.decode_secs for part in parts),
        kernel_secs=sum(part.kernel_secs for part in parts),
        trades_per_sec=result.quality["trades"] / elapsed,
    )
    return result


class _Tally:
    """Progress over all threads, and the word to stop."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.stop = Event()
        self._one_at_a_time = Lock()
        self._total = total
        self._done = 0
        self._progress = progress

    def add(self, n: int) -> None:
        with self._one_at_a_time:
            self._done += n
            if self._progress is not None:
                self._progress(self._done, self._total)


class _HeardQuotes(NamedTuple):
    """How a letter's quotes stood, and those that are still to be heard."""

    ring: QuoteRing
    heard: Arrivals[QuoteBatch]


class _Part:
    """One letter on its way through the day; with quotes where somebody asks for them."""

    def __init__(
        self,
        scanner: ColumnScanner,
        batches: Iterator[TradeBatch],
        tally: _Tally,
        quotes: _HeardQuotes | None = None,
    ) -> None:
        self.scanner = scanner
        self.decode_secs = 0.0
        self.kernel_secs = 0.0
        self._batches = batches
        self._quotes = quotes
        self._tally = tally
        self._read: TradeBatch | None = None

    def go_on(self, bucket: int) -> None:
        """Close the buckets before ``bucket``."""
        stop = self.scanner.closing_instant(bucket - 1)
        p, start = self.scanner.settings, self.scanner.closed
        while (batch := self._next()) is not None:
            end = int(np.searchsorted(batch.ts_init, stop))
            if end < len(batch):
                self._step(batch.rows(slice(None, end)))
                self._read = batch.rows(slice(end, None))
                break
            self._step(batch)
        self.scanner.advance(stop)
        if self._quotes is not None:
            self._quotes.ring.close(p, start, self.scanner.closed, self._quotes.heard)

    def tape_part(self) -> TapePart:
        """Return what has been closed, for strategies to look at."""
        part = self.scanner.tape_part()
        if self._quotes is None:
            return part
        return part._replace(quotes=self._quotes.ring.part(part.symbols))

    def finish(self) -> None:
        """Close every bucket of the session."""
        while (batch := self._next()) is not None:
            self._step(batch)
        self.scanner.finish()

    def _next(self) -> TradeBatch | None:
        if self._tally.stop.is_set():
            return None
        if self._read is not None:
            batch, self._read = self._read, None
            return batch
        asked = time.perf_counter()
        batch = next(self._batches, None)
        self.decode_secs += time.perf_counter() - asked
        return batch

    def _step(self, batch: TradeBatch) -> None:
        started = time.perf_counter()
        self.scanner.step(batch)
        self.kernel_secs += time.perf_counter() - started
        self._tally.add(len(batch))


def _cuts(scanner: ColumnScanner, changes: Sequence[Stretch]) -> list[int]:
    """Return the numbers of the buckets with which other parameters come to hold, and the end."""
    p = scanner.settings
    first = [(each.start_ns - p.first_ns) // p.width_ns - 1 for each in changes]
    return [*(bucket for bucket in first if 0 < bucket < p.buckets), p.buckets]


def _letters(
    market: MarketData, day: date, letters: Sequence[str] | None, symbols: Sequence[str] | None
) -> list[str]:
    stored = market.letters(day)
    if not stored:
        raise NotFoundError(f"no trades are stored for {day}: import it or choose another date")
    wanted = set(stored if letters is None else letters)
    if symbols is not None:
        wanted &= {letter_of(symbol) for symbol in symbols}
    found = [letter for letter in stored if letter in wanted]
    if not found:
        raise NotFoundError(
            f"no trades are stored for {day} under {', '.join(sorted(wanted)) or 'those symbols'}; "
            f"the day has {', '.join(stored)}"
        )
    return found
