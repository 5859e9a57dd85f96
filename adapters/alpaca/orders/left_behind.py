"""What the orders of a run left at the venue, by the venue's word alone, and its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.attestation import read_attested
from adapters.alpaca.orders.entry import OrderEntry
from adapters.alpaca.orders.events import OrderUpdate, Rejected
from adapters.alpaca.orders.executions import NOTHING
from adapters.alpaca.orders.ids import OrderIds
from adapters.alpaca.orders.own_order import OwnOrder
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.orders.requests import OrderRequest
from adapters.alpaca.orders.sync import OrderSync
from engine.domain.markets.attested import Protection
from engine.domain.order_names import exit_id, is_entry_id, trade_of
from engine.domain.session import start_of_day
from engine.runtime.live.left_behind import HeldTrade, LeftBehind
from engine.runtime.live.venue import VenueWatch

_log = logging.getLogger(__name__)


class AlpacaLeftBehind:
    """The account over REST, for a run whose journal is not to be believed.

    Which shares are the run's follows from the names of its orders at the venue; shares that others
    hold in this account are left alone. Exits have the names that the run itself would have given
    them next, and the venue takes a name once: nothing is sold twice, restarts included.

    Parameters
    ----------
    run_id : str
        The run whose orders these are.
    watch : VenueWatch
        Hears of orders whose fate is not known.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        credentials: Credentials,
        run_id: str,
        watch: VenueWatch,
    ) -> None:
        self._ts = 0
        self._rest = AlpacaRest(endpoints, credentials)
        self._ids = OrderIds(run_id)
        self._own = OwnOrders(self._ids)
        self._entry = OrderEntry(self._rest, self._own, self._hear, watch, lambda: self._ts)
        self._sync = OrderSync(self._rest, self._own, self._hear, lambda: start_of_day(self._ts))
        self._tasks: set[asyncio.Task[None]] = set()

    async def look(self) -> LeftBehind:
        """Return what is there now; see ``ProtectedVenue``."""
        self._ts = (await self._rest.clock()).timestamp
        await self._sync.reconcile()
        await self._sync.follow_up()
        for client_order_id in self._entry.freed():
            self._spawn(self._entry.send_freed(client_order_id))
        found, unread = await read_attested(self._rest)
        trades = [trade for each in found.positions if (trade := self._trade(each)) is not None]
        ours = {trade.symbol: trade.shares for trade in trades}
        strange = [
            f"{left:f} {each.symbol}"
            for each in found.positions
            if (left := each.shares - abs(ours.get(each.symbol, NOTHING)))
        ]
        working = {order.symbol for order in self._own.orders.values() if order.is_open}
        return LeftBehind(
            ts=self._ts,
            trades=tuple(trades),
            working=frozenset(working),
            strange=tuple(strange),
            unread=tuple(unread),
        )

    async def cancel_entries(self) -> None:
        """Cancel what would still open or enlarge a position of the run."""
        for order in self._entries():
            await self._entry.cancel(order.client_order_id)

    def close_trade(self, trade: HeldTrade) -> None:
        """Have the shares of a trade sold at the market, as soon as its own orders let go."""
        client_order_id = exit_id(trade.trade_id, trade.exits + 1)
        side = "sell" if trade.shares > 0 else "buy"
        shares = abs(trade.shares)
        self._own.sent(OwnOrder(client_order_id, trade.symbol, side, "market", shares))
        request = OrderRequest(
            client_order_id=self._ids.venue_id(client_order_id),
            symbol=trade.symbol,
            side=side,
            type="market",
            time_in_force="day",
            qty=shares,
            position_intent=f"{side}_to_close",
        )
        self._spawn(self._entry.close_out(client_order_id, request))

    async def close(self) -> None:
        """Close the connections; what was sent stays sent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._rest.close()

    def _trade(self, position: Protection) -> HeldTrade | None:
        """Return what of a position is the run's, None if nothing is."""
        held = self._own.known.held(position.symbol)
        is_long = position.side == "long"
        entry = self._last_entry(position.symbol)
        if entry is None or not held or (held > 0) is not is_long:
            return None
        shares = min(abs(held), position.shares)
        trade_id = trade_of(entry.client_order_id)
        exits = self._exits(trade_id)
        last = exits[-1] if exits else None
        refused = last.ended.reason if last and isinstance(last.ended, Rejected) else None
        return HeldTrade(
            trade_id=trade_id,
            symbol=position.symbol,
            shares=shares if is_long else -shares,
            unprotected=max(shares - position.protected, NOTHING),
            is_entering=any(each.symbol == position.symbol for each in self._entries()),
            exits=len(exits),
            is_leaving=last is not None and not last.is_closed,
            refused=refused,
        )

    def _entries(self) -> list[OwnOrder]:
        return [
            order
            for order in self._own.orders.values()
            if order.is_open and is_entry_id(order.client_order_id)
        ]

    def _last_entry(self, symbol: str) -> OwnOrder | None:
        entries = (
            order
            for order in self._own.orders.values()
            if order.symbol == symbol and order.fills and is_entry_id(order.client_order_id)
        )
        return max(entries, key=lambda entry: entry.fills[0].ts, default=None)

    def _exits(self, trade_id: str) -> list[OwnOrder]:
        found: list[OwnOrder] = []
        while (order := self._own.orders.get(exit_id(trade_id, len(found) + 1))) is not None:
            found.append(order)
        return found

    def _hear(self, news: Iterable[OrderUpdate]) -> None:
        for each in news:
            _log.info("%s", each)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an exit failed: %r; it is tried again", error)
