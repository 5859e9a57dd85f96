"""Quotes as parallel arrays, and the one quote a decision is shown."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray


class Quote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Best bid and offer of one symbol: prices in 1e-6 USD, sizes in shares, time of arrival."""

    bid: int
    ask: int
    bid_size: int
    ask_size: int
    ts_init: int


@dataclass(frozen=True, slots=True, eq=False)
class QuoteBatch:
    """Best bids and offers in order of arrival, dictionary-coded as ``TradeBatch`` is.

    Attributes
    ----------
    symbol_id : int32 array, shape (n,)
        Position in ``symbols``.
    symbols : tuple of str
        Tickers of this batch.
    ts_event, ts_init : int64 array, shape (n,)
        Exchange time and arrival time, UTC nanoseconds; ``ts_init`` never decreases.
    bid, ask : int64 array, shape (n,)
        1e-6 USD per share, 0 < bid < ask or bid = ask (locked).
    bid_size, ask_size : int64 array, shape (n,)
        Shares.
    """

    symbol_id: NDArray[np.int32]
    symbols: tuple[str, ...]
    ts_event: NDArray[np.int64]
    ts_init: NDArray[np.int64]
    bid: NDArray[np.int64]
    ask: NDArray[np.int64]
    bid_size: NDArray[np.int64]
    ask_size: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ts_init)

    def rows(self, select: slice | NDArray[np.int64] | NDArray[np.bool_]) -> QuoteBatch:
        """Return the chosen rows, in order, with the same tables."""
        return QuoteBatch(
            self.symbol_id[select],
            self.symbols,
            self.ts_event[select],
            self.ts_init[select],
            self.bid[select],
            self.ask[select],
            self.bid_size[select],
            self.ask_size[select],
        )
