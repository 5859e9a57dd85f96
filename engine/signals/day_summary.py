"""What a whole recorded day came to, symbol by symbol."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pyarrow as pa

from engine.domain.market_data.recorded import MarketData
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals.columns import ColumnScanner, load_kernel
from engine.signals.tables import exact_array

DAY_SUMMARY = pa.schema(
    [("symbol", pa.string()), ("close", pa.decimal64(18, 6)), ("volume", pa.decimal64(18, 6))]
)
"""Last eligible price of the session in USD, and its shares; only symbols that have a price."""


def day_summary(market: MarketData, day: date, *, workers: int = 2) -> pa.Table:
    """Return the close and the volume of every symbol of a recorded day; ``DAY_SUMMARY``.

    Raises
    ------
    DataError
        A partition is torn, corrupt or out of order.
    """
    hours, tapes, params = session(day), market.tapes(day), Parameters()
    load_kernel(params, hours)

    def of_letter(letter: str) -> pa.Table:
        scanner = ColumnScanner(params, hours, tapes)
        for batch in market.trade_batches(day, letter):
            scanner.step(batch)
        scanner.finish()
        part = scanner.tape_part()
        known = part.first_buckets >= 0
        symbols, n = part.state.symbols, len(known)
        columns = [
            pa.array([name for name, has in zip(part.symbols, known, strict=True) if has]),
            exact_array(symbols.last[:n][known]),
            exact_array(symbols.session_volume[:n][known]),
        ]
        return pa.table(columns, schema=DAY_SUMMARY)

    with ThreadPoolExecutor(workers, thread_name_prefix="days") as pool:
        tables = list(pool.map(of_letter, market.letters(day)))
    return pa.concat_tables([DAY_SUMMARY.empty_table(), *tables])
