"""How far a recorded day has been played, and what came next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.halts import Halts
from engine.domain.market_data.quotes import Quote
from engine.domain.market_data.status import TradingStatus
from simulator.tape import Block, DayReader, LastPrint, LastSeen

NEVER = int(np.iinfo(np.int64).max)


class Playhead:
    """A position on the tape; time never goes back.

    Attributes
    ----------
    now : int
        Everything up to and including this instant (UTC ns) has been played.
    block : Block or None
        What lies ahead, None after the end of the tape.
    at : int
        The next row of the block.
    """

    def __init__(self, reader: DayReader) -> None:
        self.reader = reader
        self.now = reader.start_ns - 1
        self.at = 0
        self._ids = {symbol: n for n, symbol in enumerate(reader.symbols)}
        self._blocks: Iterator[Block] = reader.blocks()
        self.block = next(self._blocks, None)
        self._seen = LastSeen(len(reader.symbols))
        self._noted = 0
        self._halts = Halts(reader.statuses)
        self._status_times = [status.ts_init for status in reader.statuses]
        self._watched: NDArray[np.bool_] = np.zeros(len(reader.symbols), np.bool_)
        self._watched_names: set[str] = set()

    def next_block(self) -> None:
        """Go on with the block after this one; may wait for the disk."""
        self._note()
        self.block = next(self._blocks, None)
        self.at = self._noted = 0

    def next_event(self, watched: set[str], until: int) -> int:
        """Return the next instant at which a status or a row of a watched symbol comes.

        Returns
        -------
        int
            UTC ns, ``until`` if nothing comes before it; never beyond the block.
        """
        if watched != self._watched_names:
            self._watch(watched)
        place = int(np.searchsorted(self._status_times, self.now, "right"))
        if place < len(self._status_times):
            until = min(until, self._status_times[place])
        if self.block is None:
            return until
        until = min(until, self.block.end - 1)
        if self._watched_names:
            end = self.block.first_after(until)
            first = self.block.next_traded(self.at, end, self._watched)
            if first < end:
                return int(self.block.ts[first])
        return until

    def pass_to(self, now: int) -> tuple[list[TradingStatus], int]:
        """Move to an instant of the block.

        Returns
        -------
        statuses, end
            What was announced by then, and the row after the last one of that instant.
        """
        self.now = now
        if self.block is not None:
            self.at = self.block.first_after(now)
        return self._halts.take(before=now + 1), self.at

    def traded(self, start: int, end: int) -> Iterator[int]:
        """Yield the rows of watched symbols in a stretch of the block, as ``Block.order`` has."""
        block = self.block
        while block is not None and start < end:
            place = block.next_traded(start, end, self._watched)
            if place < end:
                yield int(block.order[place])
            start = place + 1

    def wind(self, now: int) -> list[TradingStatus]:
        """Go to an instant without looking at what lies between; return what was announced."""
        while self.block is not None and self.block.end <= now + 1:
            self.at = len(self.block)
            self.next_block()
        return self.pass_to(max(now, self.now))[0]

    def last_quote(self, symbol: str) -> Quote | None:
        """Return a symbol's last quote that could be filled at."""
        self._note()
        return self._seen.quote(self._ids[symbol]) if symbol in self._ids else None

    def last_print(self, symbol: str) -> LastPrint | None:
        """Return a symbol's last eligible print."""
        self._note()
        return self._seen.print(self._ids[symbol]) if symbol in self._ids else None

    def _note(self) -> None:
        if self.block is not None and self._noted < self.at:
            self._seen.note(self.block, self._noted, self.at)
            self._noted = self.at

    def _watch(self, names: set[str]) -> None:
        self._watched_names = set(names)
        self._watched[:] = False
        for name in names:
            if name in self._ids:
                self._watched[self._ids[name]] = True
