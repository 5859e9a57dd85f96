"""Our orders compared with the venue's over REST; what was missed is told once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.events import OrderUpdate
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.wire.rest import VenueOrder
from engine.domain.errors import VenueUnavailable
from engine.domain.session import NANOS_PER_SECOND

_MARGIN_NS = NANOS_PER_SECOND
"""How much earlier than an order its fills are asked for: clocks of a venue differ."""

_log = logging.getLogger(__name__)


class OrderSync:
    """Asks the venue what became of our orders, one question after another.

    Parameters
    ----------
    tell : callable
        Takes what is news.
    since : callable
        Returns the instant (UTC ns) after which this run's orders of today were sent.
    """

    def __init__(
        self,
        rest: AlpacaRest,
        own: OwnOrders,
        tell: Callable[[Iterable[OrderUpdate]], None],
        since: Callable[[], int],
    ) -> None:
        self._rest = rest
        self._own = own
        self._tell = tell
        self._since = since
        self._asking = asyncio.Lock()
        self._knows_older = False

    async def reconcile(self) -> None:
        """Compare all orders of today, and what was filled of them.

        The first time older orders that are still open are seen, too: they are somebody else's.

        Raises
        ------
        VenueUnavailable, VenueRejected
            The venue does not tell; nothing was changed that it did not.
        """
        async with self._asking:
            orders = await self._rest.orders(after=self._since())
            older = () if self._knows_older else (await self._rest.open_orders()).rows
            self._knows_older = True
            # first those with their legs: of an entry that is filled the open legs are listed alone
            for order in (*sorted(orders.rows, key=_age), *sorted(older, key=_age)):
                self._tell(self._own.see(order))
            await self._complete_chains()
            await self._complete_fills()
            await self._look()

    async def follow_up(self) -> bool:
        """Look up what updates left open; say whether nothing is open any more."""
        async with self._asking:
            await self._look()
            await self._complete_fills()
            await self._look()
        return not (
            self._own.looks or self._own.known.misses_fills() or self._own.known.unsettled()
        )

    async def _look(self) -> None:
        looks = (
            set(filter(self._own.known.may_change, self._own.looks)) | self._own.known.unsettled()
        )
        self._own.looks = set()
        for order_id in sorted(looks):
            try:
                order = await self._rest.order_by_id(order_id)
            except VenueUnavailable:
                self._own.looks |= looks
                raise
            if order is None:
                _log.error("the venue does not know its own order %s", order_id)
            else:
                self._tell(self._own.see(order))

    async def _complete_chains(self) -> None:
        """Fetch what legs replaced before this process began: nested they are the newest alone.

        A stop that trails is replaced hundreds of times a day, and a minute has 200 requests.
        """
        if not self._own.known.unknown_past():
            return
        listed = await self._rest.orders(after=self._since(), nested=False)
        known = {order.id: order for order in listed.rows}
        while replaced := self._own.known.unknown_past():
            for order_id in replaced:
                order = known.get(order_id)
                if order is None:
                    order = await self._rest.order_by_id(order_id, nested=False)
                self._own.precede(order_id, order)

    async def _complete_fills(self) -> None:
        """Fetch the executions that did not come, and make up what the venue does not list."""
        missing = self._own.known.misses_fills()
        if not missing:
            return
        first = min(_age(link.venue) for order in missing for link in order.links)
        fills = await self._rest.fills(after=first - _MARGIN_NS)
        for activity in fills.rows:
            self._tell(self._own.book(activity))
        for order in self._own.known.misses_fills():
            _log.warning(
                "%s is filled beyond the executions the venue lists: made up from its sum",
                order.client_order_id,
            )
            self._tell(self._own.make_up(order))


def _age(order: VenueOrder) -> int:
    return order.created_at or order.submitted_at or order.updated_at or 0
