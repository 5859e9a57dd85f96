"""When each symbol of a day is halted, and the announcements as they come in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch


class Halts:
    """Halts of one day.

    Parameters
    ----------
    statuses : sequence of TradingStatus
        In order of arrival; a halt that is announced twice goes on.
    """

    def __init__(self, statuses: Sequence[TradingStatus]) -> None:
        self._statuses = statuses
        self._taken = 0
        self._stretches: dict[str, list[tuple[int, int]]] = {}
        halted_since: dict[str, int] = {}
        for status in statuses:
            if status.halted:
                halted_since.setdefault(status.symbol, status.ts_init)
            elif status.symbol in halted_since:
                stretch = halted_since.pop(status.symbol), status.ts_init
                self._stretches.setdefault(status.symbol, []).append(stretch)
        self._unresumed = sorted(halted_since)
        for symbol, start in halted_since.items():
            self._stretches.setdefault(symbol, []).append((start, np.iinfo(np.int64).max))

    def covers(self, batch: TradeBatch | QuoteBatch) -> NDArray[np.bool_]:
        """Say which rows arrived while their symbol was halted: nobody could trade on them.

        Returns
        -------
        bool array, shape (n,)
        """
        covered = np.zeros(len(batch), np.bool_)
        for n, symbol in enumerate(batch.symbols):
            for start, end in self._stretches.get(symbol, ()):
                inside = (batch.ts_init >= start) & (batch.ts_init < end)
                covered |= inside & (batch.symbol_id == n)
        return covered

    def is_halted(self, symbol: str, ts: int) -> bool:
        """Say whether a symbol is halted at an instant (UTC ns)."""
        return any(start <= ts < end for start, end in self._stretches.get(symbol, ()))

    def touches(
        self, symbol: str, start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Say in which stretches ``start_ns <= t < end_ns`` a symbol is halted for a time.

        Returns
        -------
        bool array, shape (n,)
        """
        touched = np.zeros(len(start_ns), np.bool_)
        for start, end in self._stretches.get(symbol, ()):
            touched |= (start_ns < end) & (start < end_ns)
        return touched

    def take(self, before: int) -> list[TradingStatus]:
        """Take what was announced before an instant (UTC ns) and was not taken yet."""
        start = self._taken
        while self._taken < len(self._statuses) and self._statuses[self._taken].ts_init < before:
            self._taken += 1
        return list(self._statuses[start : self._taken])

    def resume_all(self, ts: int) -> list[TradingStatus]:
        """Return a resume at an instant for every halt that the day did not end."""
        return [
            TradingStatus(symbol, ts, ts, halted=False, reason="end of day")
            for symbol in self._unresumed
        ]
