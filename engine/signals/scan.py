"""Hop 2: a whole recorded day through the scanner, symbols split over the cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise
from threading import Event, Lock

import numpy as np
import pyarrow as pa

from engine.domain.errors import NotFoundError
from engine.domain.market import MarketData, letter_of
from engine.domain.parameters import Parameters
from engine.domain.quotes import QuoteBatch
from engine.domain.session import Session, session
from engine.domain.trades import TradeBatch
from engine.signals import kernel
from engine.signals.columns import ColumnScanner, Output, load_kernel
from engine.signals.narrowing import narrowed
from engine.signals.result import ScanResult
from engine.signals.tables import (
    QUOTE_MEMORY_NS,
    breadth_table,
    buckets_table,
    rows_table,
    values,
    with_quotes,
)

type Progress = Callable[[int, int], None]
"""Called with (trades done, trades in all); from several threads, one at a time."""


def scan(
    market: MarketData,
    day: date,
    params: Parameters,
    *,
    letters: Sequence[str] | None = None,
    symbols: Sequence[str] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
) -> ScanResult:
    """Scan one recorded day.

    Parameters
    ----------
    letters : sequence of str, optional
        First letters to scan; all that have trades by default.
    symbols : sequence of str, optional
        Scan only these symbols; breadth then counts them alone.
    workers : int
        Threads; each takes a letter at a time, the largest first.

    Raises
    ------
    ConfigError
        The exchange is closed on ``day``.
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

    def scan_letter(letter: str) -> _Part:
        scanner = ColumnScanner(params, hours, tapes)
        batches = narrowed(market.trade_batches(day, letter), symbols)
        return _run(scanner, batches, tally)

    with ThreadPoolExecutor(workers, thread_name_prefix="scan") as pool:
        largest_first = sorted(todo, key=lambda letter: -counts[letter])
        try:
            parts = list(pool.map(scan_letter, largest_first))
        except BaseException:
            tally.stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    if symbols is not None and not any(part.scanner.symbols for part in parts):
        raise NotFoundError(f"no trades of {', '.join(symbols)} are stored for {day}")
    result = _merge(market, day, hours, params, todo, parts)
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


class _Part:
    """One letter's scanner when it is done."""

    def __init__(
        self, scanner: ColumnScanner, output: Output, decode_secs: float, kernel_secs: float
    ) -> None:
        self.scanner = scanner
        self.output = output
        self.decode_secs = decode_secs
        self.kernel_secs = kernel_secs


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


def _run(scanner: ColumnScanner, batches: Iterator[TradeBatch], tally: _Tally) -> _Part:
    decode_secs = kernel_secs = 0.0
    while not tally.stop.is_set():
        asked = time.perf_counter()
        batch = next(batches, None)
        decoded = time.perf_counter()
        decode_secs += decoded - asked
        if batch is None:
            break
        scanner.step(batch)
        kernel_secs += time.perf_counter() - decoded
        tally.add(len(batch))
    scanner.finish()
    return _Part(scanner, scanner.take_output(), decode_secs, kernel_secs)


def _merge(
    market: MarketData,
    day: date,
    hours: Session,
    params: Parameters,
    letters: Sequence[str],
    parts: Sequence[_Part],
) -> ScanResult:
    p = parts[0].scanner.settings
    symbols: list[str] = []
    outputs: list[Output] = []
    for part in parts:
        for rows in part.output:
            rows["symbol_id"] += len(symbols)
        outputs.append(part.output)
        symbols.extend(part.scanner.symbols)
    rows = np.concatenate([output.rows for output in outputs])
    bucket_rows = np.concatenate([output.bucket_rows for output in outputs])
    is_near_miss = rows["phase"] == kernel.NEAR_MISS
    readings = np.stack([part.scanner.index_readings for part in parts])
    known = np.nanmax(readings, axis=0, initial=-np.inf)
    quality = dict.fromkeys(parts[0].scanner.counters, 0)
    for part in parts:
        for name, count in part.scanner.counters.items():
            quality[name] += count
    quality["symbols"] = len(symbols)
    return ScanResult(
        day=day,
        session=hours,
        params=params,
        letters=tuple(letters),
        candidates=_quoted(market, day, rows_table(rows[~is_near_miss], symbols, p)),
        near_misses=rows_table(rows[is_near_miss], symbols, p),
        buckets=buckets_table(bucket_rows, symbols, p),
        breadth=breadth_table(
            np.sum([part.scanner.breadth for part in parts], axis=0, dtype=np.int32),
            np.where(np.isneginf(known), np.nan, known),
            params,
            p,
        ),
        gate_counts=np.sum([part.scanner.gate_counts for part in parts], axis=0),
        quality=quality,
    )


def _quoted(market: MarketData, day: date, events: pa.Table) -> pa.Table:
    """Show each qualified candidate its last quote, looking only where there is one to show."""
    if not market.has_quotes(day):
        return with_quotes(events, _NO_QUOTES)
    closes = events.column("ts_init").to_numpy()
    qualified = events.column("qualified").to_numpy()
    minutes = closes // QUOTE_MEMORY_NS
    changes = np.flatnonzero(np.diff(minutes)) + 1
    cuts = [0, *(int(change) for change in changes), len(events)]
    pieces: list[pa.Table] = []
    for start, end in pairwise(cuts):
        piece = events.slice(start, end - start)
        wanted = set(values(piece.filter(pa.array(qualified[start:end])), "symbol"))
        quotes = _NO_QUOTES
        if wanted:
            first, last = int(closes[start]) - QUOTE_MEMORY_NS, int(closes[end - 1])
            quotes = market.quotes(day, sorted(wanted), first, last)
        pieces.append(with_quotes(piece, quotes))
    return pa.concat_tables(pieces)


_NOTHING = np.empty(0, np.int64)
_NO_QUOTES = QuoteBatch(
    np.empty(0, np.int32), (), _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING
)
