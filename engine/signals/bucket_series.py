"""Hop 2: every bucket of a few symbols, for charts and research."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from engine.domain.market import MarketData, letter_of
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals.columns import ColumnScanner
from engine.signals.narrowing import narrowed
from engine.signals.tables import buckets_table


def bucket_series(
    market: MarketData, day: date, params: Parameters, symbols: Sequence[str]
) -> pa.Table:
    """Return every bucket of some symbols on one day, from each one's first eligible print on.

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
    hours, tapes = session(day), market.tapes(day)
    tables: list[pa.Table] = []
    for letter in sorted({letter_of(symbol) for symbol in symbols}):
        scanner = ColumnScanner(params, hours, tapes, every_bucket=True)
        for batch in narrowed(market.trade_batches(day, letter), symbols):
            scanner.step(batch)
        scanner.finish()
        (output,) = scanner.take_output()
        tables.append(buckets_table(output.bucket_rows, scanner.symbols, scanner.settings))
    return pa.concat_tables(tables)
