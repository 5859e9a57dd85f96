"""Nautilus's commands to the venue, and what became of our orders back to nautilus."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

from nautilus_trader.live.clients import (
    ClientRuntime,  # pyright: ignore[reportAttributeAccessIssue]
    ExecutionClient,
)
from nautilus_trader.model import (
    AccountBalance,
    AccountId,
    AccountType,
    ClientOrderId,
    FillReport,
    Money,
    OmsType,
    OrderStatusReport,
    PositionStatusReport,
)

from adapters.alpaca.clock_watch import ClockWatch
from adapters.alpaca.config import AlpacaConfig
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.data.client import COMMANDS
from adapters.alpaca.data.last_ticks import LastTicks
from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.execution.account_watch import AccountWatch
from adapters.alpaca.execution.held_updates import HeldUpdates
from adapters.alpaca.execution.order_reports import fill_report, position_report, status_report
from adapters.alpaca.execution.order_updates import tell_order
from adapters.alpaca.execution.reconciliation import Reconciliation
from adapters.alpaca.execution.rounds import Rounds
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.entry import OrderEntry
from adapters.alpaca.orders.events import Foreign, OrderUpdate, OwnOrderEvent, Stray
from adapters.alpaca.orders.ids import OrderIds
from adapters.alpaca.orders.own_order import OwnOrder
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.orders.requests import OrderRequest
from adapters.alpaca.orders.stale_entries import StaleEntries
from adapters.alpaca.orders.sync import OrderSync
from adapters.alpaca.orders.terms import amount, bracket_request, own_order, simple_request
from adapters.alpaca.streams.trading_stream import TradingStream
from adapters.alpaca.wire.rest import VenueAccount, VenueFault
from adapters.alpaca.wire.trading import TradeUpdate, read_trading_message
from adapters.transport.kept_socket import Patience, Phase, StreamState
from engine.domain.account import ALPACA_MAIN
from engine.domain.errors import DataError, TradectlError, VenueError
from engine.domain.session import start_of_day
from engine.runtime.bridge.values import currency_of, shares_of, venue_of
from engine.runtime.live.venue import VenueWatch

ACCOUNT = AccountId("ALPACA-001")
_CURRENCY = currency_of(ALPACA_MAIN.currency)

_ORDERS = "orders"

_log = logging.getLogger(__name__)


class AlpacaExecutionClient(ExecutionClient):
    """Trades brackets as the venue's own, and keeps nautilus's orders true to the venue's.

    Hooks return at once; the venue is asked in tasks. Updates are told as they come, or, where
    time is granted, when the host asks for them.

    Attributes
    ----------
    own : OwnOrders
        What is known of our orders.
    account : AccountWatch
    held : HeldUpdates
        Updates the host has not asked for.
    losses : int
        Connections of the updates that were lost.
    """

    def __init__(
        self,
        *,
        settings: AlpacaConfig,
        endpoints: Endpoints,
        credentials: Credentials,
        rest: AlpacaRest,
        ticks: LastTicks,
        watch: VenueWatch,
        now: Callable[[], int],
        patience: Patience | None = None,
        follow: Callable[[int], None] | None = None,
        unsent: Mapping[str, str] | None = None,
        **node: Any,
    ) -> None:
        super().__init__(
            venue=venue_of(ALPACA_MAIN.venue),
            account_id=ACCOUNT,
            account_type=AccountType.MARGIN,
            oms_type=OmsType.NETTING,
            base_currency=_CURRENCY,
            **node,
        )
        self._runtime = ClientRuntime(self, COMMANDS)
        self._settings = settings
        self._rest = rest
        self._ticks = ticks
        self._watch = watch
        self._now = now
        self._since = 0
        self._commands: set[asyncio.Task[object]] = set()
        # what is sent at one instant of granted time arrives in the order in which it was given
        self._in_order = asyncio.Lock() if settings.stepped else nullcontext()
        self.cancels: set[str] = set()
        self._unread = 0
        self._has_connected = False
        self._leaving = asyncio.Event()
        self.losses = 0
        self.held = HeldUpdates()
        self.ids = OrderIds(settings.run_id)
        self.own = OwnOrders(self.ids)
        self._entry = OrderEntry(
            rest, self.own, self._tell, watch, now, on_refused=self._on_refused
        )
        self._books = Reconciliation(
            OrderSync(rest, self.own, self._tell, lambda: self._since),
            self.own,
            watch,
            stale=StaleEntries(rest, self.own, unsent or {}),
            catch_up=self._entry.by_hand.catch_up,
            spawn=self.create_task,
            leaving=self._leaving,
            patience_secs=settings.start_secs,
            on_recovered=self._look_around_after_a_loss,
        )
        self.account = AccountWatch(rest, watch, self._tell_account)
        self._clock = ClockWatch(rest, watch, now, settings.clock_off_secs, follow)
        self._rounds = Rounds(
            self.account, self._clock, self._leaving, every_secs=settings.reconcile_secs
        )
        self.stream = TradingStream(
            endpoints.trading_stream,
            credentials,
            on_update=self._on_update,
            on_connected=self._on_connected,
            on_state=self._on_state,
            patience=patience,
        )

    @property
    def idle(self) -> bool:
        """Whether no command is on its way, and nothing is to be looked up at once."""
        return not self._commands

    @property
    def clock_off_ns(self) -> int | None:
        """How far the host's time is ahead of the venue's at least; None while unknown."""
        return None if self._clock.offset is None else self._clock.offset.certain

    @property
    def skipped(self) -> int:
        """Updates that could not be used."""
        return self.own.skipped + self._unread

    async def whole(self) -> None:
        """Wait until updates come and what was missed before them is known."""
        await self.stream.live()
        await self._books.whole()

    async def deliver(self, updates: int) -> bool:
        """Hand over the updates up to the simulator's count, and what they leave unsaid.

        False when the count was lost on the way: it has to be heard anew.
        """
        if not await self.held.until(updates):
            return False
        frames = self.held.take(updates)
        for frame in frames:
            self._take(frame)
        if frames or self.own.looks:
            await self._books.look_now()
        return True

    async def compare(self) -> None:
        """Compare all orders with the venue's; what was missed is told.

        Raises
        ------
        VenueError
            It does not tell.
        """
        await self._books.compare()

    async def _connect(self) -> None:
        try:
            await self._books.patiently(self.account.look)
            clock = await self._books.patiently(self._rest.clock)
            self._since = start_of_day(clock.timestamp)
            self.create_task(self._listen(), "orders")
            if self._settings.stepped:  # updates are counted from here; no time passes
                await self.stream.begun()
        except VenueError as error:
            self._watch.refused(error)
            raise
        if not self._settings.stepped:
            self.create_task(self._books.keep(self._settings.reconcile_secs), "reconciliation")
            self.create_task(self._rounds.keep(), "account and clock")

    async def _disconnect(self) -> None:
        self._leaving.set()
        await self.stream.close()

    async def _submit_order_list(self, command: Any) -> None:
        orders = [self._order(init.client_order_id) for init in command.order_inits]
        try:
            request, own = bracket_request(orders, self.ids)
        except TradectlError as error:
            self._deny(orders, str(error))
            return
        if why := self._refusal(request, reduce_only=False):
            self._deny(orders, why)
            return
        entry, *legs = own
        self.own.sent(entry, legs)
        for order in orders:
            self.generate_order_submitted(order)
        self._work(self._entry.submit(entry.client_order_id, request), entry.client_order_id)

    async def _submit_order(self, command: Any) -> None:
        order = self._order(command.client_order_id)
        reduces = bool(order.is_reduce_only)
        try:
            request = simple_request(order, self.ids)
            own = own_order(order)
        except TradectlError as error:
            self._deny([order], str(error))
            return
        if why := self._refusal(request, reduce_only=reduces):
            self._deny([order], why)
            return
        self.own.sent(own)
        self.generate_order_submitted(order)
        send = self._entry.close_out if reduces else self._entry.submit
        self._work(send(own.client_order_id, request), own.client_order_id)

    async def _modify_order(self, command: Any) -> None:
        own = self.own.orders.get(command.client_order_id.value)
        if own is None:
            order = self._order(command.client_order_id)
            why = "the venue does not have the order"
            self.generate_order_modify_rejected(order, None, why, self._now())
            return
        quantity = command.quantity
        self._work(
            self._entry.replace(
                own.client_order_id,
                quantity=None if quantity is None else shares_of(quantity),
                price=None if command.price is None else amount(command.price),
                trigger_price=(
                    None if command.trigger_price is None else amount(command.trigger_price)
                ),
            ),
            own.client_order_id,
        )

    async def _cancel_order(self, command: Any) -> None:
        self.cancels.add(command.client_order_id.value)
        own = self.own.orders.get(command.client_order_id.value)
        if own is None:
            order = self._order(command.client_order_id)
            why = "the venue does not have the order"
            self.generate_order_cancel_rejected(order, None, why, self._now())
            return
        self._work(self._entry.cancel(own.client_order_id), own.client_order_id)

    async def _cancel_all_orders(self, command: Any) -> None:
        """Cancel our orders in one stock, one by one: the venue's own command takes all orders."""
        for own in self.own.known.open_orders(command.instrument_id.symbol.value):
            order = self._order(ClientOrderId(own.client_order_id))
            if order is not None and order.strategy_id == command.strategy_id:
                self._work(self._entry.cancel(own.client_order_id), own.client_order_id)

    async def _query_account(self, command: Any) -> None:
        del command
        await self.account.look()

    async def _query_order(self, command: Any) -> None:
        report = await self._generate_order_status_report(command)
        if report is not None:
            self._handle_report(report)

    async def _generate_order_status_report(self, command: Any) -> OrderStatusReport | None:
        own = None
        if command.client_order_id is not None:
            own = self.own.orders.get(command.client_order_id.value)
        if own is None and command.venue_order_id is not None:
            own = self.own.known.find(command.venue_order_id.value)
        return None if own is None else status_report(self.own, own, ACCOUNT, self._now())

    async def _generate_order_status_reports(self, command: Any) -> list[OrderStatusReport]:
        del command
        await self._books.begin()
        return self._status_reports(self.own.orders.values())

    async def _generate_fill_reports(self, command: Any) -> list[FillReport]:
        del command
        await self._books.begin()
        return [
            fill_report(order, filled, ACCOUNT, self._now())
            for order in self.own.orders.values()
            for filled in order.fills
        ]

    async def _generate_position_status_reports(self, command: Any) -> list[PositionStatusReport]:
        del command
        await self._books.begin()
        symbols = sorted({order.symbol for order in self.own.orders.values()})
        return [position_report(self.own, symbol, ACCOUNT, self._now()) for symbol in symbols]

    def _status_reports(self, orders: Iterable[OwnOrder]) -> list[OrderStatusReport]:
        reports = (status_report(self.own, order, ACCOUNT, self._now()) for order in orders)
        return [report for report in reports if report is not None]

    async def _listen(self) -> None:
        try:
            await self.stream.run()
        except VenueError as error:
            self._watch.issue_raised(_ORDERS, str(error))

    def _on_state(self, state: StreamState) -> None:
        if state.phase not in {Phase.LIVE, Phase.CLOSED}:
            self._watch.issue_raised(_ORDERS, state.reason or state.phase.value)

    def _on_connected(self) -> None:
        """Ask what happened while nobody listened; at the start the node asks for it itself."""
        is_first, self._has_connected = not self._has_connected, True
        if not self._books.is_begun:
            self._watch.issue_cleared(_ORDERS)
            return
        self.losses += not is_first
        self.held.lose_count()
        self._books.lose()

    async def _look_around_after_a_loss(self) -> None:
        if not self._settings.stepped:  # a machine that slept has lost its time as well
            await self._rounds.look()

    def _on_update(self, frame: bytes | str, _received_ns: int) -> None:
        if self._settings.stepped:
            self.held.put(frame)
        else:
            self._take(frame)
            self._books.look_soon()

    def _take(self, frame: bytes | str) -> None:
        try:
            update = read_trading_message(frame)
        except DataError as error:
            self._unread += 1
            self._watch.issue_raised(
                _ORDERS, f"an update cannot be read, orders are compared: {error}"
            )
            self._books.recover()
            return
        if isinstance(update, TradeUpdate):
            skipped = self.own.skipped
            self._tell(self.own.take(update))
            if self.own.skipped > skipped:
                order = update.order
                _log.error(
                    "update %s of order %s with status %s is not understood and was passed over",
                    update.event, order.id, order.status,
                )  # fmt: skip

    def _tell_account(self, account: VenueAccount) -> None:
        """Tell what the account is worth, if it is."""
        if account.equity is None or account.equity <= 0:
            return
        total = Money.from_decimal(round(account.equity, 2), _CURRENCY)
        nothing = Money.from_decimal(Decimal(0), _CURRENCY)
        balance = AccountBalance(total, nothing, total)
        self.generate_account_state([balance], [], True, self._now())

    def _on_refused(self, symbol: str, fault: VenueFault) -> None:
        self._work(self.account.refused(symbol, fault), f"refusal in {symbol}")

    def _tell(self, news: Iterable[OrderUpdate]) -> None:
        """Tell nautilus what is new; before the start the reports say it all."""
        for one in list(news):
            if isinstance(one, Foreign):
                self._watch.avoid(one.symbol, one.detail)
            elif isinstance(one, Stray):
                self._work(self._entry.cancel_stray(one.venue_order_id), one.venue_order_id)
            elif self._books.is_begun:
                self._tell_order(one)
        for client_order_id in self._entry.freed():
            self._work(self._entry.send_freed(client_order_id), client_order_id)

    def _tell_order(self, one: OwnOrderEvent) -> None:
        own = self.own.orders[one.client_order_id]
        order = self._order(ClientOrderId(one.client_order_id))
        if order is None:
            fills = [fill_report(own, filled, ACCOUNT, self._now()) for filled in own.fills]
            for report in self._status_reports([own]):
                self._handle_report(report, fills)
            return
        tell_order(self, order, own, one)

    def _refusal(self, request: OrderRequest, *, reduce_only: bool) -> str | None:
        if request.type == "market" and self._ticks.is_halted(request.symbol):
            return f"halted: a market order in {request.symbol} would trade at any price"
        return self._entry.refusal(request, reduce_only=reduce_only)

    def _deny(self, orders: Iterable[Any], why: str) -> None:
        for order in orders:
            self.generate_order_denied(order, why)

    def _order(self, client_order_id: ClientOrderId) -> Any:
        return self.cache.order(client_order_id)

    def _work(self, command: Coroutine[object, object, object], name: str) -> None:
        """Carry out a command; what it leaves open is looked up."""
        task = self.create_task(self._carry_out(command, name), name)
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    async def _carry_out(self, command: Coroutine[object, object, object], name: str) -> None:
        try:
            async with self._in_order:
                await command
        except Exception as error:
            self._watch.issue_raised(f"command {name}", f"it failed: {error!r}")
            raise
        if self._settings.stepped:
            if self.own.looks:
                await self._books.look_now()
        else:
            self._books.look_soon()
