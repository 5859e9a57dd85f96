"""What an earlier process of a run had heard when it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adapters.alpaca.data.last_ticks import LastTicks
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch


class Recalled:
    """Tells where the gap between two processes begins, and which stocks it concerns.

    Attributes
    ----------
    ticks : LastTicks
        Of the prints.
    latest : int
        Newest arrival of anything, UTC ns; 0 before the first.
    halted : dict
        The announcement of every stock that was halted last, by symbol.
    """

    def __init__(self, tapes: Mapping[str, str]) -> None:
        self.ticks = LastTicks(tapes)
        self.latest = 0
        self.halted: dict[str, TradingStatus] = {}

    def prints(self, batches: Iterable[TradeBatch]) -> Iterator[TradeBatch]:
        """Pass prints on, which share one growing table, and remember the last ones."""
        for batch in batches:
            self.ticks.prints(batch)
            self.latest = max(self.latest, int(batch.ts_init[-1]))
            yield batch

    def quotes(self, batches: Iterable[QuoteBatch]) -> Iterator[QuoteBatch]:
        """Pass quotes on and remember how far they went."""
        for batch in batches:
            ticks = self.ticks
            ticks.heard_event = max(ticks.heard_event, int(batch.ts_event.max()))
            self.latest = max(self.latest, int(batch.ts_init[-1]))
            yield batch

    def statuses(self, statuses: Iterable[TradingStatus]) -> None:
        """Remember what is halted."""
        for status in statuses:
            if status.halted:
                self.halted[status.symbol] = status
            else:
                self.halted.pop(status.symbol, None)
