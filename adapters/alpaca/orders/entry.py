"""Our commands on their way to the venue, and what to believe when no answer comes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from adapters.alpaca.http.outcomes import Accepted, CancelRequested, Outcome, Rejected, Unknown
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.closed_by_hand import ClosedByHand
from adapters.alpaca.orders.events import CancelRejected, OrderUpdate
from adapters.alpaca.orders.executions import NOTHING
from adapters.alpaca.orders.own_order import OwnOrder, Replacement
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.orders.requests import OrderRequest, ReplaceRequest
from adapters.alpaca.orders.rules import refuse, refuse_replace
from adapters.alpaca.orders.wash_trade import first_wash_trade
from adapters.alpaca.wire.rest import VenueFault, VenueOrder
from adapters.transport.backoff import Backoff
from adapters.transport.token_bucket import Priority
from engine.domain.errors import VenueError, VenueUnavailable

if TYPE_CHECKING:
    from engine.runtime.live.venue import VenueWatch

_FIRST_LOOK_SECS, _LONGEST_LOOK_SECS = 1.0, 10.0
_SEND_AGAIN_SECS = 1.0
"""How long the venue has to say that it does not have an exit before that is sent once more."""

_log = logging.getLogger(__name__)

type OnRefused = Callable[[str, VenueFault], None]


class Waiting(msgspec.Struct, frozen=True):
    """An order that is sent when the orders that hold its shares are closed."""

    request: OrderRequest
    holders: tuple[OwnOrder, ...]


class OrderEntry:
    """Sends, replaces and cancels; commands of one trade go one after another.

    Parameters
    ----------
    tell : callable
        Takes what is news.
    watch : VenueWatch
        Hears of orders whose fate is not known.
    now : callable
        Returns the host's time, UTC ns.
    give_up_secs : float
        After so long an order that the venue says it does not have is given up.
    on_refused : callable
        Takes the symbol and the refusal of every order and change that the venue does not take.

    Attributes
    ----------
    by_hand : ClosedByHand
        Books what others close of ours.
    """

    def __init__(
        self,
        rest: AlpacaRest,
        own: OwnOrders,
        tell: Callable[[Iterable[OrderUpdate]], None],
        watch: VenueWatch,
        now: Callable[[], int],
        *,
        give_up_secs: float = 30.0,
        on_refused: OnRefused = lambda *_: None,
    ) -> None:
        self._rest = rest
        self._own = own
        self._tell = tell
        self._watch = watch
        self._now = now
        self._give_up_secs = give_up_secs
        self._on_refused = on_refused
        self.by_hand = ClosedByHand(rest, own, tell, watch)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: dict[str, Waiting] = {}

    def refusal(self, request: OrderRequest, *, reduce_only: bool) -> str | None:
        """Return why an order is not sent at all, None when nothing speaks against it."""
        refused = refuse(request)
        if refused is not None:
            return f"{refused.reason}: {refused.text}"
        if reduce_only and (why := self._increases(request)):
            return why
        existing = [
            order.current.venue
            for order in self._own.known.open_orders(request.symbol)
            if order.current is not None
        ]
        other = first_wash_trade([*existing, *self._own.foreign.values()], request)
        if other is not None:
            return f"wash_trade: an opposite order is open, {other.client_order_id or other.id}"
        return None

    async def submit(self, client_order_id: str, request: OrderRequest) -> None:
        """Send an order that stands in the books as sent."""
        async with self._turn(client_order_id):
            await self._send(client_order_id, request, Priority.SUBMIT)

    async def close_out(self, client_order_id: str, request: OrderRequest) -> None:
        """Send an order that lessens a position, as soon as no other order holds its shares."""
        async with self._turn(client_order_id):
            holders = self._holders(request)
            if not holders:
                await self._send_exit(client_order_id, request)
                return
            self._waiting[client_order_id] = Waiting(request, tuple(holders))
            for holder in holders:
                why = await self._cancel(holder)
                if holder.is_closed:
                    continue
                if why is not None and self._waiting.pop(client_order_id, None):
                    why = f"{holder.client_order_id} holds the shares and was not canceled: {why}"
                    self._tell(self._own.refused(client_order_id, why, self._now()))

    def freed(self) -> list[str]:
        """Return the orders whose shares have become free; ``send_freed`` is to send them."""
        return [
            client_order_id
            for client_order_id, waiting in self._waiting.items()
            if all(holder.is_closed for holder in waiting.holders)
        ]

    async def send_freed(self, client_order_id: str) -> None:
        """Send an order that waited for its shares."""
        waiting = self._waiting.pop(client_order_id, None)
        if waiting is None:
            return
        async with self._turn(client_order_id):
            why = self._increases(waiting.request)
            if why is not None:
                self._tell(self._own.refused(client_order_id, why, self._now()))
                return
            await self._send_exit(client_order_id, waiting.request)

    async def replace(
        self,
        client_order_id: str,
        *,
        quantity: Decimal | None,
        price: Decimal | None,
        trigger_price: Decimal | None,
    ) -> None:
        """Change what is given of an order."""
        async with self._turn(client_order_id):
            order = self._own.orders[client_order_id]
            if order.is_closed:
                return
            replacement = self._own.replacing(client_order_id)
            change = ReplaceRequest(
                replacement.venue_client_id,
                qty=None if quantity == order.quantity else quantity,
                limit_price=price,
                stop_price=trigger_price,
            )
            refused = refuse_replace(change)
            why = f"{refused.reason}: {refused.text}" if refused is not None else None
            if change.qty is not None and order.filled:
                why = "the quantity of a partly filled order cannot be changed"
            if order.current is None:
                why = "the venue does not have the order"
            if why is not None or order.current is None:
                self._not_replaced(client_order_id, replacement, why or "")
                return
            await self._replace(order, order.current.venue.id, replacement, change)

    async def cancel(self, client_order_id: str) -> None:
        """Ask for an order to be canceled."""
        async with self._turn(client_order_id):
            order = self._own.orders[client_order_id]
            if self._waiting.pop(client_order_id, None):
                why = "canceled before it was sent"
                self._tell(self._own.refused(client_order_id, why, self._now()))
            elif not order.is_closed:
                why = await self._cancel(order)
                if why is not None and not order.is_closed:
                    venue_id = self._own.known.venue_id(order)
                    self._tell([CancelRejected(client_order_id, venue_id, self._now(), why)])

    async def cancel_stray(self, venue_order_id: str) -> None:
        """Cancel an order that was given up but lives, until the venue has answered."""
        trouble, backoff = f"stray {venue_order_id}", Backoff(_FIRST_LOOK_SECS, _LONGEST_LOOK_SECS)
        self._watch.issue_raised(trouble, f"order {venue_order_id} is canceled")
        while True:
            with suppress(VenueUnavailable):
                if not isinstance(await self._rest.cancel(venue_order_id), Unknown):
                    break
            await asyncio.sleep(backoff.next_secs())
        self._watch.issue_cleared(trouble)

    async def _send_exit(self, client_order_id: str, request: OrderRequest) -> None:
        """Send an order that closes, unless the account does not hold what it is to close.

        Then it would open a position on the other side. What was closed by hand is booked. One
        that did not arrive is sent again soon, as what is held may be unprotected: the venue takes
        an id once, so that it is the same order if the first comes late.
        """
        while True:
            try:
                missing = await self.by_hand.missing(request.symbol)
                if missing and await self.by_hand.stand_in(client_order_id, missing):
                    return
            except VenueError as error:
                _log.warning("%s leaves without a look at the position: %s", client_order_id, error)
                missing = NOTHING
            if missing:
                break
            if await self._send(client_order_id, request, Priority.CANCEL):
                return
            _log.warning("%s did not arrive: it is sent again", client_order_id)
        for order in self._own.orders.values():
            root = self._root(order) if order.symbol == request.symbol else ""
            if self._own.known.find(root) is not None:
                self._own.looks.add(root)
        why = (
            f"{missing:f} shares of {request.symbol} that our orders left are not in the account, "
            "and no execution of anybody's tells where they went"
        )
        self._tell(self._own.refused(client_order_id, why, self._now()))

    async def _send(self, client_order_id: str, request: OrderRequest, priority: Priority) -> bool:
        """Send an order; return False where it has not arrived and is to be sent again."""
        try:
            outcome = await self._rest.submit(request, priority)
        except VenueUnavailable as error:
            self._tell(self._own.refused(client_order_id, f"not sent: {error}", self._now()))
            return True
        match outcome:
            case Accepted():
                await self._answered(client_order_id, outcome.order)
            case Rejected():
                why = reason(outcome.fault)
                _log.warning("%s is refused: %s", client_order_id, why)
                self._tell(self._own.refused(client_order_id, why, self._now()))
                self._on_refused(request.symbol, outcome.fault)
            case Unknown():
                return await self._find_out(client_order_id, request, priority, outcome.reason)
        return True

    async def _answered(self, client_order_id: str, venue: VenueOrder) -> None:
        """Take an answer; one that was looked up may lack the legs."""
        if venue.order_class == "bracket" and not venue.legs:
            venue = await self._rest.order_by_id(venue.id) or venue
        self._tell(self._own.answered(client_order_id, venue))

    async def _find_out(
        self, client_order_id: str, request: OrderRequest, priority: Priority, why: str
    ) -> bool:
        """Ask until it is certain whether an order arrived; a silent venue decides nothing.

        False for an exit that is to be sent again.
        """
        closes = priority is Priority.CANCEL
        patience = _SEND_AGAIN_SECS if closes else self._give_up_secs
        trouble = f"order {client_order_id}"
        self._watch.issue_raised(trouble, f"it is not known whether it arrived: {why}")
        backoff = Backoff(_FIRST_LOOK_SECS, _LONGEST_LOOK_SECS)
        first_absent: float | None = None
        while True:
            try:
                venue = await self._rest.order_by_client_id(request.client_order_id, priority)
            except VenueError as error:
                self._watch.issue_raised(trouble, f"it is not known whether it arrived: {error}")
                venue, first_absent = None, None
            else:
                if venue is not None:
                    await self._answered(client_order_id, venue)
                    break
                absent_since = time.monotonic() if first_absent is None else first_absent
                is_absent = time.monotonic() - absent_since >= patience
                if is_absent and closes:
                    self._watch.issue_cleared(trouble)
                    return False
                if is_absent:
                    why = f"not found at the venue for {self._give_up_secs:g} s"
                    self._tell(self._own.given_up(client_order_id, why, self._now()))
                    break
                first_absent = absent_since
            await asyncio.sleep(backoff.next_secs())
        self._watch.issue_cleared(trouble)
        return True

    async def _replace(
        self,
        order: OwnOrder,
        venue_order_id: str,
        replacement: Replacement,
        change: ReplaceRequest,
    ) -> None:
        try:
            outcome: Outcome = await self._rest.replace(venue_order_id, change, Priority.CANCEL)
        except VenueUnavailable as error:
            self._not_replaced(order.client_order_id, replacement, f"not sent: {error}")
            return
        match outcome:
            case Accepted():
                news = self._own.replaced(order.client_order_id, replacement, outcome.order)
                self._tell(news)
            case Rejected():
                why = reason(outcome.fault)
                _log.warning("a change of %s is refused: %s", order.client_order_id, why)
                self._not_replaced(order.client_order_id, replacement, why)
                self._on_refused(order.symbol, outcome.fault)
            case Unknown():
                await self._find_out_replacement(order, replacement, change, outcome.reason)

    async def _find_out_replacement(
        self, order: OwnOrder, replacement: Replacement, change: ReplaceRequest, why: str
    ) -> None:
        trouble = f"change of {order.client_order_id}"
        self._watch.issue_raised(trouble, f"it is not known whether it arrived: {why}")
        backoff = Backoff(_FIRST_LOOK_SECS, _LONGEST_LOOK_SECS)
        while order.pending == replacement and not order.is_closed:
            try:
                venue = await self._rest.order_by_client_id(change.client_order_id)
            except VenueError as error:
                self._watch.issue_raised(trouble, f"it is not known whether it arrived: {error}")
            else:
                if venue is not None:
                    self._tell(self._own.replaced(order.client_order_id, replacement, venue))
                else:
                    self._not_replaced(order.client_order_id, replacement, f"{why}; not found")
                break
            await asyncio.sleep(backoff.next_secs())
        self._watch.issue_cleared(trouble)

    async def _cancel(self, order: OwnOrder) -> str | None:
        """Ask for a cancel and return why it was refused, or that it may never have arrived.

        That it came about is told by an update or found by a look. An order that the venue does
        not cancel has mostly ended unheard of, so it is looked up before anything else is asked.
        Where no answer came, nobody may wait for its end: whoever wants it asks again at the next
        look, and an order that is asked for twice is canceled once.
        """
        if order.current is None:
            return "the venue does not have the order"
        try:
            outcome = await self._rest.cancel(order.current.venue.id)
        except VenueUnavailable as error:
            return f"not sent: {error}"
        if isinstance(outcome, CancelRequested):
            return None
        self._own.looks.add(self._root(order))
        if isinstance(outcome, Unknown):
            return f"it is not known whether the cancel arrived: {outcome.reason}"
        with suppress(VenueError):
            venue = await self._rest.order_by_id(self._root(order), priority=Priority.CANCEL)
            if venue is not None:
                self._tell(self._own.see(venue))
        return reason(outcome.fault)

    def _not_replaced(self, client_order_id: str, replacement: Replacement, why: str) -> None:
        self._tell(self._own.not_replaced(client_order_id, replacement, why, self._now()))

    def _root(self, order: OwnOrder) -> str:
        """Return the venue order under which an order is nested, or its own."""
        parent = self._own.orders.get(order.parent or order.client_order_id, order)
        return self._own.known.venue_id(parent)

    def _increases(self, request: OrderRequest) -> str | None:
        """Return why an order would do more than close what is held."""
        held = self._own.known.held(request.symbol)
        closes = held < 0 if request.side == "buy" else held > 0
        if closes and request.qty is not None and request.qty <= abs(held):
            return None
        return (
            f"reduce_only: {request.side} {request.qty} {request.symbol} would do more than close "
            f"the {held} shares held"
        )

    def _holders(self, request: OrderRequest) -> list[OwnOrder]:
        """Return our open orders that hold the shares an order wants: those that are awake."""
        same = [
            order
            for order in self._own.known.open_orders(request.symbol)
            if order.side == request.side
        ]
        return [order for order in same if order.parent is None or self._is_awake(order)]

    def _is_awake(self, leg: OwnOrder) -> bool:
        parent = self._own.orders.get(leg.parent or "")
        return parent is None or parent.is_closed

    def _turn(self, client_order_id: str) -> asyncio.Lock:
        order = self._own.orders.get(client_order_id)
        return self._turns[order.parent or client_order_id if order else client_order_id]


def reason(fault: VenueFault) -> str:
    """Return what a refusal says, with what it says beside."""
    code = f" (code {fault.code})" if fault.code is not None else ""
    beside = "".join(f", {name} {value}" for name, value in sorted(fault.extra.items()))
    return f"HTTP {fault.http_status}{code}: {fault.message}{beside}"
