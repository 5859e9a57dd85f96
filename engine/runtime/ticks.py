"""Hop 1 → 5: prints and quotes as the ticks that the simulated venue and strategies see.

``ts_event`` of a tick is when it arrived: the venue's clock is arrival, and nautilus's matching
engine drops whatever is older than its book.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from nautilus_trader.model import AggressorSide, QuoteTick, TradeId, TradeTick
from numpy.typing import NDArray

from engine.domain.conditions import TAPES, Updates, updates_table
from engine.domain.quotes import QuoteBatch
from engine.domain.trades import TradeBatch
from engine.runtime.bridge import PRICE_PRECISION, RAW_PER_SHARE, RAW_PER_UNIT, instrument_id

_TRADE_ID = TradeId("0")
"""Prints are told apart by time and place; nothing downstream reads this id."""


def moves_orders(batch: TradeBatch, tapes: Mapping[str, str]) -> NDArray[np.bool_]:
    """Say which prints may move the last price, and so fill or elect an order.

    Reversals do not: what a print brought about stays when the print is taken back.

    Returns
    -------
    bool array, shape (n,)
    """
    tape_ids = np.array([TAPES.index(tapes.get(symbol, "")) for symbol in batch.symbols], np.int64)
    bits = updates_table(batch.conditions)[tape_ids[batch.symbol_id], batch.condition_id]
    return (bits & (Updates.LAST | Updates.REVERSAL)) == Updates.LAST


def fillable(batch: QuoteBatch) -> NDArray[np.bool_]:
    """Say which quotes offer something to fill at: two sides with size, and a spread.

    A locked quote would look to the fill model as if a print came last.

    Returns
    -------
    bool array, shape (n,)
    """
    return (batch.bid < batch.ask) & (batch.bid_size > 0) & (batch.ask_size > 0)


def trade_ticks(batch: TradeBatch, not_before: int = 0) -> list[TradeTick]:
    """Return prints that ``moves_orders`` as ticks, delivered no earlier than ``not_before``."""
    ids = [instrument_id(symbol) for symbol in batch.symbols]
    return [
        TradeTick.from_raw(
            ids[symbol],
            price * RAW_PER_UNIT,
            PRICE_PRECISION,
            size * RAW_PER_SHARE,
            0,
            AggressorSide.NO_AGGRESSOR,
            _TRADE_ID,
            ts,
            max(ts, not_before),
        )
        for symbol, price, size, ts in zip(
            batch.symbol_id.tolist(),
            batch.price.tolist(),
            batch.size.tolist(),
            batch.ts_init.tolist(),
            strict=True,
        )
    ]


def quote_ticks(batch: QuoteBatch, not_before: int = 0) -> list[QuoteTick]:
    """Return ``fillable`` quotes as ticks, delivered no earlier than ``not_before`` (UTC ns)."""
    ids = [instrument_id(symbol) for symbol in batch.symbols]
    return [
        QuoteTick.from_raw(
            ids[symbol],
            bid * RAW_PER_UNIT,
            ask * RAW_PER_UNIT,
            PRICE_PRECISION,
            PRICE_PRECISION,
            bid_size * RAW_PER_SHARE,
            ask_size * RAW_PER_SHARE,
            0,
            0,
            ts,
            max(ts, not_before),
        )
        for symbol, bid, ask, bid_size, ask_size, ts in zip(
            batch.symbol_id.tolist(),
            batch.bid.tolist(),
            batch.ask.tolist(),
            batch.bid_size.tolist(),
            batch.ask_size.tolist(),
            batch.ts_init.tolist(),
            strict=True,
        )
    ]
