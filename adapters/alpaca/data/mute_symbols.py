"""Traded symbols of which nothing is heard: only quiet, or lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.alpaca.data.backfill import Backfill
from adapters.alpaca.data.last_ticks import LastTicks
from adapters.transport.silence import Silence
from engine.domain.errors import VenueError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

if TYPE_CHECKING:
    from engine.runtime.live.venue import VenueWatch

_MUTE = "mute symbols"
_LOOK_SECS = 1.0


class MuteSymbols:
    """Asks over REST whether silent symbols trade, and has another connection opened for those.

    Parameters
    ----------
    silence : Silence or None
        None where nobody can be mute: granted time stands still while something is on its way.
    ticks : LastTicks
        What was heard last, and what is halted.
    watch_secs : float
        How long a symbol may be silent, in seconds of the host's time.
    reconnect : callable
        Opens another connection, for a reason in words.
    now : callable
        Returns the host's time, UTC ns.
    """

    def __init__(
        self,
        silence: Silence | None,
        backfill: Backfill,
        ticks: LastTicks,
        watch: VenueWatch,
        watch_secs: float,
        reconnect: Callable[[str], None],
        now: Callable[[], int],
    ) -> None:
        self._silence = silence
        self._backfill = backfill
        self._ticks = ticks
        self._watch = watch
        self._watch_secs = watch_secs
        self._reconnect = reconnect
        self._now = now
        self._lost: set[str] = set()

    def watch(self, symbol: str) -> None:
        """Watch a symbol from now on, unless it is halted: then it may be silent."""
        if self._silence is not None:
            if self._ticks.is_halted(symbol):
                self._silence.unwatch(symbol)
            else:
                self._silence.watch(symbol, self._watch_secs, self._now())

    def unwatch(self, symbol: str) -> None:
        """Watch a symbol no more."""
        if self._silence is not None:
            self._silence.unwatch(symbol)

    def heard_of(self, batch: TradeBatch | QuoteBatch) -> None:
        """Note the symbols of a batch."""
        if self._silence is not None:
            self._silence.heard_of(batch, self._now())

    def taken(self) -> set[str]:
        """Return, once, the symbols whose data was lost since the last call."""
        lost, self._lost = self._lost, set()
        return lost

    async def look_into(self, symbols: tuple[str, ...]) -> None:
        """Open another connection when silent symbols do trade; others are only quiet."""
        try:
            if not await self._backfill.has_more(symbols, self._ticks):
                return
            why = f"no data for {', '.join(symbols)}, which trade"
        except VenueError as error:
            why = f"no data for {', '.join(symbols)}, and nobody tells whether they trade: {error}"
        self._watch.issue_raised(_MUTE, why)
        self._lost |= set(symbols)
        self._reconnect(why)

    async def heal(self) -> None:
        """Say that all is well whenever nothing is silent for too long, until cancelled."""
        while self._silence is not None:
            await asyncio.sleep(_LOOK_SECS)
            if not self._silence.mute_symbols(self._now()):
                self._watch.issue_cleared(_MUTE)
