"""The look-alike's order book and back office: commands and market in, events out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from engine.domain.market_data.quotes import Quote
from simulator.exchange.account_book import AccountBook
from simulator.exchange.arrivals import Arrivals
from simulator.exchange.book import faults
from simulator.exchange.book.accounts import (
    Account,
)
from simulator.exchange.book.assets import Asset, Listing
from simulator.exchange.book.faults import Fault
from simulator.exchange.book.hours import hours_at
from simulator.exchange.book.life import OrderLife
from simulator.exchange.book.markets import Print
from simulator.exchange.book.orders import NOTHING, Order, Status
from simulator.exchange.book.snapshot import Notebook, restored, written
from simulator.exchange.book.state import CommandOptions, OrderEvent, State
from simulator.exchange.book.watched import Watched, no_print, no_quote
from simulator.exchange.feed import MarketFeed
from simulator.exchange.fills.matching import Matching, is_live, trailed
from simulator.exchange.fills.modes import FillMode
from simulator.exchange.intake import admission
from simulator.exchange.intake.form import malformed
from simulator.exchange.intake.opening import orders_from, replacement_of
from simulator.exchange.intake.replacing import irreplaceable
from simulator.exchange.intake.request import OrderRequest, read_order, read_replacement

_BILLIONTH = Decimal("0.000000001")


class Exchange:
    """Accounts, orders and matching of the look-alike; single-threaded, without a clock or I/O.

    Time enters as ``now`` and ``ts``, UTC ns, and never goes back. A command takes effect
    ``mode.latency_ns`` after it was given: once the market of that instant has come in and
    ``advance`` has been called, or something later comes in. Nothing waits for itself: ask
    ``due_ns`` how far the market may be played before ``advance`` is needed.

    Parameters
    ----------
    mode : FillMode
        What decides about fills.
    assets : mapping
        What can be traded, by symbol.
    seed : int
        Of ids and of chance.
    last_quote, last_print : function
        The last fillable quote and eligible print of a stock as of what was played last; asked
        when a stock begins to be watched.
    pdt : bool
        Whether the rule of pattern day trading holds that ended on 2026-06-04.

    Attributes
    ----------
    feed : MarketFeed
        Where the market comes in.
    accounts : AccountBook
    watched : Watched
        The markets that orders and positions have to do with.
    state : State
    life : OrderLife
        With ``feed``, ``accounts`` and ``watched`` another after ``restore``: look them up anew.
    """

    def __init__(
        self,
        mode: FillMode,
        assets: Mapping[str, Asset],
        seed: int = 0,
        *,
        last_quote: Callable[[str], Quote | None] = no_quote,
        last_print: Callable[[str], Print | None] = no_print,
        pdt: bool = False,
    ) -> None:
        self.mode = mode
        self._listed = dict(assets)
        self._pdt = pdt
        self._last = last_quote, last_print
        self._remember(State(seed))

    def _remember(self, state: State) -> None:
        self.state = state
        self.assets = self._listed | {
            symbol: msgspec.structs.replace(self._listed[symbol], **msgspec.structs.asdict(listing))
            for symbol, listing in state.listings.items()
        }
        self._notebook = Notebook(state)
        self.life = OrderLife(state)
        matching = Matching(state, self.mode, self.life)
        self.watched = Watched(state, *self._last)
        self._arrivals = Arrivals(state, self.mode, self.life, matching, self.watched.of)
        self.feed = MarketFeed(state, self.watched, self._arrivals, matching)
        self.accounts = AccountBook(state, self.watched)

    def change_listing(self, symbol: str, listing: Listing) -> Asset:
        """Let a stock stand otherwise from now on, and return it."""
        self.state.listings[symbol] = listing
        asset = msgspec.structs.replace(self.assets[symbol], **msgspec.structs.asdict(listing))
        self.assets[symbol] = asset
        return asset

    def advance(self, now: int) -> None:
        """Let time pass up to and including an instant whose market has come in."""
        self._arrivals.pass_until(now, inclusive=True)
        self.accounts.roll(now)
        for symbol in list(self.state.markets):
            self.watched.tidy(symbol)

    def due_ns(self) -> int | None:
        """Return the next instant at which ``advance`` would do something, None for never."""
        return self._arrivals.due_ns()

    def take_events(self) -> list[OrderEvent]:
        """Return what has happened since this was asked last, in order."""
        events, self.state.events = self.state.events, []
        return events

    def submit(self, account_id: str, body: Mapping[str, Any], now: int) -> Order | Fault:
        """Send an order, as the body of ``POST /v2/orders`` asks for it.

        Returns
        -------
        Order or Fault
            The order as accepted, its legs under ``leg_ids``; or why it is refused.
        """
        self._arrivals.pass_until(now, inclusive=False)
        request = read_order(body)
        if isinstance(request, Fault):
            return request
        account = self.state.accounts[account_id]
        fault = malformed(request) or self._refused(request, account, now)
        if fault:
            return fault
        asset = self.assets[request.symbol]
        orders = orders_from(request, account, asset, self.state, now)
        order, phase = orders[0], self._arrivals.phase(now)
        market = self.watched.of(request.symbol)
        order.unit_cost = admission.unit_cost(order, market, phase, self.mode.stale_quote_ns)
        fault = admission.refused_order(
            order,
            account,
            asset,
            self.state,
            lambda: self.accounts.balances(account_id),
            pdt=self._pdt,
        )
        if fault:
            self.watched.tidy(request.symbol)
            return fault
        order.status = Status.PENDING_NEW if is_live(order, phase) else Status.ACCEPTED
        for each in orders:
            self.life.admit(each)
        self.life.tell(order, order.status.value, now)
        self._arrivals.send(CommandOptions.NEW, order, now)
        return order

    def replace(
        self, account_id: str, order_id: str, body: Mapping[str, Any], now: int
    ) -> Order | Fault:
        """Ask for an order to be replaced, as the body of ``PATCH /v2/orders/{id}`` says.

        Returns
        -------
        Order or Fault
            The new order, which is in place once its ``new`` is told; or why it is refused.
        """
        self._arrivals.pass_until(now, inclusive=False)
        change = read_replacement(body)
        if isinstance(change, Fault):
            return change
        old = self.order(account_id, order_id)
        if old is None:
            return faults.order_not_found(order_id)
        account = self.state.accounts[account_id]
        fault = admission.barred(account, self.assets[old.symbol]) or irreplaceable(old, change)
        if change.client_order_id in account.client_ids:
            fault = faults.ID_TAKEN
        if fault:
            return fault
        new = replacement_of(old, change, self.state, now)
        if new.trail_price != old.trail_price or new.trail_percent != old.trail_percent:
            new.stop_price = trailed(new, new.hwm) if new.hwm is not None else None
        fault = self._refused_change(old, new, account, now)
        if fault:
            return fault
        old.status = Status.PENDING_REPLACE
        old.updated_at = now
        self.life.admit(new)
        self.life.tell(old, "pending_replace", now)
        self._arrivals.send(CommandOptions.REPLACE, old, now, new)
        return new

    def cancel(self, account_id: str, order_id: str, now: int) -> Order | Fault:
        """Ask for an order to be canceled; it is once its ``canceled`` is told."""
        self._arrivals.pass_until(now, inclusive=False)
        order = self.order(account_id, order_id)
        if order is None:
            return faults.order_not_found(order_id)
        if order.is_closed or order.is_pending or order.is_on_its_way:
            return faults.NOT_CANCELABLE
        order.status, order.cancel_requested_at = Status.PENDING_CANCEL, now
        order.updated_at = now
        self.life.tell(order, "pending_cancel", now)
        self._arrivals.send(CommandOptions.CANCEL, order, now)
        return order

    def order(self, account_id: str, order_id: str) -> Order | None:
        """Return an order of an account."""
        order = self.state.orders.get(order_id)
        return order if order is not None and order.account_id == account_id else None

    def orders_of(self, account_id: str) -> list[Order]:
        """Return all orders an account ever sent, legs included, oldest first."""
        orders = self.state.orders
        return [orders[order_id] for order_id in self.state.accounts[account_id].order_ids]

    def order_by_client_id(self, account_id: str, client_order_id: str) -> Order | None:
        """Return an order of an account by the id its client gave it."""
        order_id = self.state.accounts[account_id].client_ids.get(client_order_id)
        return None if order_id is None else self.state.orders[order_id]

    def snapshot(self) -> bytes:
        """Return everything remembered as JSON."""
        self._notebook = Notebook(self.state)
        return written(self.state)

    def changes(self) -> bytes:
        """Return as JSON what is different since this or a ``snapshot`` was asked for last."""
        return self._notebook.different()

    def restore(self, whole: bytes, changes: Iterable[bytes] = ()) -> None:
        """Take up where a ``snapshot`` was taken and then ``changes``; all else is forgotten.

        Raises
        ------
        DataError
            It is no snapshot.
        """
        self._remember(restored(whole, changes))

    def _refused(self, request: OrderRequest, account: Account, now: int) -> Fault | None:
        last_price = self.watched.last_price(request.symbol)
        return admission.refused_request(
            request, account, self.assets, last_price
        ) or admission.auction_missed(request, now, hours_at(now))

    def _refused_change(self, old: Order, new: Order, account: Account, now: int) -> Fault | None:
        """Return why a replacement may not take more shares or money than its order had."""
        more = (new.qty or NOTHING) - old.leaves_qty
        fault = admission.without_shares(old, account, self.state, more)
        if fault or not new.is_opening:
            return fault
        phase = self._arrivals.phase(now)
        new.unit_cost = admission.unit_cost(
            new, self.watched.of(new.symbol), phase, self.mode.stale_quote_ns
        )
        power, cost = self.accounts.balances(account.id).buying_power, new.committed - old.committed
        if cost > power:
            return faults.insufficient_buying_power(power, cost)
        return None
