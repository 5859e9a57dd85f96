"""Ticks of the few symbols that need them, read from the catalog as late as possible."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from nautilus_trader.model import QuoteTick, TradeTick

from engine.domain.market_data.eligibility import fillable, moves_orders
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.recorded import MarketData
from engine.domain.market_data.trades import TradeBatch
from engine.domain.markets.instrument import Instruments
from engine.domain.session import NANOS_PER_SECOND, Session
from engine.runtime.bridge.ticks import quote_ticks, trade_ticks

_BLOCK_NS = 300 * NANOS_PER_SECOND
"""Stretch read at once for a live symbol: a trade lasts minutes, a row group holds many."""

_LOOK_BACK_NS = (60 * NANOS_PER_SECOND, 3_600 * NANOS_PER_SECOND)
"""How far back the last tick is sought before all of the day is."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Ticks of one symbol with ``start <= ts_init < end``."""

    start: int
    end: int
    quotes: QuoteBatch
    trades: TradeBatch


class Hydration:
    """Reads ticks of one day by symbol and stretch.

    Attributes
    ----------
    ticks : int
        Ticks handed out so far.
    secs : float
        Wall-clock seconds it took.
    """

    def __init__(
        self, market: MarketData, session: Session, halts: Halts, instruments: Instruments
    ) -> None:
        self.ticks = 0
        self.secs = 0.0
        self._market = market
        self._session = session
        self._halts = halts
        self._instruments = instruments
        self._tapes = market.tapes(session.day)
        self._blocks: dict[str, _Block] = {}

    def stretch(
        self, symbols: Iterable[str], start: int, end: int
    ) -> tuple[list[QuoteTick], list[TradeTick]]:
        """Return the ticks of some symbols with ``start <= ts_init < end``, by symbol and time."""
        quotes: list[QuoteTick] = []
        trades: list[TradeTick] = []
        started = time.perf_counter()
        for symbol in sorted(symbols):
            at = start
            while at < end:
                block = self._block(symbol, at)
                upto = min(end, block.end)
                quotes += quote_ticks(_cut(block.quotes, at, upto), self._instruments)
                trades += trade_ticks(_cut(block.trades, at, upto), self._instruments)
                at = upto
        self.ticks += len(quotes) + len(trades)
        self.secs += time.perf_counter() - started
        return quotes, trades

    def last(self, symbols: Iterable[str], now: int) -> list[QuoteTick | TradeTick]:
        """Return the last quote and the last print of some symbols at ``now``, delivered then.

        Of each symbol the one that arrived later comes later, a print after a quote.
        """
        found: list[QuoteTick | TradeTick] = []
        started = time.perf_counter()
        for symbol in sorted(symbols):
            quotes = quote_ticks(self._last_row(self._quotes, symbol, now), self._instruments, now)
            trades = trade_ticks(self._last_row(self._trades, symbol, now), self._instruments, now)
            found += sorted([*quotes, *trades], key=lambda tick: tick.ts_event)
        self.ticks += len(found)
        self.secs += time.perf_counter() - started
        return found

    def _block(self, symbol: str, at: int) -> _Block:
        block = self._blocks.get(symbol)
        if block is None or not block.start <= at < block.end:
            start = at - (at - self._session.open_ns) % _BLOCK_NS
            end = start + _BLOCK_NS
            quotes, trades = self._quotes(symbol, start, end), self._trades(symbol, start, end)
            block = self._blocks[symbol] = _Block(start, end, quotes, trades)
        return block

    def _quotes(self, symbol: str, start: int, end: int) -> QuoteBatch:
        quotes = self._market.quotes(self._session.day, [symbol], start, end)
        return quotes.rows(fillable(quotes) & ~self._halts.covers(quotes))

    def _trades(self, symbol: str, start: int, end: int) -> TradeBatch:
        trades = self._market.trades(self._session.day, [symbol], start, end)
        return trades.rows(moves_orders(trades, self._tapes) & ~self._halts.covers(trades))

    def _last_row[Batch: (QuoteBatch, TradeBatch)](
        self, read: Callable[[str, int, int], Batch], symbol: str, now: int
    ) -> Batch:
        """Return the last row at or before ``now``, or no row."""
        first = self._session.pre_market_ns
        for span in _LOOK_BACK_NS:
            recent = read(symbol, max(now - span, first), now + 1)
            if len(recent):
                return recent.rows(slice(-1, None))
        return read(symbol, first, now + 1).rows(slice(-1, None))


def _cut[Batch: (QuoteBatch, TradeBatch)](batch: Batch, start: int, end: int) -> Batch:
    first, last = np.searchsorted(batch.ts_init, (start, end))
    return batch.rows(slice(int(first), int(last)))
