"""All our orders at the venue, from whatever it says of them, in whatever order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from adapters.alpaca.orders.events import (
    Adopted,
    Canceled,
    CancelRejected,
    Expired,
    Filled,
    Foreign,
    ModifyRejected,
    OrderUpdate,
    Rejected,
)
from adapters.alpaca.orders.ids import OrderIds
from adapters.alpaca.orders.known_orders import KnownOrders
from adapters.alpaca.orders.own_order import LIVE, STATUSES, Link, OwnOrder, Replacement
from adapters.alpaca.wire.rest import VenueActivity, VenueOrder
from adapters.alpaca.wire.trading import TradeUpdate
from engine.domain.facts import OrderRole
from engine.domain.order_names import order_id, order_name, trade_of

_FILLS = frozenset({"fill", "partial_fill"})
_EVENTS = _FILLS | {
    "accepted", "calculated", "canceled", "done_for_day", "expired", "held", "new",
    "order_cancel_rejected", "order_replace_rejected", "pending_cancel", "pending_new",
    "pending_replace", "pending_review", "rejected", "replaced", "restated", "stopped",
    "suspended",
}  # fmt: skip
_LEGS = (OrderRole.TAKE_PROFIT, OrderRole.STOP_LOSS)
_ENDINGS = (Filled, Canceled, Expired, Rejected)


class OwnOrders:
    """What we sent, under which ids the venue knows it, and what has been told of it.

    Every method that hears from the venue yields what is news, each thing once: updates may come
    twice, late, before the answer to the request, or not at all.

    Attributes
    ----------
    known : KnownOrders
        What is known so far, to be asked.
    orders : dict
        Those, by our client order id.
    foreign : dict
        Open orders of others in this account, by venue order id.
    looks : set of str
        Venue orders to be looked up with their legs: something must have happened to them of
        which nobody tells.
    skipped : int
        Updates that could not be used.
    voided : set of str
        Ids at the venue that stand for no order of ours: they were used up, so that none can come.
    """

    def __init__(self, ids: OrderIds) -> None:
        self.ids = ids
        self.known = KnownOrders()
        self.orders = self.known.orders
        self.foreign: dict[str, VenueOrder] = {}
        self.looks: set[str] = set()
        self.skipped = 0
        self.voided: set[str] = set()
        self.tells_adopted = False
        self._by_venue = self.known.by_venue
        self._unanswered: set[str] = set()
        self._stashed: list[TradeUpdate] = []
        self._executions: set[str] = set()
        self._told_foreign: set[str] = set()

    def sent(self, order: OwnOrder, legs: Iterable[OwnOrder] = ()) -> None:
        """Note what is about to be sent; until ``answered`` strange legs may be its own."""
        for each in (order, *legs):
            self.orders[each.client_order_id] = each
        self._unanswered.add(order.client_order_id)

    def answered(self, client_order_id: str, venue: VenueOrder) -> Iterator[OrderUpdate]:
        """Hear the answer to an order: it was taken."""
        self._unanswered.discard(client_order_id)
        yield from self.see(venue)
        yield from self._take_stashed()

    def refused(self, client_order_id: str, reason: str, ts: int) -> Iterator[OrderUpdate]:
        """Hear that an order was refused, and with it its legs."""
        self._unanswered.discard(client_order_id)
        for order in self.known.group(client_order_id):
            if not order.is_closed:
                order.ended = Rejected(order.client_order_id, "", ts, reason)
                yield order.ended
        yield from self._take_stashed()

    def given_up(self, client_order_id: str, reason: str, ts: int) -> Iterator[OrderUpdate]:
        """Hear that an order never arrived; should it come to light, it is a stray."""
        for order in self.known.group(client_order_id):
            order.given_up = True
        yield from self.refused(client_order_id, reason, ts)

    def stood_in(
        self,
        client_order_id: str,
        venue: VenueOrder,
        executions: Sequence[tuple[Decimal, Decimal, int]],
    ) -> Iterator[OrderUpdate]:
        """Hear that an order of somebody else did what ours, not sent yet, was to do.

        Parameters
        ----------
        executions : sequence of (Decimal, Decimal, int)
            Shares, price in USD and time (UTC ns) of those of its executions that were ours.
        """
        self._unanswered.discard(client_order_id)
        yield from self.orders[client_order_id].stand_in(venue, executions)
        yield from self._take_stashed()

    def replacing(self, client_order_id: str) -> Replacement:
        """Begin a replacement."""
        order = self.orders[client_order_id]
        order.replacements += 1
        number = order.replacements
        order.pending = Replacement(number, self.ids.venue_id(client_order_id, number))
        return order.pending

    def replaced(
        self, client_order_id: str, replacement: Replacement, venue: VenueOrder
    ) -> Iterator[OrderUpdate]:
        """Hear the answer to a replacement: it was taken, which is no promise."""
        if replacement.number not in self.orders[client_order_id].refused:
            yield from self.see(venue)

    def not_replaced(
        self, client_order_id: str, replacement: Replacement, reason: str, ts: int
    ) -> Iterator[OrderUpdate]:
        """Hear that a replacement was refused."""
        order = self.orders[client_order_id]
        order.refused.add(replacement.number)
        if order.pending == replacement:
            order.pending = None
            self._look_at_group(order)
            if not order.is_closed:
                yield ModifyRejected(client_order_id, self.known.venue_id(order), ts, reason)

    def take(self, update: TradeUpdate) -> Iterator[OrderUpdate]:
        """Hear an update of the stream; what is not understood is to be looked up."""
        venue = update.order
        if venue.client_order_id in self.voided:
            return
        if update.event not in _EVENTS:
            self.skipped += 1
            self.looks |= {venue.id} & self._by_venue.keys()
            return
        yield from self._refused_first(venue)
        yield from self._place(venue)
        order = self._by_venue.get(venue.id)
        if order is None:
            yield from self._strange(update)
            return
        if venue.status not in STATUSES:
            self.looks.add(venue.id)
        news: list[OrderUpdate] = []
        if update.event in _FILLS:
            news += self._fill(order, update)
        news += self.see(venue)
        ts = _ts(update)
        if update.event == "order_replace_rejected":
            news += self._back_to(order, order.link(venue.id), ts)
        elif update.event == "order_cancel_rejected" and not order.is_closed:
            reason = "the venue did not cancel it"
            news.append(CancelRejected(order.client_order_id, venue.id, ts, reason))
        yield from news

    def see(self, venue: VenueOrder) -> Iterator[OrderUpdate]:
        """Hear what an order is like now, with its legs where they are nested."""
        if venue.client_order_id in self.voided:
            return
        yield from self._place(venue)
        order = self._by_venue.get(venue.id)
        if order is None:
            yield from self._foreign(venue)
            return
        if venue.status not in STATUSES:
            self.skipped += 1
        legs = venue.legs or ()
        for leg in legs:
            yield from self._place_leg(order, leg)
        for each in (venue, *legs):
            own = self._by_venue[each.id]
            news = list(own.observe(each))
            if each.status == "replaced":
                news += self._gone(own, own.link(each.id), each)
            if any(isinstance(one, _ENDINGS) for one in news):
                self._look_at_group(own)
            yield from news

    def book(self, activity: VenueActivity) -> Iterator[OrderUpdate]:
        """Hear of an execution from the list of activities."""
        order = self._by_venue.get(activity.order_id)
        if order is None or activity.cum_qty is None:
            return
        yield from self._executed(
            order, activity.order_id, activity.qty, activity.price, activity.cum_qty,
            activity.transaction_time,
        )  # fmt: skip

    def make_up(self, order: OwnOrder) -> Iterator[OrderUpdate]:
        """Account for executions of an order that nobody told of one by one."""
        for link in order.links:
            yield from order.make_up(link)
        self._look_at_group(order)

    def precede(self, venue_order_id: str, venue: VenueOrder | None) -> None:
        """Put an order before the one that replaced it; None is one the venue has forgotten."""
        order = next(
            order
            for order in self.orders.values()
            if order.links and order.links[0].venue.replaces == venue_order_id
        )
        self._by_venue[venue_order_id] = order
        if venue is not None:
            order.precede(venue)

    def _place(self, venue: VenueOrder) -> Iterator[OrderUpdate]:
        """Find out whose a venue order is, the first time it is seen."""
        if venue.id in self._by_venue or venue.id in self.foreign:
            return
        own = self.ids.own(venue.client_order_id)
        if own is not None:
            order = self.orders.get(own.client_order_id)
            if order is None:
                order = self._resume_trade(own.client_order_id, venue)
                if self.tells_adopted:
                    yield Adopted(own.client_order_id, venue.id, venue.updated_at or 0)
            order.replacements = max(order.replacements, own.replacement)
            yield from self._attach(order, venue, refused=own.replacement in order.refused)
        elif venue.replaces in self._by_venue:
            yield from self._attach(self._by_venue[venue.replaces], venue)

    def _place_leg(self, parent: OwnOrder, leg: VenueOrder) -> Iterator[OrderUpdate]:
        """Find out which of an order's legs a venue order is; the venue named it."""
        yield from self._place(leg)
        if leg.id in self._by_venue:
            return
        role = OrderRole.TAKE_PROFIT if leg.type == "limit" else OrderRole.STOP_LOSS
        client_order_id = order_id(role, trade_of(parent.client_order_id))
        order = self.orders.get(client_order_id) or self._resume_trade(client_order_id, leg)
        order.parent = parent.client_order_id
        yield from self._attach(order, leg)

    def _resume_trade(self, client_order_id: str, venue: VenueOrder) -> OwnOrder:
        """Take an order of an earlier epoch for what the venue says it is."""
        name = order_name(client_order_id)
        entry = None
        if name is not None and name.role in _LEGS:
            entry = order_id(OrderRole.ENTRY, name.trade_id)
        order = self.orders[client_order_id] = OwnOrder(
            client_order_id,
            venue.symbol,
            venue.side,
            venue.type or venue.order_type,
            venue.qty or Decimal(0),
            venue.limit_price,
            venue.stop_price,
            parent=entry if entry in self.orders else None,
        )
        return order

    def _attach(
        self, order: OwnOrder, venue: VenueOrder, *, refused: bool = False
    ) -> Iterator[OrderUpdate]:
        self._by_venue[venue.id] = order
        self.foreign.pop(venue.id, None)
        if refused:
            link = Link(venue)
            link.refused = True
            order.links.append(link)
        else:
            yield from order.attach(venue)

    def _fill(self, order: OwnOrder, update: TradeUpdate) -> Iterator[OrderUpdate]:
        venue, execution = update.order, update.execution_id
        if update.price is None or update.qty is None:
            self.skipped += 1
            return
        if execution is not None and execution in self._executions:
            return
        if execution is not None:
            self._executions.add(execution)
        yield from self._executed(
            order, venue.id, update.qty, update.price, venue.filled_qty, _ts(update)
        )

    def _executed(
        self,
        order: OwnOrder,
        venue_order_id: str,
        quantity: Decimal,
        price: Decimal,
        cumulative: Decimal,
        ts: int,
    ) -> Iterator[OrderUpdate]:
        news = list(order.execute(order.link(venue_order_id), quantity, price, cumulative, ts))
        if news:
            self._look_at_group(order)
        yield from news

    def _refused_first(self, venue: VenueOrder) -> Iterator[OrderUpdate]:
        """Hear of a refused replacement before it was known at all."""
        own = self.ids.own(venue.client_order_id)
        order = self.orders.get(own.client_order_id) if own else None
        if own is None or order is None or order.pending is None:
            return
        is_new = venue.id not in self._by_venue and order.pending.number == own.replacement
        if is_new and venue.status == "rejected":
            ts = venue.failed_at or venue.updated_at or 0
            reason = "the venue rejected the replacement"
            yield from self.not_replaced(own.client_order_id, order.pending, reason, ts)

    def _back_to(self, order: OwnOrder, link: Link, ts: int) -> Iterator[OrderUpdate]:
        """Hear that an order was not replaced after all."""
        reason = "the venue did not replace it"
        if order.pending is not None and link is order.current:
            yield from self.not_replaced(order.client_order_id, order.pending, reason, ts)
        elif order.current is not None and link is not order.current:
            yield from order.refuse_replacement(order.current, ts)

    def _gone(self, order: OwnOrder, link: Link, venue: VenueOrder) -> Iterator[OrderUpdate]:
        """Hear that an order was replaced, by ourselves, by its sibling or by somebody else."""
        if link is not order.current or order.pending is not None or order.is_closed:
            return
        if venue.replaced_by in self._by_venue:
            link.end = Canceled
            yield from order.settle()
        elif venue.replaced_by:
            self.looks.add(venue.replaced_by)

    def _look_at_group(self, order: OwnOrder) -> None:
        """Have a group looked up, for what happens to one order ends or shrinks the others."""
        parent = self.orders.get(order.parent or order.client_order_id)
        if parent is None or parent.current is None:
            return
        group = self.known.group(parent.client_order_id)
        has_fills = any(leg.filled for leg in group[1:])
        has_ended = any(each.is_closed and not isinstance(each.ended, Filled) for each in group)
        if (has_fills or has_ended) and any(each.is_open for each in group):
            self.looks.add(parent.current.venue.id)

    def _strange(self, update: TradeUpdate) -> Iterator[OrderUpdate]:
        """Keep what may be a leg of an order that is not answered yet."""
        venue = update.order
        if any(self.orders[sent].symbol == venue.symbol for sent in self._unanswered):
            self._stashed.append(update)
        else:
            yield from self._foreign(venue)

    def _take_stashed(self) -> Iterator[OrderUpdate]:
        stashed, self._stashed = self._stashed, []
        for update in stashed:
            yield from self.take(update)

    def _foreign(self, venue: VenueOrder) -> Iterator[OrderUpdate]:
        if venue.status in LIVE:
            self.foreign[venue.id] = venue
        else:
            self.foreign.pop(venue.id, None)
        if venue.status in LIVE and venue.id not in self._told_foreign:
            self._told_foreign.add(venue.id)
            amount = f"{venue.notional} USD of" if venue.qty is None else f"{venue.qty:f}"
            yield Foreign(
                venue.symbol,
                f"{venue.side} {amount} {venue.symbol} {venue.type} is {venue.status}, "
                f"client order id {venue.client_order_id}, order {venue.id}",
            )


def _ts(update: TradeUpdate) -> int:
    """Return when something happened, UTC ns."""
    order = update.order
    return update.timestamp or order.updated_at or order.created_at or 0
