"""What happens by itself: commands arrive, the market opens and closes, orders expire."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from simulator.exchange.book.hours import Hours, Phase, hours_at, next_change
from simulator.exchange.book.life import OrderLife
from simulator.exchange.book.markets import Market
from simulator.exchange.book.orders import (
    NOTHING,
    STOPS,
    Order,
    Status,
    TimeInForce,
)
from simulator.exchange.book.state import Command, CommandOptions, State
from simulator.exchange.fills.matching import Matching, is_live, may_trade
from simulator.exchange.fills.modes import FillMode
from simulator.exchange.intake.admission import without_shares

_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


class Arrivals:
    """Lets time pass for one state.

    Parameters
    ----------
    market : function
        The market of a watched stock.
    """

    def __init__(
        self,
        state: State,
        mode: FillMode,
        life: OrderLife,
        matching: Matching,
        market: Callable[[str], Market],
    ) -> None:
        self._state = state
        self._mode = mode
        self._life = life
        self._matching = matching
        self._market = market
        self._hours: Hours | None = None
        self._next_change_ns: int | None = None

    def send(
        self, asked: CommandOptions, order: Order, now: int, replacement: Order | None = None
    ) -> None:
        """Put a command on its way."""
        state = self._state
        self._next_change_ns = None
        state.commands += 1
        heapq.heappush(
            state.inbox,
            Command(
                now + self._mode.latency_ns,
                state.commands,
                asked,
                order.id,
                "" if replacement is None else replacement.id,
                order.leaves_qty,
            ),
        )

    def due_ns(self) -> int | None:
        """Return the next instant at which something happens by itself, UTC ns."""
        state = self._state
        dues = [state.inbox[0].arrival] if state.inbox else []
        if state.open_ids:
            dues.append(self._next_change())
        return min(dues, default=None)

    def pass_until(self, ts: int, *, inclusive: bool) -> None:
        """Let commands arrive that are due before an instant, or at it too; phases begin at it."""
        state = self._state
        while state.open_ids or state.inbox:
            change = self._next_change()
            arrival = state.inbox[0].arrival if state.inbox else ts + 1
            if change <= min(arrival, ts):
                self._change(change)
                state.now = change
            elif arrival < ts or (inclusive and arrival == ts):
                self._arrive(heapq.heappop(state.inbox))
            else:
                break
        state.now = max(state.now, ts)

    def phase(self, ts: int) -> Phase:
        """Return the phase of an instant."""
        hours = self._hours
        if hours is None or not hours.night_ns <= ts < hours.end_ns:
            hours = self._hours = hours_at(ts)
        return hours.phase(ts)

    def _next_change(self) -> int:
        """Return when a phase begins or an order expires next; kept until then or a command."""
        state, known = self._state, self._next_change_ns
        if known is None or known <= state.now:
            expiries = [
                order.expires_at
                for symbol in state.open_ids
                for order in state.open_orders(symbol)
                if order.expires_at is not None and order.expires_at > state.now
            ]
            known = self._next_change_ns = min([next_change(max(state.now, 0)), *expiries])
        return known

    def _change(self, ts: int) -> None:
        """Expire what ends at an instant, and route what waited for the phase that begins."""
        phase = self.phase(ts)
        for symbol in list(self._state.open_ids):
            for order in self._state.open_orders(symbol):
                if order.is_closed:
                    continue
                if order.expires_at is not None and order.expires_at <= ts:
                    self._expire(order, ts)
                elif order.status is Status.ACCEPTED and is_live(order, phase):
                    self._life.begin(order, ts)

    def _expire(self, order: Order, ts: int) -> None:
        """End an order that nobody may fill any more; the closing auction goes before."""
        if order.time_in_force is TimeInForce.CLS and order.is_working:
            self._matching.meet(order, self._market(order.symbol), ts)
        self._life.end(order, Status.EXPIRED, ts)

    def _arrive(self, command: Command) -> None:
        order, ts = self._state.orders[command.order_id], command.arrival
        match command.asked:
            case CommandOptions.NEW:
                self._place(order, ts)
            case CommandOptions.CANCEL:
                self._cancel(order, ts)
            case CommandOptions.REPLACE:
                self._replace(order, self._state.orders[command.replacement_id], command)

    def _place(self, order: Order, ts: int) -> None:
        if order.is_closed:
            return
        if order.symbol in self._state.halted and self._mode.refuses_in_halt:
            self._life.end(order, Status.REJECTED, ts)
            return
        phase = self.phase(ts)
        order.has_arrived = True
        if not is_live(order, phase):
            return
        self._life.begin(order, ts)
        if may_trade(order, phase):
            self._matching.meet(order, self._market(order.symbol), ts)
        if order.time_in_force in _AT_ONCE:
            self._life.end(order, Status.CANCELED, ts)

    def _cancel(self, order: Order, ts: int) -> None:
        if not order.is_closed:
            self._life.end(order, Status.CANCELED, ts)
        elif order.status is not Status.CANCELED:
            self._life.tell(order, "order_cancel_rejected", ts)

    def _replace(self, old: Order, new: Order, command: Command) -> None:
        """Put a replacement in place, unless the old order went first or its stop is through."""
        ts, market = command.arrival, self._market(old.symbol)
        qty = (new.qty or NOTHING) - (command.leaves_qty - old.leaves_qty)
        account = self._state.accounts[old.account_id]
        lacks = without_shares(old, account, self._state, qty - old.leaves_qty) is not None
        is_stop = new.type in STOPS and old.is_working and not old.is_elected
        is_through = is_stop and self._matching.is_through(new, market)
        if old.is_closed or qty <= 0 or lacks or is_through:
            self._refuse_replacement(old, new, ts)
            return
        new.qty = qty
        self._life.replace(old, new, ts)
        if new.is_working and may_trade(new, self.phase(ts)):
            self._matching.meet(new, market, ts)

    def _refuse_replacement(self, old: Order, new: Order, ts: int) -> None:
        if not old.is_closed:
            old.status = old.live_status
        new.parent_id = None
        self._life.tell(old, "order_replace_rejected", ts)
        self._life.end(new, Status.REJECTED, ts)
