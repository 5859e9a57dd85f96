"""Orders of one paper account in nautilus's simulated execution, played line by line.

The same lines lead to the same orders, fills and cash, so a process that begins anew plays its log
and is where the last one was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Self

from nautilus_trader import model
from nautilus_trader.common import DataActor
from nautilus_trader.model import (
    ClientOrderId,
    CustomData,
    DataType,
    OrderSide,
    OrderStatus,
    QuoteTick,
    TimeInForce,
    TradeId,
    TradeTick,
    TriggerType,
)
from nautilus_trader.trading import Strategy

from adapters.paper.log import Amended, Asked, Canceled, Line, Opened, Played, Row
from adapters.transport.event_log import EventLog
from engine.domain.account import TradingAccount
from engine.domain.candidate import Side
from engine.domain.facts import OrderRole
from engine.domain.fixed_point import decimal_price
from engine.domain.markets.fill_assumptions import FillAssumptions, TargetRule
from engine.domain.markets.instrument import Instruments
from engine.domain.markets.instrument import TimeInForce as InForce
from engine.domain.markets.market import EventKind, HeldPosition, OrderState, PlacedOrder
from engine.domain.order_names import order_id, trade_of
from engine.domain.ticket import NO_PROTECTION, OrderType
from engine.runtime.backtest.simulation import Simulation
from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.orders import role_of
from engine.runtime.bridge.values import (
    decimal_of,
    fixed_of,
    instrument_id,
    price_from,
    price_of,
    quantity_of,
    shares_of,
)

_COMMANDS = DataType("PaperCommand")
_PRINT = TradeId("0")
_ASSUMED = FillAssumptions("paper", latency_ns=0, target=TargetRule.TRADED)
"""As a backtest's base, without its latency: a paper order has waited for ours already."""

_SIDES = {Side.LONG: OrderSide.BUY, Side.SHORT: OrderSide.SELL}
_IN_FORCE = {InForce.DAY: TimeInForce.DAY, InForce.GTC: TimeInForce.GTC}
_ENTRIES = {True: model.OrderType.MARKET, False: model.OrderType.LIMIT}
_ENDED = {
    OrderStatus.FILLED: OrderState.FILLED,
    OrderStatus.CANCELED: OrderState.CANCELED,
    OrderStatus.REJECTED: OrderState.REJECTED,
    OrderStatus.DENIED: OrderState.REJECTED,
}
_TYPES = {
    model.OrderType.MARKET: OrderType.MARKET,
    model.OrderType.LIMIT: OrderType.LIMIT,
    model.OrderType.STOP_MARKET: OrderType.STOP,
}


class _Command:
    """Something to be done at an instant."""

    __slots__ = ("do", "ts_event", "ts_init")

    def __init__(self, ts: int, do: Callable[[Strategy], None]) -> None:
        self.ts_event = self.ts_init = ts
        self.do = do


class _Hand(Strategy):
    """Gives the orders that it is handed, and passes on what becomes of them."""

    failures: Failures
    tell: Callable[[Any], None]

    def __new__(cls) -> Self:
        """Take no config."""
        return super().__new__(cls)

    @guarded
    def on_start(self) -> None:
        """Listen for commands."""
        self.subscribe_data(_COMMANDS)

    @guarded
    def on_data(self, data: CustomData) -> None:
        """Carry a command out."""
        data.data.do(self)

    @guarded
    def on_order_event(self, event: Any) -> None:
        """Pass an event on."""
        self.tell(event)


class PaperExchange:
    """One account; for one thread, which has no other nautilus engine or node.

    Attributes
    ----------
    cash : Decimal
        Exact; fills move it, and there are no fees.
    played_ns : int
        How far the market has come, UTC ns.
    """

    def __init__(
        self,
        opened: Opened,
        instruments: Instruments,
        log: EventLog,
        stale_quote_ns: int,
    ) -> None:
        self.cash = opened.cash
        self.played_ns = opened.ts
        self._log = log
        self._venue = opened.venue
        self._failures = Failures()
        self._asked: dict[str, Asked] = {}
        self._held: dict[str, HeldPosition] = {}
        self._values: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._expired: set[str] = set()
        self._reasons: dict[str, str] = {}
        self._simulation = Simulation(
            _ASSUMED,
            account=TradingAccount(opened.venue, opened.account, opened.currency),
            instruments=instruments,
            equity=opened.cash,
            stale_quote_ns=stale_quote_ns,
            failures=self._failures,
            shown_sizes=True,
        )
        hand = _Hand()
        hand.failures, hand.tell = self._failures, self._note
        self._simulation.add(DataActor(), hand)
        self._simulation.play(until=opened.ts)

    def close(self) -> None:
        """Free the engine."""
        self._simulation.close()

    def carry_out(self, line: Line) -> None:
        """Do what a line says; its time is not before that of the last."""
        match line:
            case Opened():
                return
            case Played():
                self._play(line.rows)
            case Asked():
                self._asked[order_id(line.role, line.ticket.ticket_id)] = line
                self._play(line.rows)
                self._do(line.ts, lambda hand: self._enter(hand, line))
            case Amended():
                self._do(line.ts, lambda hand: self._amend(hand, line))
            case Canceled():
                if line.expired:
                    self._expired.add(line.order_id)
                name = ClientOrderId(line.order_id)
                self._do(line.ts, lambda hand: hand.cancel_order(name))
        self.played_ns = line.ts

    def live_symbols(self) -> set[str]:
        """Return the symbols with an open order."""
        return {each.symbol for each in self.orders() if not each.state.is_over}

    def knows(self, name: str) -> bool:
        """Say whether an order was asked for under a name."""
        return name in self._asked

    def orders(self) -> list[PlacedOrder]:
        """Return all orders, as they were sent."""
        names = [
            each
            for name, asked in self._asked.items()
            for each in (
                (name, *(order_id(leg, asked.ticket.ticket_id) for leg in _LEGS))
                if asked.ticket.protections != NO_PROTECTION
                else (name,)
            )
        ]
        return [self.order(name) for name in names]

    def order(self, name: str) -> PlacedOrder:
        """Return an order as it stands."""
        order: Any = self._simulation.cache.order(ClientOrderId(name))
        is_priced = order.order_type == model.OrderType.LIMIT
        state = _ENDED.get(order.status, OrderState.OPEN)
        if state is OrderState.CANCELED and self._is_expired(name):
            state = OrderState.EXPIRED
        filled = shares_of(order.filled_qty)
        return PlacedOrder(
            order_id=name,
            ticket_id=trade_of(name),
            role=role_of(order),
            symbol=order.instrument_id.symbol.value,
            side=Side.LONG if order.side == OrderSide.BUY else Side.SHORT,
            type=_TYPES[order.order_type],
            quantity=shares_of(order.quantity),
            filled=filled,
            avg_price=self._values[name] / filled if filled else None,
            limit_price=decimal_of(order.price) if is_priced else None,
            stop_price=(
                decimal_of(order.trigger_price)
                if order.order_type == model.OrderType.STOP_MARKET
                else None
            ),
            state=state,
            reason=self._reasons.get(name, ""),
        )

    def in_force(self, name: str) -> InForce:
        """Return how long an order works; legs work as long as their entry."""
        asked = self._asked.get(name) or self._asked[order_id(OrderRole.ENTRY, trade_of(name))]
        return asked.ticket.entry.time_in_force

    def positions(self) -> list[HeldPosition]:
        """Return what is held, by symbol."""
        return [self._held[symbol] for symbol in sorted(self._held)]

    def held(self, symbol: str) -> Decimal:
        """Return what is held of a symbol, negative when short."""
        position = self._held.get(symbol)
        return Decimal(0) if position is None else position.quantity

    def free(self) -> Decimal:
        """Return what may be spent: cash, less what open entries and short positions take of it."""
        taken = Decimal(0)
        for each in self.orders():
            opens = (
                each.role is OrderRole.ENTRY and not self._asked[each.order_id].ticket.reduce_only
            )
            if opens and not each.state.is_over:
                price = each.limit_price or each.stop_price or Decimal(0)
                taken += (each.quantity - each.filled) * price
        for position in self._held.values():
            if position.quantity < 0:  # what it brought, and as much again to buy it back
                taken += -2 * position.quantity * position.avg_price
        return self.cash - taken

    def _play(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._simulation.list_symbols([row.symbol])
            self._simulation.play([self._tick(row)], until=row.ts)

    def _do(self, ts: int, do: Callable[[Strategy], None]) -> None:
        self._simulation.play([CustomData(_COMMANDS, _Command(ts, do))], until=ts)

    def _tick(self, row: Row) -> QuoteTick | TradeTick:
        stock = instrument_id(row.symbol, self._venue)
        size = quantity_of(row.size)
        if row.ask is None or row.ask_size is None:
            taker = model.AggressorSide.NO_AGGRESSOR
            return TradeTick(stock, price_of(row.price), size, taker, _PRINT, row.arrived, row.ts)
        prices = price_of(row.price), price_of(row.ask)
        sizes = size, quantity_of(row.ask_size)
        return QuoteTick(stock, *prices, *sizes, row.arrived, row.ts)

    def _enter(self, hand: Strategy, asked: Asked) -> None:
        ticket, factory = asked.ticket, hand.order_factory
        entry, legs = ticket.entry, ticket.protections
        limit = entry.limit_price
        name = ClientOrderId(order_id(asked.role, ticket.ticket_id))
        stock, side = instrument_id(ticket.symbol, self._venue), _SIDES[ticket.side]
        size, in_force = quantity_of(asked.quantity), _IN_FORCE[entry.time_in_force]
        if legs.take_profit is not None and legs.stop_loss is not None:
            hand.submit_order_list(
                factory.bracket(
                    stock,
                    side,
                    size,
                    time_in_force=in_force,
                    entry_order_type=_ENTRIES[limit is None],
                    entry_price=None if limit is None else price_from(limit),
                    entry_client_order_id=name,
                    tp_price=price_from(legs.take_profit),
                    tp_time_in_force=in_force,
                    tp_post_only=False,
                    tp_client_order_id=self._leg(OrderRole.TAKE_PROFIT, asked),
                    sl_trigger_price=price_from(legs.stop_loss),
                    sl_trigger_type=TriggerType.LAST_PRICE,
                    sl_time_in_force=in_force,
                    sl_client_order_id=self._leg(OrderRole.STOP_LOSS, asked),
                )
            )
            return
        reduces = ticket.reduce_only
        if limit is not None:
            order = factory.limit(
                stock,
                side,
                size,
                price_from(limit),
                time_in_force=in_force,
                reduce_only=reduces,
                client_order_id=name,
            )
        elif entry.stop_price is not None:
            order = factory.stop_market(
                stock,
                side,
                size,
                price_from(entry.stop_price),
                trigger_type=TriggerType.LAST_PRICE,
                time_in_force=in_force,
                reduce_only=reduces,
                client_order_id=name,
            )
        else:
            order = factory.market(
                stock,
                side,
                size,
                time_in_force=in_force,
                reduce_only=reduces,
                client_order_id=name,
            )
        hand.submit_order(order)

    def _leg(self, role: OrderRole, asked: Asked) -> ClientOrderId:
        return ClientOrderId(order_id(role, asked.ticket.ticket_id))

    def _amend(self, hand: Strategy, asked: Amended) -> None:
        limit, stop = asked.limit_price, asked.stop_price
        hand.modify_order(
            ClientOrderId(asked.order_id),
            price=None if limit is None else price_from(limit),
            trigger_price=None if stop is None else price_from(stop),
        )

    def _is_expired(self, name: str) -> bool:
        entry = order_id(OrderRole.ENTRY, trade_of(name))
        return name in self._expired or entry in self._expired

    def _note(self, event: Any) -> None:
        """Write down what happened to an order, and what it did to cash and positions."""
        name = event.client_order_id.value
        at = event.ts_event, name, event.instrument_id.symbol.value
        match event:
            case model.OrderAccepted():
                self._log.add(*at, EventKind.ACCEPTED)
            case model.OrderUpdated():
                order = self.order(name)
                price = order.limit_price if order.stop_price is None else order.stop_price
                self._log.add(*at, EventKind.UPDATED, quantity=order.quantity, price=price)
            case model.OrderFilled():
                quantity, price = shares_of(event.last_qty), decimal_price(fixed_of(event.last_px))
                self._values[name] += quantity * price
                self._book(at[2], quantity if event.is_buy else -quantity, price)
                self._log.add(*at, EventKind.FILLED, quantity=quantity, price=price)
            case model.OrderCanceled():
                kind = EventKind.EXPIRED if self._is_expired(name) else EventKind.CANCELED
                self._log.add(*at, kind)
            case model.OrderRejected() | model.OrderDenied():
                self._reasons[name] = str(event.reason)
                self._log.add(*at, EventKind.REJECTED, detail=str(event.reason))
            case model.OrderModifyRejected():
                self._log.add(*at, EventKind.AMEND_REFUSED, detail=str(event.reason))
            case model.OrderCancelRejected():
                self._log.add(*at, EventKind.CANCEL_REFUSED, detail=str(event.reason))
            case _:
                pass

    def _book(self, symbol: str, signed: Decimal, price: Decimal) -> None:
        self.cash -= signed * price
        before = self._held.pop(symbol, HeldPosition(symbol, Decimal(0), price))
        quantity = before.quantity + signed
        if not quantity:
            return
        if before.quantity * signed >= 0:
            cost = before.quantity * before.avg_price + signed * price
            self._held[symbol] = HeldPosition(symbol, quantity, cost / quantity)
        else:
            is_turned = quantity * before.quantity < 0
            self._held[symbol] = HeldPosition(
                symbol, quantity, price if is_turned else before.avg_price
            )


_LEGS = (OrderRole.STOP_LOSS, OrderRole.TAKE_PROFIT)


def row_of(tick: QuoteTick | TradeTick) -> Row:
    """Return a tick as the log has it."""
    symbol = tick.instrument_id.symbol.value
    if isinstance(tick, TradeTick):
        return Row(symbol, tick.ts_init, tick.ts_event, fixed_of(tick.price), shares_of(tick.size))
    return Row(
        symbol,
        tick.ts_init,
        tick.ts_event,
        fixed_of(tick.bid_price),
        shares_of(tick.bid_size),
        fixed_of(tick.ask_price),
        shares_of(tick.ask_size),
    )
