"""Every bucket of a few symbols, for charts and research."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

import pyarrow as pa

from engine.domain.market_data.recorded import MarketData, Prints, letter_of
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.domain.session import session
from engine.signals.columns import ColumnScanner, must_keep_buckets
from engine.signals.narrowing import narrowed
from engine.signals.tables import buckets_table


def bucket_series(
    market: MarketData,
    day: date,
    params: Parameters,
    symbols: Sequence[str],
    changes: Sequence[Stretch] = (),
) -> pa.Table:
    """Return every bucket of some symbols on one day, from each one's first eligible print on.

    Parameters
    ----------
    params : Parameters
        In force at the start of the day.
    changes : sequence of Stretch
        What comes into force during the day, in order.

    Returns
    -------
    table
        Ordered by symbol and time: ``symbol``, ``ts`` (end of the bucket), ``high``, ``low`` (0
        where carried), ``last`` (decimal USD), ``volume``, ``ao``, ``ac`` (USD, NaN before their
        first).

    Raises
    ------
    NotFoundError
        No trades are stored for the day and a symbol's letter.
    """
    tables = [
        buckets_table(output.bucket_rows, scanner.symbols, output.settings)
        for scanner in judged_buckets(market, day, params, symbols, changes)
        for output in scanner.take_output()
    ]
    in_order: list[tuple[str, Literal["ascending", "descending"]]] = [
        ("symbol", "ascending"),
        ("ts", "ascending"),
    ]
    return pa.concat_tables(tables).sort_by(in_order)  # pyright: ignore[reportUnknownMemberType]


def judged_buckets(
    market: Prints,
    day: date,
    params: Parameters,
    symbols: Sequence[str],
    changes: Sequence[Stretch] = (),
) -> Iterator[ColumnScanner]:
    """Yield a scanner per letter that has judged every bucket of the symbols; as above."""
    hours, tapes = session(day), market.tapes(day)
    keep = must_keep_buckets(params, changes, hours)
    for letter in sorted({letter_of(symbol) for symbol in symbols}):
        scanner = ColumnScanner(params, hours, tapes, every_bucket=True, keep_buckets=keep)
        for stretch in changes:
            scanner.change(stretch)
        for batch in narrowed(market.trade_batches(day, letter), symbols):
            scanner.step(batch)
        scanner.finish()
        yield scanner
