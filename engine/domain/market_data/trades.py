"""Trades as parallel arrays; a websocket frame is a small batch, a row group a big one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class TradeBatch:
    """Prints in order of arrival.

    Symbols and sale conditions are dictionary-coded, as Arrow and Parquet keep them: an id is a
    position in the batch's own table, so a batch is made without touching a string per trade.

    Attributes
    ----------
    symbol_id : int32 array, shape (n,)
        Position in ``symbols``.
    symbols : tuple of str
        Tickers of this batch.
    ts_event, ts_init : int64 array, shape (n,)
        Exchange time and arrival time, UTC nanoseconds; ``ts_init`` never decreases.
    price : int64 array, shape (n,)
        1e-6 USD per share, > 0.
    size : int64 array, shape (n,)
        1e-6 share, > 0; the tape carries fractions of a share since 2026-02-23.
    condition_id : int32 array, shape (n,)
        Position in ``conditions``.
    conditions : tuple of str
        Sale-condition codes, one character each, "" for a regular sale. A leading ``!`` takes back
        an earlier print: the row repeats that print's ``ts_event``, price, size and codes, and its
        own ``ts_init``. A correction is such a row followed by the corrected print.
    """

    symbol_id: NDArray[np.int32]
    symbols: tuple[str, ...]
    ts_event: NDArray[np.int64]
    ts_init: NDArray[np.int64]
    price: NDArray[np.int64]
    size: NDArray[np.int64]
    condition_id: NDArray[np.int32]
    conditions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ts_init)

    def rows(self, select: slice | NDArray[np.int64] | NDArray[np.bool_]) -> TradeBatch:
        """Return the chosen rows, in order, with the same tables."""
        return TradeBatch(
            self.symbol_id[select],
            self.symbols,
            self.ts_event[select],
            self.ts_init[select],
            self.price[select],
            self.size[select],
            self.condition_id[select],
            self.conditions,
        )
