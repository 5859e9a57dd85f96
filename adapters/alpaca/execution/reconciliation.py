"""Our orders kept true to the venue's, whatever was not told of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.orders.stale_entries import StaleEntries
from adapters.alpaca.orders.sync import OrderSync
from adapters.transport.backoff import Backoff
from engine.domain.errors import VenueError, VenueUnavailable

if TYPE_CHECKING:
    from engine.runtime.live.venue import VenueWatch

_FOLLOW_UP_SECS = (0.25, 1.0, 3.0, 10.0)
"""Waits before what updates left open is looked up: most of it is told by then."""

_FIRST_RECOVERY_SECS, _LONGEST_RECOVERY_SECS = 0.5, 10.0

_ORDERS, _RECONCILE = "orders", "reconciliation"

_log = logging.getLogger(__name__)


class Reconciliation:
    """Compares all orders at a start, after a loss and regularly, and looks up what is left open.

    Parameters
    ----------
    stale : StaleEntries
        What another process may still send is made impossible before anything begins.
    catch_up : callable
        Books what others closed while no process was there.
    spawn : callable
        Runs a coroutine as a task of the node, under a name.
    leaving : asyncio.Event
        Set when the node disconnects.
    patience_secs : float
        How long what a start needs is asked for while the venue is not able.
    on_recovered : callable
        What else is to be seen after a loss.

    Attributes
    ----------
    is_begun : bool
        Whether orders were compared at the start: before that, nothing of them is news.
    """

    def __init__(
        self,
        sync: OrderSync,
        own: OwnOrders,
        watch: VenueWatch,
        *,
        stale: StaleEntries,
        catch_up: Callable[[], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[object]],
        leaving: asyncio.Event,
        patience_secs: float,
        on_recovered: Callable[[], Awaitable[None]],
    ) -> None:
        self.is_begun = False
        self._sync = sync
        self._own = own
        self._watch = watch
        self._stale = stale
        self._catch_up = catch_up
        self._spawn = spawn
        self._leaving = leaving
        self._patience_secs = patience_secs
        self._on_recovered = on_recovered
        self._beginning: asyncio.Future[None] | None = None
        self._following: asyncio.Task[object] | None = None
        self._recovered = asyncio.Event()
        self._recovered.set()

    async def begin(self) -> None:
        """Compare with the venue, once for all who ask at the same time.

        Raises
        ------
        VenueError
            It does not tell.
        """
        if self._beginning is None or self._beginning.done():
            self._beginning = asyncio.ensure_future(self._begin())
        await asyncio.shield(self._beginning)
        self.is_begun = self._own.tells_adopted = True

    async def compare(self) -> None:
        """Compare all orders with the venue's; what was missed is told.

        Raises
        ------
        VenueError
            It does not tell.
        """
        await self._sync.reconcile()

    def lose(self) -> None:
        """Hear that updates were lost: they are not whole before all orders were compared."""
        self._recovered.clear()
        self.recover()

    def recover(self) -> None:
        """Compare until it works; only then are order updates whole again."""
        self._spawn(self._recover(), "recovery")

    async def whole(self) -> None:
        """Wait until what was lost is known."""
        await self._recovered.wait()

    async def keep(self, every_secs: float) -> None:
        """Compare regularly, until the node disconnects."""
        while not await is_set_within(self._leaving, every_secs):
            if self.is_begun:
                await self._reconciled()

    def look_soon(self) -> None:
        """Have what an update left open looked up, unless the stream tells it first."""
        is_open = self._own.looks or self._own.known.unsettled() or self._own.known.misses_fills()
        if is_open and (self._following is None or self._following.done()):
            self._following = self._spawn(self._follow(), "follow-up")

    async def look_now(self) -> None:
        """Look up what is open, at once: granted time stands still meanwhile."""
        try:
            await self._sync.follow_up()
        except VenueError as error:
            self._watch.issue_raised(_RECONCILE, f"orders cannot be compared: {error}")

    async def patiently[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what is asked for; a venue that is not able is asked again for some time.

        Raises
        ------
        VenueError
            It refuses, is not able for too long, or the node disconnects.
        """
        ends = time.monotonic() + self._patience_secs
        backoff = Backoff(_FIRST_RECOVERY_SECS, _LONGEST_RECOVERY_SECS)
        while True:
            try:
                return await ask()
            except VenueUnavailable as error:
                if not error.is_passing or time.monotonic() > ends:
                    raise
                _log.warning("asked again: %s", error)
                if await is_set_within(self._leaving, backoff.next_secs()):
                    raise

    async def _begin(self) -> None:
        await self.patiently(self._sync.reconcile)
        if not self.is_begun:
            if not await self.patiently(self._stale.void):
                await self.patiently(self._sync.reconcile)
            await self._catch_up()

    async def _recover(self) -> None:
        backoff = Backoff(_FIRST_RECOVERY_SECS, _LONGEST_RECOVERY_SECS)
        while not await self._reconciled():
            if await is_set_within(self._leaving, backoff.next_secs()):
                return
        self._watch.issue_cleared(_ORDERS)
        self._recovered.set()
        await self._on_recovered()

    async def _reconciled(self) -> bool:
        try:
            await self._sync.reconcile()
        except VenueError as error:
            self._watch.issue_raised(_RECONCILE, f"orders cannot be compared: {error}")
            return False
        self._watch.issue_cleared(_RECONCILE)
        return True

    async def _follow(self) -> None:
        for wait_secs in _FOLLOW_UP_SECS:
            await asyncio.sleep(wait_secs)
            with suppress(VenueError):
                if await self._sync.follow_up():
                    return


async def is_set_within(event: asyncio.Event, secs: float) -> bool:
    """Wait for an event no longer than some seconds; return whether it came."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), secs)
    return event.is_set()
