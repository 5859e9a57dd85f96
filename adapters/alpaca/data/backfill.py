"""What was lost between two connections, fetched again as far as plan and time allow."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import batched, groupby
from typing import Protocol

import msgspec

from adapters.alpaca.http.history import SYMBOLS_OF_REQUEST, AlpacaHistory
from adapters.alpaca.http.rest import AlpacaRest
from engine.domain.errors import VenueError
from engine.domain.facts import GapBackfilled
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND

_MARGIN_NS = NANOS_PER_SECOND
_AT_ONCE = 8
"""Most of an answer's time is its way there and back; a plan with all symbols may ask 10,000 times
a minute, and the 46 requests of a whole market are over in six rounds."""
_NAMED = 10
_MINUTE_NS = 60 * NANOS_PER_SECOND


class Heard(Protocol):
    """What was heard, as far as what follows it is to be fetched; times are the venue's, UTC ns."""

    @property
    def heard_event(self) -> int:
        """Newest time of anything, negative before the first."""
        ...

    def printed_since(self, ts_event: int) -> list[str]:
        """Return the symbols that have printed at an instant or later."""
        ...

    def seen_event(self) -> Mapping[str, int]:
        """Return when each symbol printed last."""
        ...


class Lost(msgspec.Struct, frozen=True):
    """What was fetched, as frames of the stream, and what could not be, in words.

    ``frames`` are prints, ``quotes`` the last ones alone: no decision looks back on others.
    ``missing`` is empty when everything came. ``symbols`` were asked for what came from
    ``start_ns`` to ``end_ns``, UTC ns; the end is None when the venue did not tell its time.
    """

    frames: tuple[bytes, ...] = ()
    missing: str = ""
    quotes: tuple[bytes, ...] = ()
    start_ns: int = 0
    end_ns: int | None = None
    symbols: int = 0

    def fact(
        self, prints: Iterable[TradeBatch], quotes: Iterable[QuoteBatch], now: int
    ) -> GapBackfilled | None:
        """Return what of a gap is handed over, None before the first print: there was no gap."""
        if not self.start_ns:
            return None
        return GapBackfilled(
            start_ns=self.start_ns,
            end_ns=now if self.end_ns is None else self.end_ns,
            symbols=self.symbols,
            trades=sum(map(len, prints)),
            quotes=sum(map(len, quotes)),
            complete=not self.missing,
        )


class _Part:
    """Some symbols and what came of them; pages in order, whichever part was answered first.

    ``missing`` says why not all of it is there, and is empty once it is.
    """

    def __init__(self, start: int, symbols: tuple[str, ...], missing: str) -> None:
        self.start = start
        self.symbols = symbols
        self.missing = missing
        self.frames: list[bytes] = []
        self.quotes: list[bytes] = []


class Backfill:
    """Fetches prints and last quotes over REST after a gap; halts are not to be had there.

    Parameters
    ----------
    recent_mins : int
        Symbols that printed in so many minutes before the gap are fetched.
    within_secs : float
        What has not come by then is given up: data that comes now is waiting meanwhile.
    at_once, symbols_of_request : int
        How many parts are asked for side by side, and how many symbols are a part.
    """

    def __init__(
        self,
        rest: AlpacaRest,
        history: AlpacaHistory,
        *,
        recent_mins: int,
        within_secs: float = 20.0,
        at_once: int = _AT_ONCE,
        symbols_of_request: int = SYMBOLS_OF_REQUEST,
    ) -> None:
        self._rest = rest
        self._history = history
        self._recent_ns = recent_mins * _MINUTE_NS
        self._within_secs = within_secs
        self._at_once = at_once
        self._symbols_of_request = symbols_of_request

    async def fetch(
        self, ticks: Heard, traded: Collection[str], muted: Collection[str] = ()
    ) -> Lost:
        """Fetch the prints since the last ones heard; those of traded symbols come first.

        A little more than the gap is fetched, for prints come up to a second late. What comes is
        in the same order however the answers overtake each other.

        Parameters
        ----------
        traded : collection of str
            Symbols in which somebody trades: they are fetched however long they were silent.
        muted : collection of str
            Symbols that were silent alone: theirs are fetched since their own last print.
        """
        if ticks.heard_event < 0:
            return Lost()
        recent = ticks.printed_since(ticks.heard_event - self._recent_ns)
        first = [*sorted(muted), *sorted(set(traded) - set(muted))]
        others = [symbol for symbol in recent if symbol not in set(first)]
        late = f"not within {self._within_secs:g} s"
        parts = [
            _Part(start, some, late)
            for symbols in (first, others)
            for start, some in self._requests(symbols, ticks, muted)
        ]
        end_ns: int | None = None
        try:
            async with asyncio.timeout(self._within_secs):
                clock = await self._rest.clock()
                end_ns = clock.timestamp
                await self._fetch_all(parts, end_ns)
        except TimeoutError:
            pass
        except VenueError as error:
            for part in parts:
                part.missing = str(error)
        return Lost(
            tuple(page for part in parts for page in part.frames),
            _missing(parts),
            tuple(page for part in parts for page in part.quotes),
            min((part.start for part in parts), default=ticks.heard_event),
            end_ns,
            len(first) + len(others),
        )

    async def _fetch_all(self, parts: Sequence[_Part], end: int) -> None:
        """Fetch parts up to an instant (UTC ns), some at once; they begin in their order."""
        waiting = iter(parts)

        async def fetch_next() -> None:
            for part in waiting:
                await self._fetch_part(part, end)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(fetch_next())

    async def _fetch_part(self, part: _Part, end: int) -> None:
        """Fetch one part; what the venue refuses or fails to give ends this part alone."""
        if end < part.start - _MARGIN_NS:  # its time went back: nothing has come since
            part.missing = ""
            return
        try:
            async for page in self._history.trades(part.symbols, part.start - _MARGIN_NS, end):
                part.frames.append(page)
            async for page in self._history.latest_quotes(part.symbols):
                part.quotes.append(page)
        except VenueError as error:
            part.missing = str(error)
        else:
            part.missing = ""

    async def has_more(self, symbols: Collection[str], ticks: Heard) -> bool:
        """Say whether symbols have traded since they were heard last.

        Raises
        ------
        VenueError
            It cannot be asked.
        """
        clock = await self._rest.clock()
        for start, some in self._requests(list(symbols), ticks, symbols):
            async for _ in self._history.trades(some, start + 1, clock.timestamp):
                return True
        return False

    def _requests(
        self, symbols: Sequence[str], ticks: Heard, muted: Collection[str]
    ) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield since when (UTC ns) which symbols are to be asked for, in order of the symbols."""
        seen = ticks.seen_event()

        def start(symbol: str) -> int:
            return seen.get(symbol, ticks.heard_event) if symbol in muted else ticks.heard_event

        for since, same in groupby(symbols, start):
            for some in batched(same, self._symbols_of_request, strict=False):
                yield since, some


def _missing(parts: Sequence[_Part]) -> str:
    symbols = [symbol for part in parts if part.missing for symbol in part.symbols]
    if not symbols:
        return ""
    named = ", ".join(symbols[:_NAMED])
    more = f" and {len(symbols) - _NAMED:,} more" if len(symbols) > _NAMED else ""
    why = "; ".join(dict.fromkeys(part.missing for part in parts if part.missing))
    return f"prints of {named}{more} that were lost could not be fetched again: {why}"
