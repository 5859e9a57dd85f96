"""Alpaca, or its look-alike, as the venue of a live host."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from msgspec import structs
from nautilus_trader.config import DataClientConfig, ExecutionClientConfig
from nautilus_trader.live.clients import DataClientFactory, ExecutionClientFactory
from nautilus_trader.model import CustomData

from adapters.alpaca.config import AlpacaConfig
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.data.backfill import Backfill
from adapters.alpaca.data.client import AlpacaDataClient
from adapters.alpaca.data.feed import MarketFeed
from adapters.alpaca.data.instruments import AlpacaInstruments
from adapters.alpaca.data.last_ticks import LastTicks
from adapters.alpaca.data.recalled import Recalled
from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.execution.client import AlpacaExecutionClient
from adapters.alpaca.http.account_budget import AccountBudget
from adapters.alpaca.http.client import Permit
from adapters.alpaca.http.history import AlpacaHistory
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.plan import explain_refusal
from adapters.alpaca.wire.rest import VenueAsset
from adapters.transport.kept_socket import Patience, Phase
from adapters.transport.token_bucket import Priority, TokenBucket
from engine.domain.errors import ConfigError, RunError, VenueError, VenueUnavailable
from engine.runtime.live.venue import Grant, VenueHealth, VenueWatch
from engine.runtime.live.venue_account import OnBatch, RelayAddress

_HISTORY_PER_MINUTE = 200
_STATES = {
    Phase.CONNECTING: "connecting",
    Phase.LIVE: "live",
    Phase.WAITING: "down",
    Phase.REFUSED: "down",
    Phase.CLOSED: "down",
}


_log = logging.getLogger(__name__)


class AlpacaVenue:
    """The venue of one node: two clients over one account.

    Parameters
    ----------
    settings : AlpacaConfig
    watch : VenueWatch
        Hears of every trouble.
    now : callable
        Returns the host's time, UTC ns; never goes back.
    tapes : mapping, optional
        Tape letter by symbol, as the scanner has them; without one the listing exchange decides.
    endpoints : Endpoints, optional
        Where the venue is reached; by its name by default.
    credentials : Credentials, optional
        From the environment by default.
    patience : Patience, optional
        Of both streams.
    listed : sequence of VenueAsset, optional
        The venue's assets, if they have just been asked for.
    recalled : Recalled, optional
        What an earlier process of the run had heard.
    on_batch : callable, optional
        Called in the node's loop, at once, with batches as they arrive; must not raise.
    follow : callable, optional
        Takes the time (UTC ns) of a venue whose clock went back and is right nevertheless.
    relay : RelayAddress, optional
        Who hands the feed on; by default it is heard from the venue itself.
    permit : Permit, optional
        Asked before whatever changes an order leaves.
    unsent : mapping of str to str, optional
        Symbols of entries that a process which may still live meant to send; see ``StaleEntries``.

    Raises
    ------
    ConfigError
        Keys are missing, or the data plan cannot carry the subscription.
    """

    def __init__(
        self,
        settings: AlpacaConfig,
        watch: VenueWatch,
        now: Callable[[], int],
        *,
        tapes: Mapping[str, str] | None = None,
        endpoints: Endpoints | None = None,
        credentials: Credentials | None = None,
        patience: Patience | None = None,
        listed: Sequence[VenueAsset] | None = None,
        recalled: Recalled | None = None,
        on_batch: OnBatch | None = None,
        follow: Callable[[int], None] | None = None,
        relay: RelayAddress | None = None,
        permit: Permit | None = None,
        unsent: Mapping[str, str] | None = None,
    ) -> None:
        keys = credentials or Credentials.from_environment()
        names = settings.subscribed
        why = explain_refusal(settings.plan, settings.feed, names, names)
        if why and relay is None:
            raise ConfigError(why)
        addresses = endpoints or Endpoints.of(settings.venue)
        # granted minutes pass faster than the wall's, and the simulator counts its own
        clock = (lambda: now() + time.monotonic_ns()) if settings.stepped else time.monotonic_ns
        self.settings = settings
        self.rest = AlpacaRest(addresses, keys, AccountBudget(clock=clock), permit=permit)
        self.tapes = dict(tapes or {})
        history_budget = AccountBudget(TokenBucket(_HISTORY_PER_MINUTE), clock)
        self._history = AlpacaHistory(addresses, keys, settings.feed, history_budget)
        self._ticks = LastTicks(self.tapes)
        self._shared = {
            "settings": settings,
            "endpoints": addresses,
            "credentials": keys,
            "ticks": self._ticks,
            "watch": watch,
            "now": now,
            "patience": patience,
        }
        self._heard_from = {}
        if relay is not None:
            self._heard_from = {
                "endpoints": structs.replace(addresses, data_stream=relay.url),
                "credentials": Credentials(
                    relay.key, relay.secret, "the key of the relay in --relay-keys"
                ),
            }
        self._listed = listed
        self._recalled = recalled
        self._on_batch = on_batch
        self._follow = follow
        self._unsent = unsent
        self._data: AlpacaDataClient | None = None
        self._execution: AlpacaExecutionClient | None = None

    @property
    def name(self) -> str:
        """The client id under which the node knows it."""
        return "ALPACA"

    def data_client(self) -> tuple[DataClientFactory, DataClientConfig]:
        """Return how the node makes the market-data client."""
        return _DataFactory(self._make_data), DataClientConfig()

    def execution_client(self) -> tuple[ExecutionClientFactory, ExecutionClientConfig]:
        """Return how the node makes the execution client."""
        return _ExecutionFactory(self._make_execution), ExecutionClientConfig()

    def publish(self, data: CustomData) -> None:
        """Hand a message to the node behind everything that arrived before it."""
        self._client.publish(data)

    async def begin(self) -> None:
        """Hand over what has come since the connection, now that everybody listens.

        The node has begun without its streams: what is held comes first. They are waited for here.
        """
        _log.info("the streams are waited for; what is held is guarded meanwhile")
        await asyncio.gather(self._orders.stream.begun(), self._feed.stream.begun())
        await self._client.begin()

    @property
    def idle(self) -> bool:
        """Whether no command of ours is on its way, and no order event of theirs."""
        return self._orders.idle

    def has_cancel(self, client_order_id: str) -> bool:
        """Say whether a cancel of an order has come to the client."""
        return client_order_id in self._orders.cancels

    async def advance(self, until: int) -> Grant:
        """Let simulated time go on to an instant, or to the next order update before it."""
        if not self._orders.held.is_counting:
            await self._count()
        if self._orders.account.has_issue:
            with suppress(VenueError):
                await self._orders.account.look()
        clock = await self._feed.advance(until)
        return Grant(clock.ts, clock.updates)

    async def deliver(self, updates: int) -> None:
        """Wait for that many order updates in all and hand them to the node, in order."""
        orders = self._orders
        while not (orders.held.is_counting and await orders.deliver(updates)):
            await self._count()

    async def positions(self) -> Mapping[str, Decimal]:
        """Return the shares held by symbol, short ones negative, as the venue has them.

        Raises
        ------
        VenueError
            It does not tell.
        """
        listing = await self.rest.positions(Priority.QUERY)
        return {position.symbol: position.shares for position in listing.rows}

    async def compare(self) -> None:
        """Compare all our orders with the venue's; what was missed is told.

        Raises
        ------
        VenueError
            It does not tell.
        """
        await self._orders.compare()

    @property
    def health(self) -> VenueHealth:
        """What the feeds are like."""
        feed, orders = self._feed, self._orders
        return VenueHealth(
            feed=_STATES[feed.stream.state.phase],
            orders=_STATES[orders.stream.state.phase],
            frames=feed.frames,
            trades=feed.trades,
            quotes=feed.quotes,
            clock_off_ns=orders.clock_off_ns,
            gaps=feed.recovery.gaps,
            losses=orders.losses,
            skipped=feed.skipped + orders.skipped,
            requests_left=self.rest.budget.bucket.left,
        )

    async def close(self) -> None:
        """Close the connections to REST, after the node has stopped."""
        await self.rest.close()
        await self._history.close()

    @property
    def _feed(self) -> MarketFeed:
        return self._client.feed

    @property
    def _client(self) -> AlpacaDataClient:
        if self._data is None:
            raise RunError("the node has not made the market-data client yet")
        return self._data

    @property
    def _orders(self) -> AlpacaExecutionClient:
        if self._execution is None:
            raise RunError("the node has not made the execution client yet")
        return self._execution

    async def _count(self) -> None:
        """Hear how many updates the simulator has sent, while none is on its way.

        No time passes, but a command of ours may be answered: it is asked until nothing came.
        """
        orders = self._orders
        while not orders.held.is_counting:
            await orders.whole()
            losses = orders.losses
            clock = await self._feed.advance(0)
            with suppress(VenueUnavailable):
                await orders.stream.drain()
                arrived = orders.held.arrived
                again = await self._feed.advance(0)
                is_same = (again.updates, orders.held.arrived) == (clock.updates, arrived)
                if is_same and orders.losses == losses:
                    orders.held.count_from(again.updates)

    def _make_data(self, **node: Any) -> AlpacaDataClient:
        self._data = AlpacaDataClient(
            instruments=AlpacaInstruments(self.rest, self.tapes, self._listed),
            backfill=Backfill(self.rest, self._history, recent_mins=self.settings.backfill_mins),
            recalled=self._recalled,
            on_batch=self._on_batch,
            **(self._shared | self._heard_from),
            **node,
        )
        return self._data

    def _make_execution(self, **node: Any) -> AlpacaExecutionClient:
        self._execution = AlpacaExecutionClient(
            rest=self.rest,
            follow=self._follow,
            unsent=self._unsent,
            **self._shared,
            **node,
        )
        return self._execution


class _DataFactory(DataClientFactory):
    """Makes the one client of its venue."""

    def __init__(self, make: Callable[..., AlpacaDataClient]) -> None:
        self._make = make

    def create(self, **node: Any) -> AlpacaDataClient:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the client; nothing is opened yet."""
        return self._make(**node)


class _ExecutionFactory(ExecutionClientFactory):
    """Makes the one client of its venue."""

    def __init__(self, make: Callable[..., AlpacaExecutionClient]) -> None:
        self._make = make

    def create(self, **node: Any) -> AlpacaExecutionClient:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the client; nothing is opened yet."""
        return self._make(**node)
