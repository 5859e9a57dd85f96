"""A scanner brought to where it was, from what had arrived before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.domain.candidate import BucketReport
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.signals.scanner import Scanner


def warm_up(
    scanner: Scanner, quotes: Iterable[QuoteBatch], prints: Iterable[TradeBatch]
) -> Iterator[BucketReport]:
    """Feed a scanner what arrived and yield its reports, as they were when it did.

    Many buckets close at once, which takes a fraction of what it took live; each candidate is
    told with the quote of its moment nevertheless.

    Raises
    ------
    DataError
        ``ts_init`` went back.
    """
    scanner.expect(quotes)
    for batch in prints:
        scanner.step(batch)
        yield from scanner.reports()
    scanner.take_expected()
    yield from scanner.reports()
