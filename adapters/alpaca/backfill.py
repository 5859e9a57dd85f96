"""Hop 1: what was lost between two connections, fetched again as far as plan and time allow."""

from __future__ import annotations

import asyncio
from itertools import batched

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

    ``missing`` is empty when everything came.
    """

    frames: tuple[bytes, ...]
    missing: str


class Backfill:
    """Fetches prints over REST after a gap.

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

    async def fetch(self, ticks: LastTicks) -> Lost:
        """Fetch the prints since the last ones heard; those of traded symbols come first.

        A little more than the gap is fetched, for prints come up to a second late.
        """
        start = ticks.heard_event
        if start < 0:
            return Lost((), "")
        recent = ticks.printed_since(start - self._recent_ns)
        symbols = sorted(recent, key=lambda symbol: symbol not in ticks.wanted)
        frames: list[bytes] = []
        fetched, why = 0, f"not within {self._within_secs:g} s"
        try:
            async with asyncio.timeout(self._within_secs):
                clock = await self._rest.clock()
                for some in batched(symbols, _SYMBOLS_OF_REQUEST, strict=False):
                    pages = self._history.trades(some, start - _MARGIN_NS, clock.timestamp)
                    frames += [page async for page in pages]
                    fetched += len(some)
        except TimeoutError:
            pass
        except VenueError as error:
            why = str(error)
        return Lost(tuple(frames), _missing(symbols[fetched:], why))


def _missing(symbols: list[str], why: str) -> str:
    if not symbols:
        return ""
    named = ", ".join(symbols[:_NAMED])
    more = f" and {len(symbols) - _NAMED:,} more" if len(symbols) > _NAMED else ""
    return f"prints of {named}{more} that were lost could not be fetched again: {why}"
