"""A recorded day as it was known at some instant of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.recorded import MarketData
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch


class CutMarket:
    """Recorded days up to an instant (UTC ns); what arrived later is not there.

    Parameters
    ----------
    market : MarketData
    cut : int
    """

    def __init__(self, market: MarketData, cut: int) -> None:
        self._market = market
        self._cut = cut

    def dates(self) -> list[date]:
        """Return the dates that have trades, ascending."""
        return self._market.dates()

    def letters(self, day: date) -> list[str]:
        """Return the letters that have trades on a date, ascending."""
        return self._market.letters(day)

    def trade_count(self, day: date, letter: str) -> int:
        """Return how many prints one letter has on a date, with those that are cut off."""
        return self._market.trade_count(day, letter)

    def trade_batches(self, day: date, letter: str) -> Iterator[TradeBatch]:
        """Yield one letter's prints in order of arrival."""
        for batch in self._market.trade_batches(day, letter):
            if batch.ts_init[0] >= self._cut:
                return
            yield from self._until(batch)

    def quote_batches(self, day: date, letter: str) -> Iterator[QuoteBatch]:
        """Yield one letter's quotes in order of arrival, if any."""
        for batch in self._market.quote_batches(day, letter):
            if batch.ts_init[0] >= self._cut:
                return
            yield from self._until(batch)

    def trades(self, day: date, symbols: Sequence[str], start_ns: int, end_ns: int) -> TradeBatch:
        """Return the prints of some symbols with ``start_ns <= ts_init < end_ns``, in order."""
        return self._market.trades(day, symbols, start_ns, min(end_ns, self._cut))

    def quotes(self, day: date, symbols: Sequence[str], start_ns: int, end_ns: int) -> QuoteBatch:
        """Return the quotes of some symbols with ``start_ns <= ts_init < end_ns``, in order."""
        return self._market.quotes(day, symbols, start_ns, min(end_ns, self._cut))

    def has_quotes(self, day: date) -> bool:
        """Say whether any quotes are stored for a date."""
        return self._market.has_quotes(day)

    def statuses(self, day: date) -> Sequence[TradingStatus]:
        """Return all halts and resumes of a date, in order of arrival."""
        return self._market.statuses(day)

    def tapes(self, day: date) -> Mapping[str, str]:
        """Return the tape letter of each symbol that has one on record."""
        return self._market.tapes(day)

    def data_hash(self, day: date, letters: Sequence[str]) -> str:
        """Return the hash of the whole day."""
        return self._market.data_hash(day, letters)

    def _until[Batch: (TradeBatch, QuoteBatch)](self, batch: Batch) -> Iterator[Batch]:
        end = int(np.searchsorted(batch.ts_init, self._cut))
        if end:
            yield batch.rows(slice(None, end))
