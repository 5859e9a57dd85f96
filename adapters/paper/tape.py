"""Where a paper market gets its quotes and prints from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Protocol

from nautilus_trader.model import QuoteTick, TradeTick

from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData
from engine.domain.markets.instrument import Instrument, Instruments
from engine.domain.session import session
from engine.runtime.backtest.hydration import Hydration

type Tick = QuoteTick | TradeTick


class Tape(Protocol):
    """What a market did, for as far as its time has come.

    The same span brings the same ticks whenever it is asked for, so what happened while nobody
    listened is known afterwards.
    """

    async def time(self) -> int:
        """Return the market's time, UTC ns."""
        ...

    async def instruments(self) -> Sequence[Instrument]:
        """Return what it has prints of, by symbol."""
        ...

    async def stretch(self, symbols: Collection[str], start: int, end: int) -> list[Tick]:
        """Return what orders could trade on with ``start <= ts_init < end``, in order.

        At one instant quotes go before prints.
        """
        ...

    async def last(self, symbol: str, now: int) -> list[Tick]:
        """Return a symbol's last quote and last print at an instant, delivered then, in order."""
        ...

    def is_halted(self, symbol: str, now: int) -> bool:
        """Say whether the exchange has halted a symbol, as far as it is known here."""
        ...


class RecordedTape:
    """A day of the catalog.

    Parameters
    ----------
    instruments : Instruments
        What its symbols are like at the paper market.
    clock : callable
        Returns how far the day has come, UTC ns; never goes back.
    """

    def __init__(
        self, market: MarketData, day: date, instruments: Instruments, clock: Callable[[], int]
    ) -> None:
        self._clock = clock
        self._halts = Halts(market.statuses(day))
        self._hydration = Hydration(market, session(day), self._halts, instruments)
        self._symbols = sorted(
            {
                symbol
                for letter in market.letters(day)
                for batch in market.trade_batches(day, letter)
                for symbol in batch.symbols
            }
        )
        self._instruments = instruments

    async def time(self) -> int:
        """Return how far the day has come."""
        return self._clock()

    async def instruments(self) -> Sequence[Instrument]:
        """Return the symbols of the day."""
        return [self._instruments.find(symbol) for symbol in self._symbols]

    async def stretch(self, symbols: Collection[str], start: int, end: int) -> list[Tick]:
        """Return the ticks of some symbols; see ``Tape``."""
        quotes, prints = self._hydration.stretch(symbols, start, end)
        return sorted([*quotes, *prints], key=_arrival)

    async def last(self, symbol: str, now: int) -> list[Tick]:
        """Return the last quote and print of a symbol; see ``Tape``."""
        return self._hydration.last([symbol], now)

    def is_halted(self, symbol: str, now: int) -> bool:
        """Say whether a symbol is halted at an instant."""
        return self._halts.is_halted(symbol, now)


def _arrival(tick: Tick) -> int:
    return tick.ts_init
