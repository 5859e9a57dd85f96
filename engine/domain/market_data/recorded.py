"""The port through which the engine sees recorded market data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch


class Prints(Protocol):
    """What a scanner needs of a day: prints, and the tape each symbol is on."""

    def trade_batches(self, day: date, letter: str) -> Iterator[TradeBatch]:
        """Yield one letter's prints in order of arrival, a row group at a time."""
        ...

    def tapes(self, day: date) -> Mapping[str, str]:
        """Return the tape letter of each symbol that has one on record."""
        ...


class MarketData(Protocol):
    """Recorded days, by date and letter; ``catalog.Catalog`` is the one on disk."""

    def dates(self) -> list[date]:
        """Return the trading days that have trades, ascending."""
        ...

    def letters(self, day: date) -> list[str]:
        """Return the letters that have trades on a date, ascending."""
        ...

    def trade_count(self, day: date, letter: str) -> int:
        """Return how many prints one letter has on a date."""
        ...

    def trade_batches(self, day: date, letter: str) -> Iterator[TradeBatch]:
        """Yield one letter's prints in order of arrival, a row group at a time."""
        ...

    def quote_batches(self, day: date, letter: str) -> Iterator[QuoteBatch]:
        """Yield one letter's quotes in order of arrival, a row group at a time, if any."""
        ...

    def trades(self, day: date, symbols: Sequence[str], start_ns: int, end_ns: int) -> TradeBatch:
        """Return the prints of some symbols with ``start_ns <= ts_init < end_ns``, in order."""
        ...

    def quotes(self, day: date, symbols: Sequence[str], start_ns: int, end_ns: int) -> QuoteBatch:
        """Return the quotes of some symbols with ``start_ns <= ts_init < end_ns``, in order."""
        ...

    def has_quotes(self, day: date) -> bool:
        """Say whether any quotes are stored for a date."""
        ...

    def statuses(self, day: date) -> Sequence[TradingStatus]:
        """Return all halts and resumes of a date, in order of arrival."""
        ...

    def tapes(self, day: date) -> Mapping[str, str]:
        """Return the tape letter of each symbol that has one on record."""
        ...

    def data_hash(self, day: date, letters: Sequence[str]) -> str:
        """Return a hash over the partitions a run on this date and these letters reads."""
        ...


def letters_read(
    market: MarketData, day: date, letters: Sequence[str] = (), symbols: Sequence[str] = ()
) -> list[str]:
    """Return the stored letters that a run reads which is narrowed so; empty: to nothing."""
    wanted = set(letters or market.letters(day))
    if symbols:
        wanted &= {letter_of(symbol) for symbol in symbols}
    return [letter for letter in market.letters(day) if letter in wanted]


def letter_of(symbol: str) -> str:
    """Return the partition a symbol belongs to: its first letter, ``_`` for anything else."""
    first = symbol[:1]
    return first if first.isascii() and first.isupper() else "_"
