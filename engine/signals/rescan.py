"""A stretch of a day scanned again from its kept buckets, under any parameters."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow.compute as pc

from engine.domain.errors import ConfigError
from engine.domain.market_data.recorded import MarketData
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals.columns import ColumnScanner, TapePart, load_kernel
from engine.signals.merge import merge
from engine.signals.result import ScanResult
from engine.signals.settings import settings
from engine.signals.state import Records
from engine.signals.whole_tape.ask_in_blocks import KEPT_BUCKETS, ask_in_blocks, block_ends
from engine.signals.whole_tape.signal_runner import SignalBlock, SignalSource


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
    source: SignalSource | None = None,
) -> ScanResult:
    """Return what a scan under ``params`` says of the buckets from ``start_ns`` to ``end_ns``.

    Parameters
    ----------
    kept : mapping of letter to KeptBuckets
        Buckets from at least ``warm_up_ns(params)`` before ``start_ns`` on; what a symbol did
        before them is not known, so the run of a candidate older than that counts from there.
        With a ``source`` all buckets of the day from its first on.
    start_ns, end_ns : int
        Ends of the first bucket that is reported and of the last, UTC ns.
    source : SignalSource, optional
        What other strategies than the compiled one say of the whole tape. They look back at the
        whole day, so they are asked about it from its first bucket on.

    Raises
    ------
    ConfigError
        No bucket ends in the stretch.
    """
    hours, tapes = session(day), market.tapes(day)
    p = settings(params, hours)
    first = max(0, (start_ns - warm_up_ns(params) - p.first_ns) // p.width_ns)
    wanted = max(0, -((p.first_ns - start_ns) // p.width_ns) - 1)
    until = min(p.buckets, (end_ns - p.first_ns) // p.width_ns)
    if not kept or wanted >= until:
        raise ConfigError(f"no recorded bucket of {day} ends in that stretch: choose another")
    load_kernel(params, hours)
    if source is not None:
        first = 0
    back = 0 if source is None else KEPT_BUCKETS
    largest_first = sorted(kept, key=lambda letter: -len(kept[letter].rows))
    parts = [
        _KeptPart(
            ColumnScanner(params, hours, tapes, tape_buckets=back), kept[letter], first, wanted
        )
        for letter in largest_first
    ]
    said = None
    with ThreadPoolExecutor(workers, thread_name_prefix="rescan") as pool:
        if source is None:
            for future in [pool.submit(part.go_on, until) for part in parts]:
                future.result()
        else:
            cuts = [bucket for bucket in (wanted, until) if bucket]
            asked = ask_in_blocks(source, parts, block_ends(cuts), pool)
            since = p.first_ns + (wanted + 1) * p.width_ns
            recent = asked.candidates.filter(pc.field("ts_event") >= pc.scalar(since))
            said = SignalBlock(recent, asked.windows, asked.failures)
    scanners = [part.scanner for part in parts]
    outputs = [scanner.take_output() for scanner in scanners]
    return merge(market, day, params, scanners, outputs, letters=sorted(kept), said=said)


class _KeptPart:
    """One letter on its way through kept buckets; those before ``wanted`` are not reported."""

    def __init__(self, scanner: ColumnScanner, kept: KeptBuckets, first: int, wanted: int) -> None:
        self.scanner = scanner
        self._kept = kept
        self._at = first
        self._wanted = wanted

    def go_on(self, bucket: int) -> None:
        """Close the buckets before ``bucket``."""
        if self._at < self._wanted < bucket:
            self.go_on(self._wanted)
        if self._at == self._wanted:
            self.scanner.refill(self._kept.symbols, self._kept.rows[:0], self._at, self._at)
            self.scanner.take_output()
        rows = self._kept.rows
        since, until = np.searchsorted(rows["bucket"], [self._at, bucket])
        self.scanner.refill(self._kept.symbols, rows[since:until], self._at, bucket)
        self._at = bucket

    def tape_part(self) -> TapePart:
        """Return what has been closed, for strategies to look at; kept buckets know no quotes."""
        return self.scanner.tape_part()
