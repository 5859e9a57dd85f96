"""The hub inside nautilus: one strategy class that hosts any number of trading ideas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self
from weakref import proxy

from nautilus_trader import trading
from nautilus_trader.model import CustomData, TradeTick
from nautilus_trader.trading import StrategyConfig

from engine.decision import BucketDecision
from engine.domain.candidate import BucketReport
from engine.domain.session import NANOS_PER_SECOND
from engine.domain.strategy import Strategy
from engine.hub.attendant import Attendant
from engine.hub.desk import Desk
from engine.hub.guardian import Guardian
from engine.hub.hosted import HostedStrategies
from engine.pipeline import judge
from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.guard_loop import GuardLoop
from engine.runtime.bridge.messages import REPORTS
from engine.runtime.bridge.order_commands import OrderCommands
from engine.runtime.bridge.order_events import OrderEvents
from engine.runtime.bridge.order_facts import is_intent
from engine.runtime.bridge.pulse import EnginePulse, Pulse, Timer
from engine.runtime.bridge.values import fixed_of, instrument_id
from engine.runtime.bridge.venue_view import VenueView

_GUARD_NS = NANOS_PER_SECOND

type OnDecision = Callable[[BucketDecision], None]


class HubStrategy(trading.Strategy):
    """Trades what is approved and never leaves a position without a way out.

    The strategies that it hosts say what to enter and how an open trade is watched. What is decided
    and what is due follow from ``engine.decision`` and ``engine.hub``; this shell only brings them
    reports and order events, and carries out what they say. It cannot tell which host it is in.

    Parameters
    ----------
    desk : Desk
        A day has been started on it.
    failures : Failures
        Where failed handlers are kept.
    strategies : sequence of Strategy
    day_has_quotes : bool
        Whether quotes are known for this day at all.
    attendant : Attendant, optional
        Who may give commands.
    latency_ns : int
        See ``OrderCommands``; live 0.
    pulse : Pulse, optional
        Whose clock to go by; by default the engine's.
    sends : bool
        Whether plans become orders; a shadow only decides.
    on_decision : callable, optional
        Takes each decision before anything is sent.
    decided_ns : int
        End of the last bucket, UTC ns, on which an earlier process of the run has decided; what
        is heard of it again is not decided again.

    Attributes
    ----------
    decisions : list of BucketDecision
        In order, of this process.
    view : VenueView
        Prices, halts and orders as they stand.
    commands : OrderCommands
        What is sent goes through it.
    """

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Keep our arguments from nautilus, which takes a config alone."""
        return super().__new__(cls)

    def __init__(
        self,
        desk: Desk,
        failures: Failures,
        strategies: Sequence[Strategy],
        *,
        day_has_quotes: bool,
        latency_ns: int = 0,
        attendant: Attendant | None = None,
        pulse: Pulse | None = None,
        sends: bool = True,
        on_decision: OnDecision | None = None,
        decided_ns: int = 0,
    ) -> None:
        symbols = dict.fromkeys(trade.plan.symbol for trade in desk.books.trades.values())
        held = [instrument_id(symbol, desk.account.venue) for symbol in symbols]
        super().__init__(
            StrategyConfig(
                strategy_id=None, order_id_tag="001", external_order_instrument_ids=held or None
            )
        )
        self.desk = desk
        self.failures = failures
        self.decisions: list[BucketDecision] = []
        # its parts do not own it: a nautilus strategy may only be freed in the thread that made it,
        # so it must go with its last reference, not when a collector comes along in another one
        host: trading.Strategy = proxy(self)
        self.view = VenueView(host, desk)
        self.commands = OrderCommands(host, desk.instruments, latency_ns)
        hosted = HostedStrategies(strategies)
        guardian = Guardian(desk.books, hosted, desk.instruments)
        self._events = OrderEvents(host, desk, guardian)
        self._guard = GuardLoop(desk, guardian, self.view, self.commands, attendant)
        self._day_has_quotes = day_has_quotes
        self._pulse = pulse
        self._sends = sends
        self._on_decision = on_decision
        self._decided_ns = decided_ns

    @property
    def pulse(self) -> Pulse:
        """Whose clock this component goes by."""
        return self._pulse or EnginePulse(self.clock)

    def decide(self, report: BucketReport) -> BucketDecision:
        """Return verdicts and plans for one bucket; a backtest asks more than once."""
        books, now = self.desk.books, self.pulse.now()
        state = self.view.desk_state(report, now, day_has_quotes=self._day_has_quotes)
        return judge(report, state, books.history.at(report.ts_event), books.session)

    @guarded
    def on_start(self) -> None:
        """Take up what is open, subscribe to reports and start the guardian on a whole second."""
        for trade in list(self.desk.books.trades.values()):
            self.subscribe_trades(instrument_id(trade.plan.symbol, trade.plan.venue))
            self._events.resume_trade(trade, self.pulse.now())
        self.subscribe_data(REPORTS)
        start = max(self.pulse.now(), self.desk.books.session.open_ns)
        start -= start % _GUARD_NS
        may_rest = self._guard.may_rest
        self.pulse.every(Timer("guardian", _GUARD_NS, start, None, self._on_guard, may_rest))

    @guarded
    def on_data(self, data: CustomData) -> None:
        """Decide on a bucket and send what was approved, once all of it is recorded."""
        report: BucketReport = data.data
        if report.ts_event <= self._decided_ns:
            return
        for failure in report.failures:
            self.desk.incidents.strategy_failed(failure, self.pulse.now())
        decision = self.decide(report)
        self.decisions.append(decision)
        if self._on_decision is not None:
            self._on_decision(decision)
        if decision.incomplete is not None:
            self.desk.incidents.bucket_incomplete(decision.incomplete, self.pulse.now())
        if not (self._sends and decision.plans):
            return
        plans, now = [approved.value for approved in decision.plans], self.pulse.now()
        may_leave = self.desk.plans(plans, report.ts_event, now)
        for approved in decision.plans:
            if approved.value.trade_id in may_leave:
                self.commands.enter(approved, now)

    @guarded
    def on_trade(self, trade: TradeTick) -> None:
        """Keep the best price since the entry of trades whose stop may trail."""
        self.desk.books.printed(trade.instrument_id.symbol.value, fixed_of(trade.price))

    @guarded
    def on_order_event(self, event: Any) -> None:
        """Write an order event down before anything acts on it, then see to the trade."""
        if is_intent(event):
            return
        self.commands.unsent.discard(event.client_order_id.value)
        now = self.pulse.now()
        trade = self._events.record(event, now)
        if trade is not None:
            self._guard.protect(trade, now)

    @guarded
    def _on_guard(self, now: int) -> None:
        self._guard.look(now)
