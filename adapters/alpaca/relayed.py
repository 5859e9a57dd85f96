"""Alpaca's feed as a relay hands it on: one connection with all that keeps it whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.data.backfill import Backfill
from adapters.alpaca.data.heard_prints import HeardPrints
from adapters.alpaca.data.raw_feed import Deliver, RawFeed
from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.http.account_budget import AccountBudget
from adapters.alpaca.http.history import AlpacaHistory
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.venue_time import venue_time
from adapters.alpaca.wire.rows import RowFinder
from adapters.transport.silence import Silence
from adapters.transport.token_bucket import TokenBucket
from engine.domain.market_data.blocks import Block, Gap
from engine.runtime.live import GrantedTime, RunningTime

_HISTORY_PER_MINUTE = 200
_BACKFILL_MINS = 24 * 60
"""What has printed on this day may have printed in a gap."""
_KNOWN_FRAMES = 4096


class RelayedFeed:
    """The upstream side of a relay; see ``RawFeed`` for what it does about a loss.

    Attributes
    ----------
    finder : RowFinder
        What the relay is to find rows with.
    """

    def __init__(self, endpoints: Endpoints, credentials: Credentials, feed: str) -> None:
        self.finder = RowFinder()
        self._endpoints = endpoints
        self._credentials = credentials
        self._name = feed
        self._heard = HeardPrints(self.finder)
        self._since_ns = 0
        self._rest = AlpacaRest(endpoints, credentials)
        self._history = AlpacaHistory(
            endpoints, credentials, feed, AccountBudget(TokenBucket(_HISTORY_PER_MINUTE))
        )
        self._feed: RawFeed | None = None
        self._host_time: RunningTime | GrantedTime | None = None

    async def host_time(self) -> RunningTime | GrantedTime:
        """Return the venue's time; raises as ``venue_time`` does."""
        return await venue_time(self._rest, self._endpoints)

    def recall(self, entries: Iterable[Block | Gap]) -> None:
        """Take the last minutes of what an earlier process handed on."""
        frames: list[bytes] = []
        for entry in entries:
            if isinstance(entry, Block):
                frames.append(entry.frame)
                self._since_ns = entry.stamp
            if len(frames) == _KNOWN_FRAMES:
                self._heard.note(self.finder.find(frames))
                frames = []
        self._heard.note(self.finder.find(frames))

    def open(
        self,
        deliver: Deliver,
        on_gap: Callable[[Gap], None],
        on_loss: Callable[[], None],
        host_time: RunningTime | GrantedTime,
        stale_feed_seconds: float,
    ) -> None:
        """Be ready to ``run``.

        Parameters
        ----------
        deliver, on_gap, on_loss
            See ``RawFeed``.
        stale_feed_seconds : float
            A connection that says nothing for so long while the market is open is given up.
        """
        self._host_time = host_time
        is_stepped = isinstance(host_time, GrantedTime)
        self._feed = RawFeed(
            self._endpoints.feed_url(self._name),
            self._credentials,
            finder=self.finder,
            heard=self._heard,
            backfill=Backfill(self._rest, self._history, recent_mins=_BACKFILL_MINS),
            deliver=deliver,
            on_gap=on_gap,
            on_loss=on_loss,
            now=host_time,
            since_ns=self._since_ns,
            silence=None if is_stepped else Silence(stale_feed_seconds),
            compresses=not is_stepped,
        )

    @property
    def state(self) -> str:
        """Where the connection stands, and why when it is not live."""
        return self._feed.state if self._feed else "closed"

    @property
    def is_live(self) -> bool:
        """Whether the connection is live."""
        return self._feed is not None and self._feed.is_live

    @property
    def is_whole(self) -> bool:
        """Whether the connection is live and no gap is being fetched."""
        return self._feed is not None and self._feed.is_whole

    async def run(self) -> None:
        """Keep the connection until ``close``; raises ``VenueRejected`` where a person must act."""
        await self._opened.run()

    @property
    def subscribed(self) -> dict[str, list[str]]:
        """What has been asked for; see ``RawFeed``."""
        return self._opened.subscribed

    def hears(self, symbols: Mapping[str, Iterable[str]]) -> bool:
        """Say whether all of some symbols were asked for; see ``RawFeed``."""
        return self._opened.hears(symbols)

    async def subscribe(self, symbols: Mapping[str, Iterable[str]]) -> None:
        """Add symbols by channel; see ``RawFeed``."""
        await self._opened.subscribe(symbols)

    async def advance(self, until: int) -> tuple[int, int]:
        """Have a simulator grant time; see ``RawFeed``."""
        now, updates = await self._opened.advance(until)
        if self._host_time is not None:
            self._host_time.reach(now)
        return now, updates

    def flush(self) -> None:
        """Hand over what has come by now."""
        self._opened.flush()

    async def close(self) -> None:
        """End the connections."""
        if self._feed is not None:
            await self._feed.close()
        await asyncio.gather(self._rest.close(), self._history.close())

    @property
    def _opened(self) -> RawFeed:
        if self._feed is None:
            raise AssertionError("it was not opened")
        return self._feed
