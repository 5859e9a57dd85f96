"""Shares of ours that somebody else sold: their executions stand for our exit's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.events import OrderUpdate
from adapters.alpaca.orders.executions import NOTHING
from adapters.alpaca.orders.own_order import OwnOrder
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.wire.rest import VenueActivity
from adapters.transport.token_bucket import Priority
from engine.domain.errors import VenueUnavailable
from engine.domain.order_names import exit_id, is_entry_id, trade_of

if TYPE_CHECKING:
    from engine.runtime.live.venue import VenueWatch


class ClosedByHand:
    """Finds the orders of others that closed what we hold, and books them as our exits.

    A position belongs to the account: whoever closes it on the broker's page closes it for us. The
    venue tells at which price, so the trade ends in our books as it did in the account.

    Parameters
    ----------
    tell : callable
        Takes what is news.
    watch : VenueWatch
        Hears of it first.
    """

    def __init__(
        self,
        rest: AlpacaRest,
        own: OwnOrders,
        tell: Callable[[Iterable[OrderUpdate]], None],
        watch: VenueWatch,
    ) -> None:
        self._rest = rest
        self._own = own
        self._tell = tell
        self._watch = watch
        self._booked: defaultdict[str, Decimal] = defaultdict(Decimal)

    async def missing(self, symbol: str) -> Decimal:
        """Return how many shares of a stock we hold by our orders, and the account does not.

        Raises
        ------
        VenueError
            The venue does not tell.
        """
        position = await self._rest.position(symbol, Priority.CANCEL)
        return _short_of(
            self._own.known.held(symbol), NOTHING if position is None else position.shares
        )

    async def stand_in(self, client_order_id: str, missing: Decimal) -> bool:
        """Let one order of somebody else's stand for an exit of ours that was not sent.

        Where it closed less than ours was to close, ours ends as canceled after it.

        Parameters
        ----------
        missing : Decimal
            Shares that are gone.

        Returns
        -------
        bool
            False when nobody's executions account for them, so far.
        """
        order = self._own.orders[client_order_id]
        for _, fills in await self._strangers(order.symbol):
            await self._book(order, fills, min(missing, order.quantity))
            return True
        return False

    async def catch_up(self) -> None:
        """Book what was closed while no process of ours was there.

        Raises
        ------
        VenueError
            The venue does not tell.
        """
        symbols = {order.symbol for order in self._own.orders.values()}
        held = {symbol: self._own.known.held(symbol) for symbol in symbols}
        if not any(held.values()):
            return
        listing = await self._rest.positions()
        theirs = {position.symbol: position.shares for position in listing.rows}
        for symbol in sorted(symbols):
            missing = _short_of(held[symbol], theirs.get(symbol, NOTHING))
            for since, fills in await self._strangers(symbol) if missing else ():
                entry = self._entry_before(symbol, since)
                if missing and entry is not None:
                    order = self._exit_of(entry, missing)
                    await self._book(order, fills, missing)
                    missing -= order.filled

    async def _book(self, order: OwnOrder, fills: list[VenueActivity], most: Decimal) -> None:
        venue = await self._rest.order_by_id(fills[0].order_id, priority=Priority.CANCEL)
        if venue is None:
            raise VenueUnavailable(f"the venue does not know its own order {fills[0].order_id}")
        booked = self._booked[venue.id]
        if booked:  # executions of one order are told apart by its id and what is filled of it
            venue = replace(venue, id=f"{venue.id}+{booked:f}")
        executions = _between(fills, booked, most)
        news = list(self._own.stood_in(order.client_order_id, venue, executions))
        self._booked[fills[0].order_id] += order.filled
        trade_id = trade_of(order.client_order_id)
        detail = (
            f"{order.filled:f} {order.symbol} were closed by hand: {venue.side} {venue.type}, "
            f"client order id {venue.client_order_id}, order {fills[0].order_id}"
        )
        self._watch.closed_by_hand(trade_id, detail)
        self._tell(news)

    async def _strangers(self, symbol: str) -> list[tuple[int, list[VenueActivity]]]:
        """Return the executions of others against our position, by order, with when they began.

        Only those since we hold it, and not what was booked before.
        """
        held, since = self._own.known.held(symbol), self._held_since(symbol)
        if not held:
            return []
        side = "sell" if held > 0 else "buy"
        found: defaultdict[str, list[VenueActivity]] = defaultdict(list)
        for fill in (await self._rest.fills(after=since)).rows:
            is_ours = self._own.known.find(fill.order_id) is not None
            if fill.symbol == symbol and fill.side.startswith(side) and not is_ours:
                found[fill.order_id].append(fill)
        fresh = (
            fills
            for order_id, fills in found.items()
            if sum((fill.qty for fill in fills), NOTHING) > self._booked[order_id]
            and fills[0].transaction_time >= since
        )
        return sorted(((fills[0].transaction_time, fills) for fills in fresh), key=_first)

    def _held_since(self, symbol: str) -> int:
        """Return when we last began to hold a stock, UTC ns."""
        fills = sorted(
            (
                (fill.ts, fill.quantity if order.side == "buy" else -fill.quantity)
                for order in self._own.orders.values()
                for fill in order.fills
                if order.symbol == symbol
            ),
            key=_first,
        )
        since, held = 0, NOTHING
        for ts, quantity in fills:
            since = ts if not held else since
            held += quantity
        return since

    def _entry_before(self, symbol: str, ts: int) -> OwnOrder | None:
        """Return the last entry that had begun to fill by an instant (UTC ns)."""
        entries = (
            order
            for order in self._own.orders.values()
            if order.symbol == symbol and is_entry_id(order.client_order_id) and order.fills
        )
        return max(
            (entry for entry in entries if entry.fills[0].ts <= ts),
            key=lambda entry: entry.fills[0].ts,
            default=None,
        )

    def _exit_of(self, entry: OwnOrder, shares: Decimal) -> OwnOrder:
        """Return an exit that the desk would have sent next for a trade."""
        trade_id, number = trade_of(entry.client_order_id), 1
        while exit_id(trade_id, number) in self._own.orders:
            number += 1
        side = "sell" if entry.side == "buy" else "buy"
        order = OwnOrder(exit_id(trade_id, number), entry.symbol, side, "market", shares)
        self._own.sent(order)
        return order


def _between(
    fills: Iterable[VenueActivity], booked: Decimal, most: Decimal
) -> list[tuple[Decimal, Decimal, int]]:
    """Return shares, price and time of what is filled beyond the shares that are booked."""
    found: list[tuple[Decimal, Decimal, int]] = []
    for fill in fills:
        known = min(fill.qty, booked)
        quantity = min(fill.qty - known, most)
        booked, most = booked - known, most - quantity
        if quantity:
            found.append((quantity, fill.price, fill.transaction_time))
    return found


def _short_of(ours: Decimal, theirs: Decimal) -> Decimal:
    """Return how many of our shares are not there, whichever side they are on."""
    left = theirs if ours > 0 else -theirs
    return max(abs(ours) - max(left, NOTHING), NOTHING)


def _first(pair: tuple[int, object]) -> int:
    return pair[0]
