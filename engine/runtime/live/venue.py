"""The port of a venue, as the live host sees it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec
from nautilus_trader.config import DataClientConfig, ExecutionClientConfig
from nautilus_trader.live.clients import DataClientFactory, ExecutionClientFactory
from nautilus_trader.model import CustomData

from engine.domain.errors import VenueError
from engine.domain.facts import GapBackfilled


class Grant(msgspec.Struct, frozen=True):
    """Simulated time is ``ts`` (UTC ns); ``updates`` order updates were sent to us up to then."""

    ts: int
    updates: int


class VenueHealth(msgspec.Struct, frozen=True):
    """What a venue's feeds are like now.

    Attributes
    ----------
    feed, orders : str
        State of the market data and of the order updates: ``connecting``, ``live``, ``mute``,
        ``down``.
    frames, trades, quotes : int
        Taken so far.
    clock_off_ns : int or None
        How far the host's time is ahead of the venue's at least, negative behind; None before
        the first comparison.
    gaps : int
        Stretches that were lost and had to be fetched again.
    losses : int
        Connections of the order updates that were lost and are there again.
    skipped : int
        Rows and messages that could not be used.
    requests_left : int or None
        What the account may still ask in this minute.
    """

    feed: str
    orders: str
    frames: int
    trades: int
    quotes: int
    clock_off_ns: int | None
    gaps: int
    losses: int
    skipped: int
    requests_left: int | None


class VenueWatch(Protocol):
    """The host, as the venue's clients see it: it stops entries while something is wrong."""

    def issue_raised(self, what: str, detail: str) -> None:
        """Hold entries for an issue until ``issue_cleared`` names it; raised twice it is one."""
        ...

    def issue_cleared(self, what: str) -> None:
        """End an issue; one that is not known is passed over."""
        ...

    def refused(self, error: VenueError) -> None:
        """Hear that nothing can begin: the host ends with this error."""
        ...

    def avoid(self, symbol: str, detail: str) -> None:
        """Hear that a symbol is to be left alone: another trades it here, or nobody can."""
        ...

    def backfilled(self, gap: GapBackfilled) -> None:
        """Hear that data of a gap was fetched, before it is handed over."""
        ...

    def closed_by_hand(self, trade_id: str, detail: str) -> None:
        """Hear that somebody else closed a trade of ours, or some of it; its fills follow."""
        ...


class LiveVenue(Protocol):
    """A venue: two nautilus clients, and what a host needs beside them.

    All of it is called in the loop of the node.
    """

    @property
    def name(self) -> str:
        """Return the client id under which the node knows it."""
        ...

    def data_client(self) -> tuple[DataClientFactory, DataClientConfig]:
        """Return how the node makes the market-data client."""
        ...

    def execution_client(self) -> tuple[ExecutionClientFactory, ExecutionClientConfig]:
        """Return how the node makes the execution client."""
        ...

    def publish(self, data: CustomData) -> None:
        """Hand a message to the node behind everything that arrived before it."""
        ...

    async def begin(self) -> None:
        """Hand over what has come since the connection, now that everybody listens.

        Where time runs by itself the guardian is at work meanwhile: this may take its time.
        """
        ...

    @property
    def idle(self) -> bool:
        """Whether no command of ours is on its way, and no order event of theirs."""
        ...

    def has_cancel(self, client_order_id: str) -> bool:
        """Say whether a cancel of an order has come to the client; the node queues commands."""
        ...

    async def advance(self, until: int) -> Grant:
        """Let simulated time go on to an instant, or to the next order update before it.

        All data up to then has been handed to the node. Only of a venue that grants time.
        """
        ...

    async def deliver(self, updates: int) -> None:
        """Wait for that many order updates in all and hand them to the node, in order."""
        ...

    async def positions(self) -> Mapping[str, Decimal]:
        """Return the shares held by symbol, short ones negative, as the venue has them.

        Raises
        ------
        VenueError
            It does not tell.
        """
        ...

    async def compare(self) -> None:
        """Compare all our orders with the venue's; what was missed is told.

        Raises
        ------
        VenueError
            It does not tell.
        """
        ...

    @property
    def health(self) -> VenueHealth:
        """Return what the feeds are like."""
        ...

    async def close(self) -> None:
        """Close what is left of the connections, after the node has stopped."""
        ...
