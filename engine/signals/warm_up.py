"""Hop 2: a scanner brought to where it was, from what had arrived before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from engine.domain.candidate import BucketReport
from engine.domain.quotes import QuoteBatch
from engine.domain.trades import TradeBatch
from engine.signals.scanner import Scanner

_NEVER = int(np.iinfo(np.int64).max)


def warm_up(
    scanner: Scanner, quotes: Iterable[QuoteBatch], prints: Iterable[TradeBatch]
) -> Iterator[BucketReport]:
    """Feed a scanner what arrived and yield its reports, as they were when it did.

    Quotes and prints come one kind at a time, but a candidate is told with the quote of its
    moment: so every bucket is closed at its instant, with what had arrived of both by then.

    Raises
    ------
    DataError
        ``ts_init`` went back.
    """
    quote_tape, print_tape = _Tape(iter(quotes)), _Tape(iter(prints))
    while (coming := min(quote_tape.next_ns, print_tape.next_ns)) < _NEVER:
        scanner.advance(coming)
        closes_at = scanner.closes_at
        until = closes_at if closes_at > coming else _NEVER  # after the last bucket
        for batch in quote_tape.before(until):
            scanner.quotes(batch)
        for batch in print_tape.before(until):
            scanner.step(batch)
        yield from scanner.reports()


class _Tape[Batch: (TradeBatch, QuoteBatch)]:
    """Batches in order of arrival, cut where they are asked for."""

    def __init__(self, batches: Iterator[Batch]) -> None:
        self._batches = batches
        self._rest = next(batches, None)

    @property
    def next_ns(self) -> int:
        """When the next row arrived, UTC ns; beyond all time when there is none."""
        return _NEVER if self._rest is None else int(self._rest.ts_init[0])

    def before(self, ts: int) -> Iterator[Batch]:
        """Yield what arrived before an instant."""
        while self._rest is not None:
            batch = self._rest
            cut = int(np.searchsorted(batch.ts_init, ts))
            if cut < len(batch):
                if cut:
                    yield batch.rows(slice(None, cut))
                    self._rest = batch.rows(slice(cut, None))
                return
            self._rest = next(self._batches, None)
            yield batch
