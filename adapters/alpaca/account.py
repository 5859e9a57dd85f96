"""One account at Alpaca, or at its look-alike, as use cases reach it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import SIM_URL, Endpoints, Venue
from adapters.alpaca.http.rest import AlpacaRest
from engine.domain.errors import RunError, VenueUnavailable

if TYPE_CHECKING:
    from adapters.alpaca.data.recalled import Recalled
    from adapters.alpaca.market.market import AlpacaMarket
    from adapters.alpaca.orders.left_behind import AlpacaLeftBehind
    from adapters.alpaca.relayed import RelayedFeed
    from adapters.alpaca.venue import AlpacaVenue
    from adapters.alpaca.wire.rest import VenueAsset
    from engine.domain.markets.attested import Attested
    from engine.runtime.live import AccountStanding, NodeSettings, VenueOpening, VenueWatch


class AlpacaAccount:
    """A complete ``VenueAccount``; what is asked once, without a node, loads no nautilus."""

    def __init__(self, endpoints: Endpoints, credentials: Credentials) -> None:
        self._endpoints = endpoints
        self._credentials = credentials
        self._listed: tuple[VenueAsset, ...] | None = None

    @classmethod
    def of(cls, name: str, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the account whose keys are in the environment.

        Raises
        ------
        ConfigError
            No such venue, its keys are not set, or ``TRADECTL_SIM_URL`` is no simulator's address.
        """
        addresses = Endpoints.of(name, environment)
        return cls(addresses, Credentials.from_environment(environment))

    @classmethod
    def at_simulator(cls, url: str, key_id: str, secret: str) -> Self:
        """Return an account at a simulator, whatever the environment says; raises as ``of``."""
        return cls(Endpoints.of(Venue.SIM, {SIM_URL: url}), Credentials(key_id, secret))

    @property
    def name(self) -> str:
        """By which name it is asked for, such as ``alpaca-paper``."""
        return self._endpoints.venue.value

    @property
    def run_stem(self) -> str:
        """How the ids of its runs begin: ``sim``, ``paper`` or ``live``."""
        return self.name.removeprefix("alpaca-")

    def tickets(self) -> AlpacaMarket:
        """Return the account as a market that takes tickets; its ``close_down`` ends it."""
        from adapters.alpaca.market.market import AlpacaMarket

        return AlpacaMarket(self._endpoints, self._credentials)

    def relayed(self, feed: str) -> RelayedFeed:
        """Return one of its feeds as a relay hands it on."""
        from adapters.alpaca.relayed import RelayedFeed

        return RelayedFeed(self._endpoints, self._credentials, feed)

    async def opening(self) -> VenueOpening:
        """Return what has to be known before a run is named; see ``VenueAccount``."""
        from adapters.alpaca.data.instruments import listed_tapes
        from adapters.alpaca.venue_time import venue_time
        from engine.runtime.live import VenueOpening

        async with AlpacaRest(self._endpoints, self._credentials) as rest:
            host_time = await venue_time(rest, self._endpoints)
            cash = (await rest.account()).cash
            if cash is None:
                raise VenueUnavailable(f"{self.name} does not tell the account's cash")
            listed = (await rest.assets()).rows
        if not listed:
            raise VenueUnavailable(f"{self.name} lists no asset at all")
        self._listed = listed
        tradable = frozenset(asset.symbol for asset in listed if asset.tradable)
        return VenueOpening(host_time, cash, tradable, listed_tapes(listed))

    async def standing(self) -> AccountStanding:
        """Return the venue's time and what the account is worth; see ``VenueAccount``."""
        from engine.runtime.live import AccountStanding

        async with AlpacaRest(self._endpoints, self._credentials) as rest:
            now, equity = (await rest.clock()).timestamp, (await rest.account()).equity
        if equity is None:
            raise VenueUnavailable(f"{self.name} does not tell the account's equity")
        return AccountStanding(now, equity)

    async def attested(self) -> tuple[Attested, list[str]]:
        """Return what is held, what protects it, and rows that cannot be read."""
        from adapters.alpaca.orders.attestation import read_attested

        async with AlpacaRest(self._endpoints, self._credentials) as rest:
            return await read_attested(rest)

    def recall(self, tapes: Mapping[str, str]) -> Recalled:
        """Return what takes in the tape that an earlier process of a run had heard."""
        from adapters.alpaca.data.recalled import Recalled

        return Recalled(tapes)

    def node_venue(self, settings: NodeSettings, watch: VenueWatch) -> AlpacaVenue:
        """Return the venue for a node; see ``VenueAccount``."""
        from adapters.alpaca.config import ALL, LONGEST_START_SECS, AlpacaConfig
        from adapters.alpaca.data.recalled import Recalled
        from adapters.alpaca.venue import AlpacaVenue
        from engine.runtime.live import GrantedTime, RunningTime

        recalled, host_time = settings.recalled, settings.host_time
        if recalled is not None and not isinstance(recalled, Recalled):
            raise RunError(f"{self.name} recalls a tape by its own Recalled, found {recalled!r}")
        config = AlpacaConfig.of(
            venue=self._endpoints.venue,
            feed=settings.feed,
            symbols=settings.symbols or ALL,
            stepped=isinstance(host_time, GrantedTime),
            run_id=settings.run_id,
            stale_feed_seconds=settings.stale_feed_seconds,
            start_secs=min(settings.start_secs, LONGEST_START_SECS),
        )
        # a simulator's time may go back and be right; no real venue's is
        is_simulated = self._endpoints.venue is Venue.SIM
        follow = host_time.follow if isinstance(host_time, RunningTime) and is_simulated else None
        return AlpacaVenue(
            config,
            watch,
            settings.now,
            tapes=settings.tapes,
            endpoints=self._endpoints,
            credentials=self._credentials,
            listed=self._listed,
            recalled=recalled,
            on_batch=settings.on_batch,
            follow=follow,
            relay=settings.relay,
            permit=settings.permit,
            unsent=settings.unsent,
        )

    def left_behind(self, run_id: str, watch: VenueWatch) -> AlpacaLeftBehind:
        """Return the venue as the orders of a run left it; see ``VenueAccount``."""
        from adapters.alpaca.orders.left_behind import AlpacaLeftBehind

        return AlpacaLeftBehind(self._endpoints, self._credentials, run_id, watch)
