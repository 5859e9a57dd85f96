"""Which prints and quotes a venue trades on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.conditions import Updates, tape_id, updates_table
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch


def tape_ids(symbols: Sequence[str], tapes: Mapping[str, str]) -> NDArray[np.int64]:
    """Return the position of each symbol's tape in ``TAPES``.

    Returns
    -------
    int64 array, shape (n_symbols,)
    """
    return np.array([tape_id(tapes.get(symbol, "")) for symbol in symbols], np.int64)


def moves_orders(batch: TradeBatch, tapes: Mapping[str, str]) -> NDArray[np.bool_]:
    """Say which prints may move the last price, and so fill or elect an order.

    Reversals do not: what a print brought about stays when the print is taken back.

    Returns
    -------
    bool array, shape (n,)
    """
    bits = updates_table(batch.conditions)[
        tape_ids(batch.symbols, tapes)[batch.symbol_id], batch.condition_id
    ]
    return (bits & (Updates.LAST | Updates.REVERSAL)) == Updates.LAST


def fillable(batch: QuoteBatch) -> NDArray[np.bool_]:
    """Say which quotes offer something to fill at: two sides with size, and a spread.

    A locked quote would look to the fill model as if a print came last.

    Returns
    -------
    bool array, shape (n,)
    """
    return (batch.bid < batch.ask) & (batch.bid_size > 0) & (batch.ask_size > 0)
