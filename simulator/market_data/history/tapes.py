"""The tape letter of each symbol of the day that is played."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from engine.domain.market_data.recorded import MarketData


class Tapes:
    """Tape letters, read when one is first asked for; "" where none is on record."""

    def __init__(self, market: MarketData, day: date) -> None:
        self._market = market
        self._day = day

    @cached_property
    def _letters(self) -> dict[str, str]:
        return dict(self._market.tapes(self._day))

    def of(self, symbol: str) -> str:
        """Return the tape letter of a symbol."""
        return self._letters.get(symbol, "")
