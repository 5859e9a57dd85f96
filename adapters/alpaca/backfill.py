"""Hop 1: what was lost between two connections, fetched again as far as plan and time allow."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from itertools import batched, groupby

import msgspec

from adapters.alpaca.history import AlpacaHistory
from adapters.alpaca.last_ticks import LastTicks
from adapters.alpaca.rest import AlpacaRest
from engine.domain.errors import VenueError
from engine.domain.session import NANOS_PER_SECOND

_MARGIN_NS = NANOS_PER_SECOND
_SYMBOLS_OF_REQUEST = 100
_NAMED = 10
_MINUTE_NS = 60 * NANOS_PER_SECOND


class Lost(msgspec.Struct, frozen=True):
    """What was fetched, as frames of the stream, and what could not be, in words.

    ``frames`` are prints, ``quotes`` the last ones alone: no decision looks back on others.
    ``missing`` is empty when everything came.
    """

    frames: tuple[bytes, ...] = ()
    missing: str = ""
    quotes: tuple[bytes, ...] = ()


class Backfill:
    """Fetches prints and last quotes over REST after a gap; halts are not to be had there.

    Parameters
    ----------
    recent_mins : int
        Symbols that printed in so many minutes before the gap are fetched.
    within_secs : float
        What has not come by then is given up: data that comes now is waiting meanwhile.
    """

    def __init__(
        self,
        rest: AlpacaRest,
        history: AlpacaHistory,
        *,
        recent_mins: int,
        within_secs: float = 20.0,
    ) -> None:
        self._rest = rest
        self._history = history
        self._recent_ns = recent_mins * _MINUTE_NS
        self._within_secs = within_secs

    async def fetch(self, ticks: LastTicks, muted: Collection[str] = ()) -> Lost:
        """Fetch the prints since the last ones heard; those of traded symbols come first.

        A little more than the gap is fetched, for prints come up to a second late.

        Parameters
        ----------
        muted : collection of str
            Symbols that were silent alone: theirs are fetched since their own last print.
        """
        if ticks.heard_event < 0:
            return Lost()
        recent = ticks.printed_since(ticks.heard_event - self._recent_ns)
        first = [*muted, *(symbol for symbol in ticks.wanted if symbol not in muted)]
        symbols = [*first, *(symbol for symbol in recent if symbol not in set(first))]
        frames: list[bytes] = []
        quotes: list[bytes] = []
        fetched, why = 0, f"not within {self._within_secs:g} s"
        try:
            async with asyncio.timeout(self._within_secs):
                clock = await self._rest.clock()
                for start, some in _requests(symbols, ticks, muted):
                    pages = self._history.trades(some, start - _MARGIN_NS, clock.timestamp)
                    frames += [page async for page in pages]
                    quotes += [page async for page in self._history.latest_quotes(some)]
                    fetched += len(some)
        except TimeoutError:
            pass
        except VenueError as error:
            why = str(error)
        return Lost(tuple(frames), _missing(symbols[fetched:], why), tuple(quotes))

    async def has_more(self, symbols: Collection[str], ticks: LastTicks) -> bool:
        """Say whether symbols have traded since they were heard last.

        Raises
        ------
        VenueError
            It cannot be asked.
        """
        clock = await self._rest.clock()
        for start, some in _requests(list(symbols), ticks, symbols):
            async for _ in self._history.trades(some, start + 1, clock.timestamp):
                return True
        return False


def _requests(
    symbols: Sequence[str], ticks: LastTicks, muted: Collection[str]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield since when (UTC ns) which symbols are to be asked for, in order of the symbols."""
    seen = ticks.seen_event()

    def start(symbol: str) -> int:
        return seen.get(symbol, ticks.heard_event) if symbol in muted else ticks.heard_event

    for since, same in groupby(symbols, start):
        for some in batched(same, _SYMBOLS_OF_REQUEST, strict=False):
            yield since, some


def _missing(symbols: list[str], why: str) -> str:
    if not symbols:
        return ""
    named = ", ".join(symbols[:_NAMED])
    more = f" and {len(symbols) - _NAMED:,} more" if len(symbols) > _NAMED else ""
    return f"prints of {named}{more} that were lost could not be fetched again: {why}"
