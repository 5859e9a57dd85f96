"""The port of an account at a venue: what is asked of it before, and beside, a nautilus node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch
from engine.domain.markets.attested import Attested
from engine.runtime.live.host_time import GrantedTime, RunningTime
from engine.runtime.live.left_behind import ProtectedVenue
from engine.runtime.live.venue import LiveVenue, VenueWatch

type OnBatch = Callable[[TradeBatch | QuoteBatch | Sequence[TradingStatus]], None]
"""Called in the node's loop, at once, with batches as they arrive; must not raise."""


@dataclass(frozen=True, slots=True)
class VenueOpening:
    """What a venue says before a run is named.

    Attributes
    ----------
    host_time : RunningTime or GrantedTime
        The venue's time, as whoever trades there goes by it.
    cash : Decimal
        Of the account.
    tradable : frozenset of str
        Symbols that orders may be in.
    tapes : mapping of str to str
        Tape letter by symbol, of all that are listed.
    """

    host_time: RunningTime | GrantedTime
    cash: Decimal
    tradable: frozenset[str]
    tapes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """The venue's time (UTC ns) and the account's equity."""

    ts: int
    equity: Decimal


class RecalledTape(Protocol):
    """What an earlier process of a run had heard, so that the gap between the two can be closed.

    Attributes
    ----------
    latest : int
        Newest arrival of anything, UTC ns; 0 before the first.
    """

    latest: int

    def prints(self, batches: Iterable[TradeBatch]) -> Iterator[TradeBatch]:
        """Pass prints on, which share one growing table, and remember the last ones."""
        ...

    def quotes(self, batches: Iterable[QuoteBatch]) -> Iterator[QuoteBatch]:
        """Pass quotes on and remember how far they went."""
        ...

    def statuses(self, statuses: Iterable[TradingStatus]) -> None:
        """Remember what is halted."""
        ...


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """Where a relay is, as ``ws://host:port``, and the key that opens it."""

    url: str
    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """How the node of a run is to be connected.

    Attributes
    ----------
    run_id : str
        Of client order ids: the orders of this run are ours.
    feed : str
        Where prints and quotes come from, by the venue's name for it.
    symbols : tuple of str
        What is subscribed to; none for the whole tape.
    tapes : mapping of str to str
        Tape letter by symbol, as the scanner has them.
    host_time : RunningTime or GrantedTime
        As it was found at the opening.
    now : callable
        Returns the host's time, UTC ns; never goes back.
    stale_feed_seconds : float
        A socket that says nothing for so long of the host's time while the market is open is given
        up.
    start_secs : float
        How long account and orders are asked for at the start while the venue is not able; a venue
        may allow less.
    recalled : RecalledTape, optional
        What an earlier process had heard; of the same account's ``recall``.
    relay : RelayAddress, optional
        Who hands the feed on; by default it is heard from the venue itself.
    permit : callable, optional
        Says why no request that changes an order may leave now, None while one may; asked when its
        first byte is about to.
    unsent : mapping of str to str
        Symbols by client order id of entries that a process which may still live meant to send:
        those that the venue does not have are to be made impossible there.
    """

    run_id: str
    feed: str
    symbols: tuple[str, ...]
    tapes: Mapping[str, str]
    host_time: RunningTime | GrantedTime
    now: Callable[[], int]
    stale_feed_seconds: float
    start_secs: float
    recalled: RecalledTape | None = None
    on_batch: OnBatch | None = None
    relay: RelayAddress | None = None
    permit: Callable[[], str | None] | None = None
    unsent: Mapping[str, str] = field(default_factory=dict[str, str])


class VenueAccount(Protocol):
    """One account at one venue.

    Every question raises ``VenueError`` where the venue does not tell.
    """

    @property
    def name(self) -> str:
        """By which name it is asked for, such as ``alpaca-paper``."""
        ...

    @property
    def run_stem(self) -> str:
        """How the ids of its runs begin, such as ``paper``."""
        ...

    async def opening(self) -> VenueOpening:
        """Return what has to be known before a run is named.

        Raises
        ------
        ConfigError
            The clock of this machine is wrong, or what answers is not the venue.
        """
        ...

    async def standing(self) -> AccountStanding:
        """Return the venue's time and what the account is worth."""
        ...

    async def attested(self) -> tuple[Attested, list[str]]:
        """Return what is held there and what protects it, and rows that cannot be read."""
        ...

    def recall(self, tapes: Mapping[str, str]) -> RecalledTape:
        """Return what takes in the tape that an earlier process of a run had heard."""
        ...

    def node_venue(self, settings: NodeSettings, watch: VenueWatch) -> LiveVenue:
        """Return the venue for a node; ``opening`` was asked before.

        Raises
        ------
        ConfigError
            The settings are none for this venue.
        """
        ...

    def left_behind(self, run_id: str, watch: VenueWatch) -> ProtectedVenue:
        """Return the venue as the orders of a run left it whose journal is not to be believed."""
        ...
