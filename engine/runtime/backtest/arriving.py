"""Which ticks reach the simulated venue at the instant it is at, by the feed's own word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nautilus_trader.model import InstrumentId, Quantity, QuoteTick, TradeTick


class Arriving:
    """The ticks of the stretch that is being played, and the clock it is played by.

    nautilus shows a tick to the venue before its cache has it, so what the venue is looking at can
    be read off the feed alone.

    Attributes
    ----------
    now : callable
        Returns the instant the venue is at, UTC ns.
    """

    def __init__(self) -> None:
        self.now: Callable[[], int] = lambda: 0
        self._ticks: list[Sequence[Any]] = []
        self._prints: dict[InstrumentId, dict[int, int]] = {}
        self._quotes: dict[InstrumentId, dict[int, int]] = {}

    def begin(self, streams: Iterable[Sequence[Any]]) -> None:
        """Take what is handed in for the next stretch; nothing of the one before comes again."""
        self._ticks = [each for each in streams if each and isinstance(each[0], _TICKS)]
        self._prints.clear()
        self._quotes.clear()

    def print_ns(self, stock: InstrumentId) -> int | None:
        """Return ``ts_event`` of the print of a stock that arrives now, None without one."""
        return self._of(stock, self._prints, TradeTick).get(self.now())

    def has_tick(self, stock: InstrumentId) -> bool:
        """Say whether a print or a quote of a stock arrives now."""
        now = self.now()
        return now in self._of(stock, self._prints, TradeTick) or now in self._of(
            stock, self._quotes, QuoteTick
        )

    def shown(self, stock: InstrumentId, *, buys: bool) -> Quantity | None:
        """Return the size that arrives now for a buyer or a seller; None where nothing does."""
        now, found = self.now(), None
        for ticks in self._ticks:
            for tick in ticks:
                if tick.instrument_id == stock and tick.ts_init == now:
                    found = tick
        if isinstance(found, QuoteTick):
            return found.ask_size if buys else found.bid_size
        return None if found is None else found.size

    def _of(
        self, stock: InstrumentId, known: dict[InstrumentId, dict[int, int]], kind: type
    ) -> dict[int, int]:
        """Return the ticks of one kind and stock as ``ts_event`` by ``ts_init``, read once."""
        if stock not in known:
            known[stock] = {
                tick.ts_init: tick.ts_event
                for ticks in self._ticks
                for tick in ticks
                if isinstance(tick, kind) and tick.instrument_id == stock
            }
        return known[stock]


_TICKS = QuoteTick | TradeTick
