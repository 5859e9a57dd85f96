"""A stretch of a day scanned again from its kept buckets, under any parameters."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import NamedTuple, Protocol

from engine.domain.errors import ConfigError
from engine.domain.market_data.recorded import MarketData
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals.columns import ColumnScanner, load_kernel
from engine.signals.merge import merge
from engine.signals.result import ScanResult
from engine.signals.settings import settings
from engine.signals.state import Records


class KeptBuckets(NamedTuple):
    """Buckets in order of closing, dtype ``state.STORED``; ids are positions in ``symbols``."""

    symbols: tuple[str, ...]
    rows: Records


class BucketStore(Protocol):
    """Where the buckets of recorded days are kept; ``catalog.StoredBuckets`` is the one on disk."""

    def between(self, day: date, letter: str, start_ns: int, end_ns: int) -> KeptBuckets:
        """Return the buckets of a letter with ``start_ns < end of bucket <= end_ns``, in order."""
        ...


def warm_up_ns(params: Parameters) -> int:
    """Return how long before a stretch its scan must begin, so that every window is full."""
    oscillators = params.slow_period + params.smooth_period + 3 * params.ao_history_buckets
    volume = params.vol_window + params.window_buckets
    buckets = max(oscillators, volume, params.sigma_window)
    return max(buckets * params.bucket_ns, params.bucket_ttl * 1_000_000_000)


def rescan(
    market: MarketData,
    day: date,
    params: Parameters,
    kept: Mapping[str, KeptBuckets],
    start_ns: int,
    end_ns: int,
    *,
    workers: int = 2,
) -> ScanResult:
    """Return what a scan under ``params`` says of the buckets from ``start_ns`` to ``end_ns``.

    Parameters
    ----------
    kept : mapping of letter to KeptBuckets
        Buckets from at least ``warm_up_ns(params)`` before ``start_ns`` on; what a symbol did
        before them is not known, so the run of a candidate older than that counts from there.
    start_ns, end_ns : int
        Ends of the first bucket that is told of and of the last, UTC ns.

    Raises
    ------
    ConfigError
        No bucket ends in the stretch.
    """
    hours, tapes = session(day), market.tapes(day)
    p = settings(params, hours)
    first = max(0, (start_ns - warm_up_ns(params) - p.first_ns) // p.width_ns)
    told = max(0, -((p.first_ns - start_ns) // p.width_ns) - 1)
    until = min(p.buckets, (end_ns - p.first_ns) // p.width_ns)
    if not kept or told >= until:
        raise ConfigError(f"no recorded bucket of {day} ends in that stretch: choose another")
    load_kernel(params, hours)

    def scan_letter(letter: str) -> ColumnScanner:
        scanner = ColumnScanner(params, hours, tapes)
        symbols, rows = kept[letter]
        scanner.refill(symbols, rows[rows["bucket"] >= first], first, told)
        scanner.take_output()
        scanner.refill(symbols, rows[rows["bucket"] >= told], told, until)
        return scanner

    largest_first = sorted(kept, key=lambda letter: -len(kept[letter].rows))
    with ThreadPoolExecutor(workers, thread_name_prefix="rescan") as pool:
        scanners = list(pool.map(scan_letter, largest_first))
    outputs = [scanner.take_output() for scanner in scanners]
    return merge(market, day, params, scanners, outputs, letters=sorted(kept))
