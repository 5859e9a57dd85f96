"""What a shard does on its hub's word: which day it works, and which slots of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Protocol

from app.cluster.shard_post import ShardPost
from app.strategies import hosted_again
from app.strategies.workers import LIVE, RECORDED
from catalog import Catalog
from cluster import names
from cluster.coding import VERSION, unpacked_claim, unpacked_order, unpacked_setup
from cluster.day_setup import DaySetup, HubClaim
from cluster.node_state import SlotState
from cluster.orders import Order
from cluster.shard import DayWork, Shard
from cluster.streams.port import START, Entry, Streams
from engine.domain.ensemble import Ensemble
from engine.domain.errors import ConfigError, DataError, StreamsUnavailable, TradectlError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

_WAIT_SECS = 0.1
"""How long orders are waited for before the claim is looked at again."""
_RETRY_SECS = 0.2

_HUB, _SETUP, _ORDERS = "hub", "setup", "orders"

_log = logging.getLogger(__name__)


class Tape(Protocol):
    """The connections to the relay, by group of slots."""

    def open(
        self,
        group: int,
        prefixes: Sequence[str],
        *,
        feed: str,
        received_at: bool,
        symbols: Sequence[str],
    ) -> None:
        """Connect for a group and have the day so far sent again."""
        ...

    def close(self, group: int) -> None:
        """End the connection of a group."""
        ...


class ShardHost:
    """Follows the hub in charge, and works what the relay hands on.

    Parameters
    ----------
    streams : Streams
    catalog : Catalog or None
        Holds what was known before a day.

    Attributes
    ----------
    post : ShardPost
        Tells what there is to tell.
    tape : Tape
        To be set before ``follow``.
    """

    tape: Tape

    def __init__(
        self,
        streams: Streams,
        name: str,
        catalog: Catalog | None,
        post: Callable[[Callable[[], tuple[SlotState, ...]]], ShardPost],
    ) -> None:
        self.post = post(lambda: self.slots)
        self._streams = streams
        self._name = name
        self._catalog = catalog
        self._shard: Shard | None = None
        self._claim: HubClaim | None = None
        self._refused: bytes | None = None
        self._at = START
        self._losses = streams.losses
        self._groups = 0
        self._numbers: dict[int, int] = {}

    @property
    def slots(self) -> tuple[SlotState, ...]:
        """How the slots are."""
        return self._shard.states if self._shard is not None else ()

    def take(self, number: int, quotes: QuoteBatch | None, prints: TradeBatch | None) -> None:
        """Take what arrived together for a group."""
        if self._shard is not None and number in self._numbers:
            self._shard.take(self._numbers[number], quotes, prints)

    def mark(self, number: int, ts: int) -> None:
        """Take a mark of the relay for a group."""
        if self._shard is not None and number in self._numbers:
            self.post.marked(ts)
            self._shard.mark(self._numbers[number], ts)

    def fetched(self, number: int, until_ns: int) -> None:
        """Hear that the prints of a gap were fetched."""
        if self._shard is not None and number in self._numbers:
            self._shard.fetched(self._numbers[number], until_ns)

    async def follow(self) -> None:
        """Do what the hub says until it is cancelled; what does not answer is asked again.

        Raises
        ------
        ConfigError
            The hub orders what cannot be.
        """
        while True:
            try:
                await self._look_at_claim()
                await self._obey()
            except StreamsUnavailable as error:
                _log.warning("%s", error)
                await asyncio.sleep(_RETRY_SECS)

    def end(self) -> None:
        """Work nothing any more."""
        if self._shard is not None:
            self._shard.end()
        self._shard = None
        self.post.run_id, self.post.epoch = "", 0

    async def _look_at_claim(self) -> None:
        """See which hub is in charge, and go by it if that has changed."""
        said = await self._streams.get(names.HUB)
        if said is None or said == self._refused:
            return
        try:
            claim = unpacked_claim(said)
        except DataError as error:
            self._refuse(said, str(error))
            return
        ours = version("tradectl")
        if (claim.version, claim.wire) != (ours, VERSION):
            self._refuse(
                said,
                f"the hub of {claim.run_id} runs tradectl {claim.version} (messages of version "
                f"{claim.wire}), this shard {ours} ({VERSION}): run both with the same version",
            )
            return
        held = self._claim
        if held == claim and self._shard is not None:
            return
        if held is not None and held.run_id == claim.run_id and claim.epoch < held.epoch:
            return  # a hub that was replaced
        await self._go_by(claim)

    def _refuse(self, said: bytes, why: str) -> None:
        """Work nothing for a hub that speaks otherwise."""
        self._refused = said
        self._claim = None
        self.post.issues[_HUB] = why
        _log.error("%s", why)
        self.end()

    async def _go_by(self, claim: HubClaim) -> None:
        """Take the day on as a hub began it; its predecessor's scanners go on where they can."""
        said = await self._streams.get(names.setup(claim.run_id, claim.epoch))
        if said is None:
            return  # it is still to be written
        try:
            setup = unpacked_setup(said)
            kept = self._shard
            if kept is not None and kept.day.goes_on_as(setup):
                kept.begin_epoch()
            else:
                self.end()
                self._shard = self._begun(setup)
        except TradectlError as error:
            self.post.issues[_SETUP] = f"the day cannot be worked: {error}"
            _log.error("the day cannot be worked: %s", error)
            self._refused = await self._streams.get(names.HUB)
            self.end()
            return
        for name in (_HUB, _SETUP):
            self.post.issues.pop(name, None)
        self._refused = None
        self._claim, self._at = claim, START
        self.post.run_id, self.post.epoch = claim.run_id, claim.epoch
        _log.info("the hub of %s is obeyed, epoch %d", claim.run_id, claim.epoch)

    def _begun(self, setup: DaySetup) -> Shard:
        """Return the work of a day.

        Raises
        ------
        ConfigError
            A strategy is not there, or the setup cannot be worked.
        """
        hosted = hosted_again(Ensemble(1, setup.members))
        limits = RECORDED if setup.is_granted else LIVE
        make_source = hosted.make_source(self._catalog, limits, watches=False)
        day = DayWork(setup, make_source, hosted.across_symbols)
        self.post.bucket_ttl = day.history.first.bucket_ttl
        return Shard(self._name, day, self.post.tell, self._open, self._close)

    def _open(self, group: int, prefixes: tuple[str, ...], symbols: tuple[str, ...]) -> None:
        """Connect for a group; groups of another day's shard have other numbers at the relay."""
        shard = self._shard
        if shard is None:
            return
        setup = shard.day.setup
        self._groups += 1
        self._numbers[self._groups] = group
        self.tape.open(
            self._groups,
            prefixes,
            feed=setup.feed,
            received_at=setup.is_granted,
            symbols=symbols,
        )

    def _close(self, group: int) -> None:
        for number, own in [*self._numbers.items()]:
            if own == group:
                del self._numbers[number]
                self.tape.close(number)

    async def _obey(self) -> None:
        """Do what the hub has ordered since the last look; wait for it a moment."""
        if self._shard is None or self._claim is None:
            await asyncio.sleep(_WAIT_SECS)
            return
        stream = names.orders(self._claim.run_id, self._claim.epoch)
        are_first = self._at == START
        entries = await self._streams.read({stream: self._at}, _WAIT_SECS)
        if self._streams.losses != self._losses:
            self._losses, self._at = self._streams.losses, START
            return
        orders: list[Order] = []
        while entries:
            self._at = entries[-1].at
            orders += filter(None, map(self._order, entries))
            entries = await self._streams.read({stream: self._at}, 0.0)
        if not orders:
            return
        try:
            self._shard.obey(orders, are_first=are_first)
            self.post.issues.pop(_ORDERS, None)
        except ConfigError as error:
            self.post.issues[_ORDERS] = str(error)
            _log.error("%s", error)

    def _order(self, entry: Entry) -> Order | None:
        try:
            return unpacked_order(entry.data)
        except DataError as error:
            self.post.issues[_ORDERS] = str(error)
            _log.error("an order at %s is passed over: %s", entry.at, error)
            return None
