"""The base of strategies: plans become orders, events facts, and a guardian stands by."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Self

from nautilus_trader import model
from nautilus_trader.common import TimeEvent
from nautilus_trader.model import (
    ClientOrderId,
    CustomData,
    LimitOrder,
    MarketStatusAction,
    TradeTick,
)
from nautilus_trader.trading import Strategy, StrategyConfig

from engine.decision import BucketDecision, DeskState
from engine.domain.bracket import Approved, BracketPlan
from engine.domain.candidate import BucketReport, Side
from engine.domain.facts import ExitReason, OrderRejected, OrderRole
from engine.domain.order_names import exit_id, order_id
from engine.domain.session import NANOS_PER_SECOND
from engine.domain.tick_grid import round_against, tick_size
from engine.hub.attendant import Attendant
from engine.hub.books import LiveTrade
from engine.hub.desk import Desk
from engine.hub.exit_attempts import ExitAttempts
from engine.hub.guardian import cancels_entry, exit_reason, is_quiet
from engine.runtime.bridge.exposure import live_symbols
from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.messages import REPORTS
from engine.runtime.bridge.order_facts import is_intent, payload_of
from engine.runtime.bridge.orders import bracket_orders, exit_order, role_of, trade_id_of
from engine.runtime.bridge.pulse import EnginePulse, Pulse, Timer
from engine.runtime.bridge.values import decimal_of, fixed_of, instrument_id, price_from

_GUARD_NS = NANOS_PER_SECOND
_BRACKET = (OrderRole.ENTRY, OrderRole.STOP_LOSS, OrderRole.TAKE_PROFIT)
_EXITS = (OrderRole.TAKE_PROFIT, OrderRole.EXIT)
_REFUSALS = (model.OrderModifyRejected, model.OrderRejected, model.OrderDenied)
_EXIT_REACH = Decimal("0.02")
"""How far through the last print an exit is priced: it fills at the touch, yet cannot run away."""

type OnDecision = Callable[[BucketDecision], None]


class DeskStrategy(Strategy):
    """Trades what ``decide`` approves and never leaves a position without a way out.

    A subclass says what to enter (``decide``) and may do something with an open trade each second
    (``watch``). The clock, the day's limits and commands end trades of any strategy. It cannot tell
    which host it is in.

    Parameters
    ----------
    desk : Desk
        A day has been started on it.
    failures : Failures
        Where failed handlers are kept.
    day_has_quotes : bool
        Whether quotes are known for this day at all.
    attendant : Attendant, optional
        Who may give commands.
    latency_ns : int
        A simulated venue looks into its inbox when time moves; every command sets an alert for
        the instant at which it arrives, so that fills do not wait for the next tick. Live: 0.
    pulse : Pulse, optional
        Whose clock to go by; by default the engine's.
    sends : bool
        Whether plans become orders; a shadow only decides.
    on_decision : callable, optional
        Takes each decision before anything is sent.

    Attributes
    ----------
    unsent : set of str
        Orders that were given to nautilus and have not left it, by client order id.
    decided_ns : int
        End of the last bucket, UTC ns, on which an earlier process of the run has decided; what
        is heard of it again is not decided again.
    """

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Keep our arguments from nautilus, which takes a config alone."""
        return super().__new__(cls)

    def __init__(
        self,
        desk: Desk,
        failures: Failures,
        *,
        day_has_quotes: bool,
        latency_ns: int = 0,
        attendant: Attendant | None = None,
        pulse: Pulse | None = None,
        sends: bool = True,
        on_decision: OnDecision | None = None,
        decided_ns: int = 0,
    ) -> None:
        symbols = dict.fromkeys(trade.plan.symbol for trade in desk.trades.values())
        held = [instrument_id(symbol) for symbol in symbols]
        super().__init__(
            StrategyConfig(
                strategy_id=None, order_id_tag="001", external_order_instrument_ids=held or None
            )
        )
        self.desk = desk
        self.failures = failures
        self.day_has_quotes = day_has_quotes
        self.latency_ns = latency_ns
        self.attendant = attendant
        self._pulse = pulse
        self._sends = sends
        self._on_decision = on_decision
        self._attempts = ExitAttempts()
        self._decided_ns = decided_ns
        self.decisions: list[BucketDecision] = []
        self.unsent: set[str] = set()

    @property
    def pulse(self) -> Pulse:
        """Whose clock this component goes by."""
        return self._pulse or EnginePulse(self.clock)

    def decide(self, report: BucketReport) -> BucketDecision:
        """Return what to do about a report; pure, and asked more than once in a backtest."""
        raise NotImplementedError

    def watch(self, trade: LiveTrade, now: int) -> None:
        """Look after an open trade that may stay; called every second."""

    def watches(self, trade: LiveTrade) -> bool:
        """Say whether ``watch`` may have anything to do for an open trade."""
        del trade
        return True

    def desk_state(self, report: BucketReport) -> DeskState:
        """Return what the desk knows when a report comes in."""
        governor = self.desk.governor
        return DeskState(
            governor=governor,
            open_trades=governor.open_trades,
            equity=self.equity(),
            day_has_quotes=self.day_has_quotes,
            halted=frozenset(
                candidate.symbol
                for candidate in report.candidates
                if candidate.qualified and self.is_halted(candidate.symbol)
            ),
            locked=frozenset(symbol for symbol, _ in governor.standing.locked),
            late_ns=max(0, self.pulse.now() - report.ts_init),
        )

    def equity(self) -> Decimal:
        """Return cash and positions at their last prints, in USD."""
        ledger = self.desk.ledger
        held = ledger.positions.items()
        return ledger.cash + sum(
            (position.quantity * self.last_price(symbol) for symbol, position in held), Decimal(0)
        )

    def last_price(self, symbol: str) -> Decimal:
        """Return the last eligible print of a symbol that has a position, in USD."""
        tick = self.cache.trade(instrument_id(symbol))
        return decimal_of(tick.price) if tick else self.desk.ledger.positions[symbol].mark

    def is_halted(self, symbol: str) -> bool:
        """Say whether the exchange has halted a symbol."""
        status = self.cache.instrument_status(instrument_id(symbol))
        return status is not None and status.action == MarketStatusAction.HALT

    @guarded
    def on_start(self) -> None:
        """Take up what is open, subscribe to reports and start the guardian on a whole second."""
        for trade in list(self.desk.trades.values()):
            self._resume_trade(trade)
        self.subscribe_data(REPORTS)
        start = max(self.pulse.now(), self.desk.session.open_ns)
        start -= start % _GUARD_NS
        self.pulse.every(Timer("guardian", _GUARD_NS, start, None, self._on_guard, self._may_rest))

    @guarded
    def on_data(self, data: CustomData) -> None:
        """Decide on a bucket and send what was approved."""
        report: BucketReport = data.data
        if report.ts_event <= self._decided_ns:
            return
        decision = self.decide(report)
        self.decisions.append(decision)
        if self._on_decision is not None:
            self._on_decision(decision)
        for approved in decision.plans if self._sends else ():
            self.enter(approved, report)

    @guarded
    def on_trade(self, trade: TradeTick) -> None:
        """Keep the best price since the entry of trades whose stop may trail."""
        price, symbol = fixed_of(trade.price), trade.instrument_id.symbol.value
        for live in self.desk.trades.values():
            if live.is_open and live.plan.symbol == symbol:
                best = price if live.best_price is None else live.best_price
                better = max if live.plan.side is Side.LONG else min
                live.best_price = better(best, price)

    @guarded
    def on_order_event(self, event: Any) -> None:
        """Write an order event down before anything acts on it, then see to the trade."""
        if is_intent(event):
            return
        self.unsent.discard(event.client_order_id.value)
        order: Any = self.cache.order(event.client_order_id)
        now = self.pulse.now()
        self._note_attempt(event, order, now)
        payload = payload_of(event, order)
        if payload is None:
            return
        # what a live node says by itself it dates by the clock on the wall, a rehearsal has another
        self.desk.order_event(payload, min(event.ts_event, now), now)
        trade = self.desk.trades.get(payload.trade_id)
        if trade is not None:
            self._protect(trade)

    def enter(self, approved: Approved[BracketPlan], report: BucketReport) -> None:
        """Send a plan as a bracket: entry, stop and target, the legs asleep until it is filled."""
        plan, now = approved.value, self.pulse.now()
        if not self.desk.plan(plan, report.ts_event, now):
            return
        self.subscribe_trades(instrument_id(plan.symbol))
        self._expect_arrival(now)
        orders = bracket_orders(self.order_factory, approved)
        self.unsent.update(order.client_order_id.value for order in orders)
        self.submit_order_list(orders)

    def close_trade(self, trade: LiveTrade, reason: ExitReason) -> None:
        """Close a trade from above its bracket, and keep at it until it is over.

        That is each second, less often while the venue refuses.

        The target is re-priced through the market, so the stop rests until the very fill; without
        a target a market order goes out. A halted symbol is left alone until it trades again.
        """
        now = self.pulse.now()
        self.desk.request_exit(trade, reason, now)
        plan = trade.plan
        if self.is_halted(plan.symbol):
            return
        target = self._order(trade, OrderRole.TAKE_PROFIT)
        if not trade.is_open:
            self._cancel_entry(trade, now)
        elif not self._attempts.may_try(plan.trade_id, now):
            return
        elif target is not None and target.is_open:
            self._reprice_target(target, plan, now)
        elif target is None or target.is_closed:
            self._send_exit(trade, now)

    def stop_price(self, trade: LiveTrade) -> Decimal:
        """Return where the stop of a trade rests, in USD."""
        stop = self._order(trade, OrderRole.STOP_LOSS)
        return trade.plan.stop_loss if stop is None else decimal_of(stop.trigger_price)

    def stop_rests(self, trade: LiveTrade) -> bool:
        """Say whether the stop of a trade works at the venue."""
        stop = self._order(trade, OrderRole.STOP_LOSS)
        return stop is not None and stop.is_open

    def move_stop(self, trade: LiveTrade, price: Decimal) -> None:
        """Move the stop of a trade, unless it is there already or another change is on its way."""
        stop = self._order(trade, OrderRole.STOP_LOSS)
        if stop is None or not stop.is_open or stop.is_inflight:
            return
        if decimal_of(stop.trigger_price) != price:
            self._expect_arrival(self.pulse.now())
            self.modify_order(stop.client_order_id, trigger_price=price_from(price))

    @guarded
    def _on_guard(self, now: int) -> None:
        for received in self.attendant.commands(now) if self.attendant else ():
            self.desk.command(received, now)
        if not now % self.desk.history.at(now).bucket_ns:
            self.desk.note_phase(now)
        for trade in list(self.desk.trades.values()):
            self._look_after(trade, now)
        if self.desk.must_verify(now):
            self.desk.verify(frozenset(live_symbols(self.cache)), now)

    def _resume_trade(self, trade: LiveTrade) -> None:
        """Take up a trade of a process that is gone, from what the venue tells of its orders.

        Whatever happened to them meanwhile is recorded now, and only once. A plan whose entry the
        venue does not know was never sent, and is not sent late.
        """
        plan, now = trade.plan, self.pulse.now()
        self.subscribe_trades(instrument_id(plan.symbol))
        if self._order(trade, OrderRole.ENTRY) is None:
            entry_id = order_id(OrderRole.ENTRY, plan.trade_id)
            unsent = OrderRejected(entry_id, plan.trade_id, "unknown to the venue: never sent")
            self.desk.order_event(unsent, now, now)
            return
        # an exit may have left before the fact that it was to leave was written
        while self.cache.order(ClientOrderId(exit_id(plan.trade_id, trade.exits_sent + 1))):
            trade.exits_sent += 1
        ids = [ClientOrderId(order_id(role, plan.trade_id)) for role in _BRACKET]
        ids += [ClientOrderId(exit_id(plan.trade_id, n + 1)) for n in range(trade.exits_sent)]
        orders = [order for order in map(self.cache.order, ids) if order is not None]
        events = [(event, order) for order in orders for event in order.events()]
        for event, order in sorted(events, key=lambda each: each[0].ts_event):
            payload = payload_of(event, order)
            if payload is not None and not self.desk.knows(payload):
                self.desk.order_event(payload, event.ts_event, now)

    def _may_rest(self, ts: int) -> bool:
        """Say whether the guardian would find nothing to do at an instant to come."""
        at_bucket = not ts % self.desk.history.at(ts).bucket_ns
        if at_bucket and self.attendant is not None and self.attendant.is_due(ts):
            return False
        trades = self.desk.trades.values()
        if any(
            trade.is_open and (self.watches(trade) or self._is_unprotected(trade))
            for trade in trades
        ):
            return False
        return is_quiet(self.desk, ts)

    def _look_after(self, trade: LiveTrade, now: int) -> None:
        """Close a trade that is due, and withdraw an entry that waits in vain."""
        if trade.exit_reason is not None:
            self.close_trade(trade, trade.exit_reason)
            trade_id, attempts = trade.plan.trade_id, self._attempts
            why = "halted" if self.is_halted(trade.plan.symbol) else "its exit is not filled"
            if refusal := attempts.why(trade_id):
                why = f"its exit is refused: {refusal}"
            self.desk.note_delay(trade, why, now, is_stuck=attempts.is_stuck(trade_id))
            return
        if not trade.is_open:
            if cancels_entry(self.desk, trade, now):
                self._cancel_entry(trade, now)
            return
        self._protect(trade)
        reason = exit_reason(self.desk, trade, now)
        if reason is None:
            self.watch(trade, now)
        else:
            self.close_trade(trade, reason)

    def _note_attempt(self, event: Any, order: Any, now: int) -> None:
        """Learn whether the venue takes what closes a trade."""
        trade_id = trade_id_of(order)
        trade = self.desk.trades.get(trade_id)
        leaves = trade is not None and trade.exit_reason is not None
        if not leaves or role_of(order) not in _EXITS:
            return
        if isinstance(event, _REFUSALS):
            self._attempts.refused(trade_id, str(event.reason), now)
        elif not isinstance(event, model.OrderSubmitted):
            self._attempts.taken(trade_id)

    def _protect(self, trade: LiveTrade) -> None:
        """Close a trade whose stop is gone; go on closing one whose target went on its way out."""
        if trade.is_open and self._is_unprotected(trade):
            self.close_trade(trade, trade.exit_reason or ExitReason.PROTECTION_LOST)

    def _is_unprotected(self, trade: LiveTrade) -> bool:
        is_leaving = trade.exit_reason is not None
        leg = self._order(trade, OrderRole.TAKE_PROFIT if is_leaving else OrderRole.STOP_LOSS)
        return leg is None or leg.is_closed

    def _cancel_entry(self, trade: LiveTrade, now: int) -> None:
        """Cancel what is left of an entry."""
        entry = self._order(trade, OrderRole.ENTRY)
        if entry is not None and entry.is_open and not entry.is_inflight:
            self._expect_arrival(now)
            self.cancel_order(entry.client_order_id)

    def _reprice_target(self, target: LimitOrder, plan: BracketPlan, now: int) -> None:
        """Re-price the target through the last print, unless it is there already."""
        if target.is_inflight:
            return
        last, resting = self.last_price(plan.symbol), decimal_of(target.price)
        crossed = resting <= last if plan.side is Side.LONG else resting >= last
        if crossed and resting != plan.take_profit:
            return
        reach = round_against(last * (1 - plan.side * _EXIT_REACH), plan.side)
        self._expect_arrival(now)
        self.modify_order(target.client_order_id, price=price_from(max(reach, tick_size(reach))))

    def _send_exit(self, trade: LiveTrade, now: int) -> None:
        """Send a market order for what is held, unless one is on its way."""
        plan = trade.plan
        held = self.desk.ledger.positions.get(plan.symbol)
        sent = self.cache.order(ClientOrderId(exit_id(plan.trade_id, trade.exits_sent)))
        if held is None or (sent is not None and not sent.is_closed):
            return
        trade.exits_sent += 1
        self._expect_arrival(now)
        order = exit_order(self.order_factory, plan, abs(held.quantity), trade.exits_sent)
        self.unsent.add(order.client_order_id.value)
        self.submit_order(order)

    def _order(self, trade: LiveTrade, role: OrderRole) -> Any:
        return self.cache.order(ClientOrderId(order_id(role, trade.plan.trade_id)))

    def _expect_arrival(self, now: int) -> None:
        if self.latency_ns:
            arrival = now + self.latency_ns
            self.clock.set_time_alert_ns(f"arrival-{arrival}", arrival, _let_time_pass)


def _let_time_pass(_event: TimeEvent) -> None:
    """Do nothing: the alert itself moves the venue's clock."""
