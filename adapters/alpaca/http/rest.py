"""The account over REST: orders out, and everything that reconciles."""

from __future__ import annotations

import asyncio
import logging
from datetime import date
from typing import NamedTuple, Self

import msgspec

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.http.account_budget import AccountBudget
from adapters.alpaca.http.client import Door, HttpPatience, Permit, Query, Reply, Unanswered
from adapters.alpaca.http.outcomes import (
    Accepted,
    CancelOutcome,
    CancelRequested,
    Outcome,
    Rejected,
    Unknown,
)
from adapters.alpaca.orders.requests import OrderRequest, ReplaceRequest
from adapters.alpaca.wire.instants import rfc3339
from adapters.alpaca.wire.rest import (
    VenueAccount,
    VenueActivity,
    VenueAsset,
    VenueClock,
    VenueOrder,
    VenuePosition,
    read_many,
    read_one,
)
from adapters.transport.token_bucket import NANOS_PER_SECOND, TOO_MANY_REQUESTS, Priority
from engine.domain.errors import DataError, VenueRejected, VenueUnavailable

_ORDERS = "/v2/orders"
_ORDER_PAGE = 500
_FILL_PAGE = 100
_OVERLAP_NS = NANOS_PER_SECOND
_CANCEL_ATTEMPTS = 3
_CANCELLED = frozenset({"pending_cancel", "canceled"})

_log = logging.getLogger(__name__)


class VenueDay(msgspec.Struct, frozen=True, kw_only=True):
    """One trading day; times are New York wall clock, ``HH:MM``, those of sessions ``HHMM``."""

    date: str
    open: str
    close: str
    session_open: str = ""
    session_close: str = ""


class Listing[T](NamedTuple):
    """Rows of a list, and why others could not be read.

    What was skipped is there all the same: never take it for absent.
    """

    rows: tuple[T, ...]
    skipped: tuple[str, ...] = ()


class AlpacaRest:
    """The trading REST of one account, for one event loop.

    Failures are ``VenueRejected`` (a definite 4xx) or ``VenueUnavailable``; what is sent out
    returns its outcome instead, for there a failure does not tell what happened.

    Parameters
    ----------
    budget : AccountBudget, optional
        Shared by everything that uses the same keys.
    permit : Permit, optional
        Asked before whatever changes an order leaves.
    seed : int
        Repeats the jitter of the waits.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        credentials: Credentials,
        budget: AccountBudget | None = None,
        *,
        patience: HttpPatience | None = None,
        permit: Permit | None = None,
        seed: int = 0,
    ) -> None:
        self.budget = budget or AccountBudget()
        self._door = Door(
            endpoints.trading,
            credentials,
            self.budget,
            patience=patience,
            permit=permit,
            seed=seed,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._door.close()

    async def submit(self, order: OrderRequest, priority: Priority = Priority.SUBMIT) -> Outcome:
        """Send an order, once, and return what became of it.

        Without a whole answer the order is looked up by its client order id. A client order id
        that the venue has already is no refusal when it stands for this same order.

        Parameters
        ----------
        priority : Priority
            ``CANCEL`` for an order that lessens risk.

        Raises
        ------
        VenueUnavailable
            The order has not left.
        """
        reply = await self._door.send("POST", _ORDERS, priority, body=order.body())
        outcome = await self._outcome(reply, order.client_order_id)
        if isinstance(outcome, Rejected) and "must be unique" in outcome.fault.message:
            return await self._sent_before(order, outcome)
        return outcome

    async def replace(
        self, order_id: str, change: ReplaceRequest, priority: Priority = Priority.SUBMIT
    ) -> Outcome:
        """Replace an open order, once, and return the order that takes its place.

        The new order has an id of its own. That it was accepted does not mean that it replaces:
        when the old one fills first it is rejected, over trade updates.

        Raises
        ------
        VenueUnavailable
            The request has not left.
        """
        path = f"{_ORDERS}/{order_id}"
        reply = await self._door.send("PATCH", path, priority, body=change.body())
        return await self._outcome(reply, change.client_order_id)

    async def cancel(self, order_id: str) -> CancelOutcome:
        """Ask to cancel an order; done it is only when a trade update or a look-up says so.

        Raises
        ------
        VenueUnavailable
            The request has not left.
        """
        path = f"{_ORDERS}/{order_id}"
        reply = await self._door.send("DELETE", path, Priority.CANCEL)
        for _ in range(_CANCEL_ATTEMPTS - 1):
            if isinstance(reply, Unanswered) or reply.status != TOO_MANY_REQUESTS:
                break
            reply = await self._door.send("DELETE", path, Priority.CANCEL)
        if isinstance(reply, Reply) and reply.is_definite:
            return CancelRequested() if reply.is_ok else Rejected(reply.fault())
        reason = reply.reason if isinstance(reply, Unanswered) else f"HTTP {reply.status}"
        try:
            order = await self.order_by_id(order_id, priority=Priority.CANCEL)
        except (VenueRejected, VenueUnavailable) as error:
            return Unknown(f"{reason}; then {error}")
        if order is not None and order.status in _CANCELLED:
            return CancelRequested()
        return Unknown(f"{reason}; the order is {order.status if order else 'not found'}")

    async def order_by_id(
        self, order_id: str, *, nested: bool = True, priority: Priority = Priority.RECONCILE
    ) -> VenueOrder | None:
        """Return an order by the venue's id, None only when the venue says there is none."""
        query: Query = {"nested": "true" if nested else "false"}
        body = await self._door.find(f"{_ORDERS}/{order_id}", priority, query=query)
        return None if body is None else self._one(body, VenueOrder)

    async def order_by_client_id(
        self, client_order_id: str, priority: Priority = Priority.RECONCILE
    ) -> VenueOrder | None:
        """Return an order by our id, None only when the venue says there is none."""
        return await self._by_client_id(client_order_id, priority, None)

    async def open_orders(self, symbols: tuple[str, ...] = ()) -> Listing[VenueOrder]:
        """Return every open order with its legs, newest first, however many there are."""
        query: Query = {"status": "open", "symbols": ",".join(symbols) or None}
        return await self._orders(query | {"nested": "true"}, 0)

    async def orders(self, after: int, *, nested: bool = True) -> Listing[VenueOrder]:
        """Return every order submitted after an instant (UTC ns), newest first.

        Nested, with the legs that it has now; else each leg, and all that it replaced, by itself.
        """
        return await self._orders({"status": "all", "nested": str(nested).lower()}, after)

    async def positions(self, priority: Priority = Priority.RECONCILE) -> Listing[VenuePosition]:
        """Return every open position."""
        return await self._many("/v2/positions", VenuePosition, priority)

    async def position(
        self, symbol: str, priority: Priority = Priority.RECONCILE
    ) -> VenuePosition | None:
        """Return one position, None when the account is flat in the symbol."""
        body = await self._door.find(f"/v2/positions/{symbol}", priority)
        return None if body is None else self._one(body, VenuePosition)

    async def fills(self, after: int) -> Listing[VenueActivity]:
        """Return every fill that the venue wrote down after an instant (UTC ns), oldest first.

        Fills of one instant come by cumulative quantity: the venue does not order them.
        """
        found: dict[str, VenueActivity] = {}
        skipped: list[str] = []
        token: str | None = None
        while True:
            query: Query = {
                "after": rfc3339(after),
                "direction": "asc",
                "page_size": _FILL_PAGE,
                "page_token": token,
            }
            page = await self._many(
                "/v2/account/activities/FILL", VenueActivity, Priority.RECONCILE, query
            )
            known = len(found)
            found.update((fill.id, fill) for fill in page.rows)
            skipped += page.skipped
            if len(page.rows) + len(page.skipped) < _FILL_PAGE:
                break
            if len(found) == known:
                raise VenueUnavailable("the pages of fills do not go on: no fill is new")
            token = page.rows[-1].id
        rows = sorted(found.values(), key=lambda fill: (fill.transaction_time, fill.cum_qty or 0))
        return Listing(tuple(rows), tuple(skipped))

    async def account(self) -> VenueAccount:
        """Return the account's money and what it may do."""
        return self._one(await self._door.get("/v2/account", Priority.RECONCILE), VenueAccount)

    async def clock(self) -> VenueClock:
        """Return the venue's time and its next session."""
        return self._one(await self._door.get("/v2/clock", Priority.QUERY), VenueClock)

    async def calendar(self, start: date, end: date) -> Listing[VenueDay]:
        """Return the trading days from ``start`` to ``end``, both included."""
        query: Query = {"start": start.isoformat(), "end": end.isoformat()}
        return await self._many("/v2/calendar", VenueDay, Priority.QUERY, query)

    async def assets(self, status: str | None = "active") -> Listing[VenueAsset]:
        """Return every US equity, of one status or of all."""
        query: Query = {"status": status, "asset_class": "us_equity"}
        return await self._many("/v2/assets", VenueAsset, Priority.QUERY, query)

    async def asset(self, symbol: str) -> VenueAsset | None:
        """Return one asset, None when the venue knows none."""
        body = await self._door.find(f"/v2/assets/{symbol}", Priority.QUERY)
        return None if body is None else self._one(body, VenueAsset)

    async def _outcome(self, reply: Reply | Unanswered, client_order_id: str) -> Outcome:
        if isinstance(reply, Unanswered):
            return await self._look_up(client_order_id, reply.reason)
        if not reply.is_definite:
            return await self._look_up(client_order_id, f"HTTP {reply.status}")
        if not reply.is_ok:
            return Rejected(reply.fault())
        try:
            return Accepted(read_one(reply.body, VenueOrder))
        except DataError as error:
            return await self._look_up(client_order_id, f"HTTP {reply.status}, {error}")

    async def _look_up(self, client_order_id: str, reason: str) -> Outcome:
        """Look for an order whose outcome is unknown, several times: it may show up late."""
        _log.warning("outcome of order %s unknown: %s; looking it up", client_order_id, reason)
        last = "not found"
        for wait_secs in self._door.patience.look_up_waits_secs:
            await asyncio.sleep(wait_secs)
            try:
                order = await self._by_client_id(client_order_id, Priority.SUBMIT, 1)
            except (VenueRejected, VenueUnavailable) as error:
                last = str(error)
                continue
            if order is not None:
                return Accepted(order)
            last = "not found"
        return Unknown(f"{reason}; looked up by client order id {client_order_id}: {last}")

    async def _sent_before(self, order: OrderRequest, refusal: Rejected) -> Outcome:
        """Return the order that has the client order id already, if it is this one."""
        try:
            known = await self._by_client_id(order.client_order_id, Priority.SUBMIT, None)
        except (VenueRejected, VenueUnavailable) as error:
            return Unknown(f"{refusal.fault.message}; then {error}")
        if known is None:
            return refusal
        same = (known.symbol, known.side, known.type, known.qty, known.notional) == (
            order.symbol,
            order.side,
            order.type,
            order.qty,
            order.notional,
        )
        return Accepted(known, was_there=True) if same else refusal

    async def _by_client_id(
        self, client_order_id: str, priority: Priority, attempts: int | None
    ) -> VenueOrder | None:
        query: Query = {"client_order_id": client_order_id}
        path = f"{_ORDERS}:by_client_order_id"
        body = await self._door.find(path, priority, query=query, attempts=attempts)
        return None if body is None else self._one(body, VenueOrder)

    async def _orders(self, query: Query, after: int) -> Listing[VenueOrder]:
        """Page through orders from the newest on.

        There is no page token. ``until`` is exclusive and its resolution unknown, so pages
        overlap; where a whole page lies within the overlap, the id of its oldest order goes on.
        """
        found: dict[str, VenueOrder] = {}
        skipped: dict[str, None] = {}
        cursor: Query = {"after": rfc3339(after) if after else None}
        while True:
            asked: Query = {
                **query,
                "limit": _ORDER_PAGE,
                "direction": "desc",
                **cursor,
            }
            page = await self._many(_ORDERS, VenueOrder, Priority.RECONCILE, asked)
            known = len(found)
            found.update((order.id, order) for order in page.rows)
            skipped.update(dict.fromkeys(page.skipped))
            if len(page.rows) + len(page.skipped) < _ORDER_PAGE or not page.rows:
                break
            oldest = page.rows[-1]
            reached = oldest.submitted_at or oldest.created_at or 0
            if 0 < reached <= after:
                break
            is_by_id = "before_order_id" in cursor
            if len(found) == known and is_by_id:
                raise VenueUnavailable("the pages of orders do not go on: no order is new")
            if len(found) == known or is_by_id or not reached:
                cursor = {"before_order_id": oldest.id}
            else:
                cursor = {**cursor, "until": rfc3339(reached + _OVERLAP_NS)}
        rows = (order for order in found.values() if _submitted(order) > after)
        return Listing(tuple(rows), tuple(skipped))

    async def _many[S: msgspec.Struct](
        self, path: str, struct: type[S], priority: Priority, query: Query | None = None
    ) -> Listing[S]:
        body = await self._door.get(path, priority, query=query)
        try:
            rows, skipped = read_many(body, struct)
        except DataError as error:
            raise self._door.unavailable("GET", path, str(error)) from error
        for row in skipped:
            _log.error("%s: a row cannot be read: %s", path, row)
        return Listing(rows, skipped)

    def _one[S: msgspec.Struct](self, body: bytes, struct: type[S]) -> S:
        try:
            return read_one(body, struct)
        except DataError as error:
            raise VenueUnavailable(f"the answer cannot be read: {error}") from error


def _submitted(order: VenueOrder) -> int:
    """Return when an order was submitted; one without a time is always new enough."""
    return order.submitted_at or order.created_at or 1 << 62
