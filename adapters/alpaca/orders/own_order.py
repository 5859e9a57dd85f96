"""One of our orders at the venue, through all the ids that replacements give it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from adapters.alpaca.orders.events import (
    Accepted,
    Canceled,
    Expired,
    Filled,
    OrderUpdate,
    Rejected,
    Stray,
    Updated,
)
from adapters.alpaca.orders.executions import NOTHING, Executions, trade_id_of
from adapters.alpaca.wire.rest import VenueOrder

LIVE = frozenset(
    {
        "new",
        "accepted",
        "accepted_for_bidding",
        "held",
        "partially_filled",
        "pending_cancel",
        "pending_new",
        "pending_replace",
        "pending_review",
        "stopped",
        "suspended",
    }
)
"""Statuses of orders that may still fill."""

_ENDS = {"canceled": Canceled, "expired": Expired}
_DAY_ENDS = frozenset({"done_for_day", "calculated"})

STATUSES = LIVE | _ENDS.keys() | _DAY_ENDS | {"filled", "rejected", "replaced"}
"""Statuses that say something; of any other nothing is made."""


class Link:
    """One venue order of a chain: the first, or one that replaced it.

    Attributes
    ----------
    venue : VenueOrder
        As it was told of last, without its legs: they are orders of their own.
    told : Decimal
        Shares that are filled, as far as the venue has told.
    end : type of event or None
        How it ended, once that is known; it is told when all executions are.
    refused : bool
        A replacement that never came into force.
    """

    def __init__(self, venue: VenueOrder) -> None:
        self.venue = _alone(venue)
        self.executions = Executions()
        self.told = NOTHING
        self.end: type[Canceled | Expired] | None = None
        self.refused = False

    @property
    def is_complete(self) -> bool:
        """Whether every execution that was told of is accounted for."""
        return self.executions.quantity >= self.told


class Replacement(msgspec.Struct, frozen=True):
    """A change that is on its way to the venue: which one of its order, and its id there."""

    number: int
    venue_client_id: str


class OwnOrder:
    """What we asked for, and what became of it.

    Parameters
    ----------
    client_order_id : str
    symbol, side, type : str
        In the venue's words.
    quantity : Decimal
        Shares, of the whole order.
    price, trigger_price : Decimal or None
        USD; limit and stop.
    parent : str or None
        Client order id of the entry, for a leg.
    """

    def __init__(
        self,
        client_order_id: str,
        symbol: str,
        side: str,
        type: str,  # noqa: A002  (the venue's word)
        quantity: Decimal,
        price: Decimal | None = None,
        trigger_price: Decimal | None = None,
        parent: str | None = None,
    ) -> None:
        self.client_order_id = client_order_id
        self.symbol = symbol
        self.side = side
        self.type = type
        self.quantity = quantity
        self.price = price
        self.trigger_price = trigger_price
        self.parent = parent
        self.links: list[Link] = []
        self.fills: list[Filled] = []
        self.replacements = 0
        self.pending: Replacement | None = None
        self.refused: set[int] = set()
        self.ended: Filled | Canceled | Expired | Rejected | None = None
        self.ts_accepted: int | None = None
        self.given_up = False

    @property
    def current(self) -> Link | None:
        """The venue order that is in force."""
        return next((link for link in reversed(self.links) if not link.refused), None)

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come of it."""
        return self.ended is not None

    @property
    def is_open(self) -> bool:
        """Whether the venue has it and it may still fill."""
        return self.current is not None and not self.is_closed

    @property
    def filled(self) -> Decimal:
        """Shares filled over all its venue orders."""
        return sum((link.executions.quantity for link in self.links), NOTHING)

    @property
    def value(self) -> Decimal:
        """Shares × price of its executions in USD."""
        return sum((link.executions.value for link in self.links), NOTHING)

    @property
    def misses_fills(self) -> bool:
        """Whether the venue has told of executions that did not come."""
        return any(not link.is_complete for link in self.links)

    def link(self, venue_order_id: str) -> Link:
        """Return the venue order of that id."""
        return next(link for link in self.links if link.venue.id == venue_order_id)

    def attach(self, venue: VenueOrder) -> Iterator[OrderUpdate]:
        """Take a venue order as the one in force from now on."""
        replaced = self.current
        self.links.append(Link(venue))
        self.pending = None
        if replaced is None:
            return
        if replaced.told == 0 and venue.qty is not None:
            self.quantity = venue.qty
        self._take_terms(venue)
        if not self.is_closed:
            yield self._updated(venue)

    def precede(self, venue: VenueOrder) -> None:
        """Take a venue order as the one before the first: its executions are ours, too."""
        link = Link(venue)
        link.told = venue.filled_qty
        self.links.insert(0, link)
        self.quantity += venue.filled_qty

    def observe(self, venue: VenueOrder) -> Iterator[OrderUpdate]:
        """Compare with what the venue says of one of its orders, now or some time ago."""
        if venue.status not in STATUSES:
            return
        link = self.link(venue.id)
        link.told = max(link.told, venue.filled_qty)
        newer = (venue.updated_at or 0) >= (link.venue.updated_at or 0)
        is_news = newer or venue.filled_qty > link.venue.filled_qty
        if is_news:
            link.venue = _alone(venue)
        if self.given_up:
            if venue.status in LIVE:
                yield Stray(self.client_order_id, venue.id, _ts(venue))
            return
        if venue.status == "rejected":
            yield from self._rejected(link, venue)
            return
        yield from self._accepted(venue)
        end = _ENDS.get(venue.status)
        if venue.status in _DAY_ENDS and venue.time_in_force == "day":
            end = Expired
        if end is not None:
            link.end = end
        elif is_news and link is self.current and venue.status in LIVE and not self.pending:
            yield from self._compare_terms(link, venue)
        yield from self.settle()

    def execute(
        self, link: Link, quantity: Decimal, price: Decimal, cumulative: Decimal, ts: int
    ) -> Iterator[OrderUpdate]:
        """Account for an execution of one of its venue orders."""
        if not link.executions.take(quantity, price, cumulative):
            return
        link.told = max(link.told, cumulative)
        yield from self._filled(link, quantity, price, cumulative, ts)

    def make_up(self, link: Link) -> Iterator[OrderUpdate]:
        """Account for executions that are told of in sum alone."""
        venue = link.venue
        if link.is_complete or venue.filled_avg_price is None:
            return
        made = link.executions.make_up(venue.filled_qty, venue.filled_avg_price)
        if made is not None:
            yield from self._filled(link, *made, venue.filled_at or _ts(venue))

    def stand_in(
        self, venue: VenueOrder, executions: Sequence[tuple[Decimal, Decimal, int]]
    ) -> Iterator[OrderUpdate]:
        """Take an order of somebody else for this one, which was not sent.

        What it leaves of ours is canceled.

        Parameters
        ----------
        executions : sequence of (Decimal, Decimal, int)
            Shares, price in USD and time (UTC ns) of those of its executions that count.
        """
        told = sum((quantity for quantity, _, _ in executions), NOTHING)
        link = Link(msgspec.structs.replace(venue, qty=told, filled_qty=told, replaces=None))
        self.links.append(link)
        cumulative = NOTHING
        for quantity, price, ts in executions:
            cumulative += quantity
            yield from self.execute(link, quantity, price, cumulative, ts)
        if not self.is_closed:
            link.end = Canceled
            yield from self.settle()

    def refuse_replacement(self, link: Link, ts: int) -> Iterator[OrderUpdate]:
        """Go back to the order that stays, for its replacement did not come into force."""
        link.refused = True
        self.pending = None
        stays = self.current
        if stays is None or self.is_closed:
            return
        self._take_terms(stays.venue)
        if stays.told == 0 and stays.venue.qty is not None:
            self.quantity = stays.venue.qty
        if stays.end is None and stays.told < self.quantity:
            yield self._updated(stays.venue, ts)
        yield from self.settle()

    def settle(self) -> Iterator[OrderUpdate]:
        """Tell the end, once all executions are told."""
        link = self.current
        if link is None or link.end is None or self.is_closed or self.misses_fills:
            return
        self.ended = link.end(self.client_order_id, link.venue.id, _ts(link.venue))
        yield self.ended

    def _accepted(self, venue: VenueOrder) -> Iterator[OrderUpdate]:
        if self.ts_accepted is None and not self.is_closed:
            self.ts_accepted = venue.submitted_at or venue.created_at or _ts(venue)
            yield Accepted(self.client_order_id, venue.id, self.ts_accepted)

    def _rejected(self, link: Link, venue: VenueOrder) -> Iterator[OrderUpdate]:
        if len(self.links) > 1 and link is self.current:
            yield from self.refuse_replacement(link, _ts(venue))
        elif not link.refused and not self.is_closed:
            reason = "the venue rejected it"
            self.ended = Rejected(self.client_order_id, venue.id, _ts(venue), reason)
            yield self.ended

    def _filled(
        self, link: Link, quantity: Decimal, price: Decimal, cumulative: Decimal, ts: int
    ) -> Iterator[OrderUpdate]:
        yield from self._accepted(link.venue)
        venue_order_id = link.venue.id
        trade_id = trade_id_of(venue_order_id, cumulative)
        filled = Filled(self.client_order_id, venue_order_id, ts, trade_id, quantity, price)
        self.fills.append(filled)
        if self.filled >= self.quantity:
            self.ended = filled
        yield filled
        yield from self.settle()

    def _compare_terms(self, link: Link, venue: VenueOrder) -> Iterator[OrderUpdate]:
        """Tell of terms that the venue changed by itself: a sibling's fill took shares."""
        before = self.filled - link.executions.quantity
        same = venue.qty is None or self.quantity in {venue.qty, venue.qty + before}
        terms = self.price, self.trigger_price
        self._take_terms(venue)
        if not same and venue.qty is not None:
            self.quantity = venue.qty + before
        if not same or terms != (self.price, self.trigger_price):
            yield self._updated(venue)

    def _take_terms(self, venue: VenueOrder) -> None:
        if self.price is not None and venue.limit_price is not None:
            self.price = venue.limit_price
        if self.trigger_price is not None and venue.stop_price is not None:
            self.trigger_price = venue.stop_price

    def _updated(self, venue: VenueOrder, ts: int | None = None) -> Updated:
        return Updated(
            self.client_order_id,
            venue.id,
            _ts(venue) if ts is None else ts,
            self.quantity,
            self.price,
            self.trigger_price,
        )


def _alone(venue: VenueOrder) -> VenueOrder:
    return msgspec.structs.replace(venue, legs=()) if venue.legs else venue


def _ts(venue: VenueOrder) -> int:
    """Return when an order came to be as it is, as far as it says so."""
    ended = venue.canceled_at or venue.expired_at or venue.failed_at
    return ended or venue.updated_at or venue.submitted_at or venue.created_at or 0
