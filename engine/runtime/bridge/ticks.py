"""Prints, quotes and halts as the data that a venue and strategies see.

``ts_event`` of a tick is when it arrived: the venue's clock is arrival, and nautilus's matching
engine drops whatever is older than its book.
"""

from __future__ import annotations

from collections.abc import Sequence

from nautilus_trader.model import (
    AggressorSide,
    InstrumentStatus,
    MarketStatusAction,
    QuoteTick,
    TradeId,
    TradeTick,
)

from engine.domain.fixed_point import SIZE_SCALE
from engine.domain.quotes import QuoteBatch
from engine.domain.status import TradingStatus
from engine.domain.trades import TradeBatch
from engine.runtime.bridge.values import PRICE_PRECISION, RAW_PER_SHARE, RAW_PER_UNIT, instrument_id

_TRADE_ID = TradeId("0")
"""Prints are told apart by time and place; nothing downstream reads this id."""


def trade_ticks(batch: TradeBatch, not_before: int = 0) -> list[TradeTick]:
    """Return prints that ``moves_orders`` as ticks, delivered no earlier than ``not_before``.

    nautilus's stocks have whole shares: a tick says the whole shares in its print, one at least.
    """
    ids = [instrument_id(symbol) for symbol in batch.symbols]
    return [
        TradeTick.from_raw(
            ids[symbol],
            price * RAW_PER_UNIT,
            PRICE_PRECISION,
            max(size // SIZE_SCALE, 1) * RAW_PER_SHARE,
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


def status_data(statuses: Sequence[TradingStatus]) -> list[InstrumentStatus]:
    """Return announcements as nautilus data, effective when they were learned."""
    return [
        InstrumentStatus(
            instrument_id(status.symbol),
            MarketStatusAction.HALT if status.halted else MarketStatusAction.TRADING,
            status.ts_init,
            status.ts_init,
            status.reason or None,
        )
        for status in statuses
    ]
