"""Prints, quotes and halts as the data that a venue and strategies see.

``ts_event`` of a tick is when it arrived: the venue's clock is arrival, and nautilus's matching
engine drops whatever is older than its book.
"""

from __future__ import annotations

from collections.abc import Sequence

from nautilus_trader.model import (
    AggressorSide,
    InstrumentId,
    InstrumentStatus,
    MarketStatusAction,
    QuoteTick,
    TradeId,
    TradeTick,
)

from engine.domain.fixed_point import SIZE_SCALE
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch
from engine.domain.markets.instrument import Instruments
from engine.runtime.bridge.values import (
    PRICE_PRECISION,
    RAW_PER_SHARE,
    RAW_PER_SIZE_UNIT,
    RAW_PER_UNIT,
    instrument_id,
)

_TRADE_ID = TradeId("0")
"""Prints are told apart by time and place; nothing downstream reads this id."""


def trade_ticks(
    batch: TradeBatch, instruments: Instruments, not_before: int = 0
) -> list[TradeTick]:
    """Return prints that ``moves_orders`` as ticks, delivered no earlier than ``not_before``.

    nautilus's stocks have whole shares: a tick says the whole shares in its print, one at least.
    """
    ids, decimals = _known(batch, instruments)
    return [
        TradeTick.from_raw(
            ids[symbol],
            price * RAW_PER_UNIT,
            PRICE_PRECISION,
            _raw_size(size, decimals[symbol]),
            decimals[symbol],
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


def quote_ticks(
    batch: QuoteBatch, instruments: Instruments, not_before: int = 0
) -> list[QuoteTick]:
    """Return ``fillable`` quotes as ticks, delivered no earlier than ``not_before`` (UTC ns)."""
    ids, decimals = _known(batch, instruments)
    return [
        QuoteTick.from_raw(
            ids[symbol],
            bid * RAW_PER_UNIT,
            ask * RAW_PER_UNIT,
            PRICE_PRECISION,
            PRICE_PRECISION,
            bid_size * RAW_PER_SHARE,
            ask_size * RAW_PER_SHARE,
            decimals[symbol],
            decimals[symbol],
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


def status_data(
    statuses: Sequence[TradingStatus], instruments: Instruments
) -> list[InstrumentStatus]:
    """Return announcements as nautilus data, effective when they were learned."""
    return [
        InstrumentStatus(
            _id(instruments, status.symbol),
            MarketStatusAction.HALT if status.halted else MarketStatusAction.TRADING,
            status.ts_init,
            status.ts_init,
            status.reason or None,
        )
        for status in statuses
    ]


def _known(
    batch: TradeBatch | QuoteBatch, instruments: Instruments
) -> tuple[dict[int, InstrumentId], dict[int, int]]:
    """Return the ids of the symbols in a batch, and how many decimals their sizes have.

    By number; a feed's table has thousands of symbols, and most batches rows of a few.
    """
    found = {n: instruments.find(batch.symbols[n]) for n in set(batch.symbol_id.tolist())}
    ids = {n: instrument_id(each.symbol, each.venue) for n, each in found.items()}
    return ids, {n: each.size_decimals for n, each in found.items()}


def _id(instruments: Instruments, symbol: str) -> InstrumentId:
    found = instruments.find(symbol)
    return instrument_id(found.symbol, found.venue)


def _raw_size(size: int, decimals: int) -> int:
    """Return a size in 1e-6 as nautilus's raw quantity, to the decimals of its instrument."""
    if decimals:
        return size * RAW_PER_SIZE_UNIT
    return max(size // SIZE_SCALE, 1) * RAW_PER_SHARE
