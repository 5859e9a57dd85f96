"""A whole recorded day through the scanner, symbols split over the cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event, Lock

from engine.domain.errors import NotFoundError
from engine.domain.market import MarketData, letter_of
from engine.domain.parameter_versions import Stretch
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.domain.trades import TradeBatch
from engine.signals.columns import ColumnScanner, Output, load_kernel, must_keep_buckets
from engine.signals.merge import merge
from engine.signals.narrowing import narrowed
from engine.signals.result import ScanResult

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

    def scan_letter(letter: str) -> _Part:
        scanner = ColumnScanner(params, hours, tapes, keep_buckets=keep)
        for stretch in changes:
            scanner.change(stretch)
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
    result = merge(
        market,
        day,
        params,
        [part.scanner for part in parts],
        [part.outputs for part in parts],
        letters=todo,
        changes=changes,
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


class _Part:
    """One letter's scanner when it is done."""

    def __init__(
        self,
        scanner: ColumnScanner,
        outputs: Sequence[Output],
        decode_secs: float,
        kernel_secs: float,
    ) -> None:
        self.scanner = scanner
        self.outputs = outputs
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
