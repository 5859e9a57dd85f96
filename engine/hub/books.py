"""What the hub knows between two events, folded from the facts of its run."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from engine.accounting import EquityPoint, Fill, FillBook, Ledger, Trade, TradeBook
from engine.decision import GovernorPhase, GovernorState, OpenTrade, evolve
from engine.domain.bracket import BracketPlan
from engine.domain.candidate import Side
from engine.domain.commands import MoveTradeStop
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble
from engine.domain.ensemble_history import EnsembleHistory
from engine.domain.errors import RunError
from engine.domain.facts import (
    AlarmRaised,
    AnyPayload,
    BracketPlanned,
    CommandReceived,
    DayStarted,
    EnsembleChanged,
    ExitReason,
    ExitRequested,
    Fact,
    GovernorMoved,
    OrderCanceled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderRole,
    OrderSubmitted,
    OrderUpdated,
    ParamsChanged,
    TradeClosed,
    TradeOpened,
)
from engine.domain.order_names import is_entry, order_id
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session, session
from engine.hub.causes import Causes

_RECENT = 200
"""Facts that are kept as they are, for whoever shows the last of them."""


class LiveTrade(msgspec.Struct):
    """A plan that was sent and is not over.

    Attributes
    ----------
    ts_planned : int
        When its orders were sent, UTC ns.
    is_open : bool
        The entry is filled, as far as it will be.
    exit_reason : ExitReason or None
        Why it is being closed from above its bracket; None while the bracket is left alone.
    ts_exit : int or None
        When that was asked for, UTC ns.
    has_alarm : bool
        Somebody was told that it takes too long.
    exits_sent : int
        Orders sent to close it beside its bracket.
    stop_trails : bool
        The stop has left the price it was planned at.
    best_price : int or None
        Best eligible print since the entry, 1e-6 USD; only kept where the stop may trail.
    """

    plan: BracketPlan
    ts_planned: int
    is_open: bool = False
    exit_reason: ExitReason | None = None
    ts_exit: int | None = None
    has_alarm: bool = False
    exits_sent: int = 0
    stop_trails: bool = False
    best_price: int | None = None


class Books:
    """Everything the hub knows; the same facts lead to the same books, in a restarted process too.

    Attributes
    ----------
    history : ParameterHistory
        Which parameters hold when; every plan names its version.
    ensembles : EnsembleHistory
        Which strategies are on at any bucket.
    causes : Causes
        Which fact the next one of a trade or a command follows from.
    ledger : Ledger
        Cash and positions; not reset from day to day.
    governor : GovernorState
    trades : dict of str to LiveTrade
        By trade id, in order of planning.
    facts : int
        Facts folded so far.
    day_orders : int
        Orders submitted today.
    day_fills : list of Fill
        Today's, in order.
    alarms : list of AlarmRaised
        Today's, in order.
    noted_phase : GovernorPhase or None
        The governor's phase when somebody last looked; None before the first look of a day.
    last_cause : AnyPayload or None
        Last fact from which others may have to follow, should the run be cut off here.
    last_command : CommandReceived or None
    recent : deque of Fact
        The last ones, in order.
    """

    def __init__(
        self,
        history: ParameterHistory,
        balance: Decimal,
        ensemble: Ensemble = ACCELERATION_ALONE,
    ) -> None:
        self.history = history
        self.ensembles = EnsembleHistory(ensemble)
        self.causes = Causes()
        self.ledger = Ledger(cash=balance)
        self.governor = GovernorState()
        self.trades: dict[str, LiveTrade] = {}
        self.facts = 0
        self.day_orders = 0
        self.day_fills: list[Fill] = []
        self.alarms: list[AlarmRaised] = []
        self.recent: deque[Fact] = deque(maxlen=_RECENT)
        self._session: Session | None = None
        self._fills = FillBook()
        self._book = TradeBook()
        self._planned_today: list[str] = []
        self.noted_phase: GovernorPhase | None = None
        self.last_cause: AnyPayload | None = None
        self.last_command: CommandReceived | None = None
        self._coming = deque(history.changed)
        self._known: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)

    @property
    def session(self) -> Session:
        """The day that was started.

        Raises
        ------
        RunError
            None was.
        """
        if self._session is None:
            raise RunError("no trading day has started: call start_day first")
        return self._session

    @property
    def day_started(self) -> bool:
        """Whether a day was started."""
        return self._session is not None

    def restore(self, facts: Iterable[Fact]) -> None:
        """Take over what was recorded before, in order."""
        for fact in facts:
            self.fold(fact)

    def day_trades(self) -> list[Trade]:
        """Return the day's trades so far, open ones too."""
        booked = map(self._book.trade, self._planned_today)
        return [trade for trade in booked if trade is not None]

    def booked(self, trade_id: str) -> Trade | None:
        """Return what has been filled of a trade, None before its first fill."""
        return self._book.trade(trade_id)

    def unfilled(self) -> dict[str, str]:
        """Return the symbols of trades that are not open yet, by client order id of the entry."""
        waiting = (trade.plan for trade in self.trades.values() if not trade.is_open)
        return {order_id(OrderRole.ENTRY, plan.trade_id): plan.symbol for plan in waiting}

    def knows(self, payload: OrderFact) -> bool:
        """Say whether an event of a trade that is not over was recorded before.

        A fill counts by its name at the venue; changes of an order are not told apart.
        """
        return _identity(payload) in self._known.get(payload.trade_id, ())

    def change_due(self, ts: int) -> ParamsChanged | None:
        """Return the next change of the parameters that is in force by an instant (UTC ns)."""
        is_due = self._coming and self._coming[0].effective_ns <= ts
        return self._coming[0] if is_due else None

    def note_phase(self, now: GovernorPhase) -> GovernorPhase | None:
        """Keep the governor's phase; return the one that was noted before."""
        before, self.noted_phase = self.noted_phase, now
        return before

    def exit_sent(self, trade: LiveTrade, number: int) -> None:
        """Learn that the ``number``-th exit of a trade has left, before its facts say so."""
        trade.exits_sent = max(trade.exits_sent, number)

    def printed(self, symbol: str, price: int) -> None:
        """Learn of an eligible print (1e-6 USD): open trades keep their best price."""
        for trade in self.trades.values():
            if trade.is_open and trade.plan.symbol == symbol:
                best = price if trade.best_price is None else trade.best_price
                better = max if trade.plan.side is Side.LONG else min
                trade.best_price = better(best, price)

    def equity_point(self, ts: int, equity: Decimal) -> EquityPoint:
        """Return a point of the equity curve; ``equity`` USD has positions at their last prints."""
        held = self.ledger.positions.values()
        invested = sum((abs(each.quantity) * each.mark for each in held), Decimal(0))
        exposure = float(invested / equity) if equity > 0 else 0.0
        return EquityPoint(ts, self.ledger.cash, equity, exposure)

    def governed(self, trade: LiveTrade) -> OpenTrade:
        """Return a trade as the governor knows it."""
        return next(
            known for known in self.governor.open_trades if known.trade_id == trade.plan.trade_id
        )

    def fold(self, fact: Fact) -> None:
        """Take one fact."""
        self.facts += 1
        self.recent.append(fact)
        payload, trade_id = fact.payload, fact.correlation_id
        self._remember(payload)
        change = self._fills.post(fact)
        self.ledger.post(fact, change)
        self._book.post(fact, change)
        at = self.history.at(fact.ts_event)
        self.governor = evolve(self.governor, payload, fact.ts_event, at)
        self.causes.fold(fact)
        match payload:
            case DayStarted():
                self._start(session(date.fromisoformat(payload.day)))
            case ParamsChanged():
                self._change(payload)
            case GovernorMoved():
                self.noted_phase = GovernorPhase(payload.after)
            case BracketPlanned():
                self._plan(payload, fact.ts_init)
            case AlarmRaised():
                self.alarms.append(payload)
            case OrderSubmitted():
                self.day_orders += 1
            case OrderFilled():
                self.day_fills.append(Fill(fact.seq, fact.ts_event, fact.ts_init, payload))
            case _:
                pass
        if isinstance(payload, OrderFact):
            self._known[payload.trade_id].add(_identity(payload))
        if trade_id in self.trades:
            self._follow(self.trades[trade_id], payload, fact.ts_init)

    def _remember(self, payload: AnyPayload) -> None:
        if isinstance(payload, CommandReceived):
            self.last_command = payload
        elif isinstance(payload, EnsembleChanged):
            self.ensembles.change(payload)
        if not isinstance(payload, GovernorMoved):
            self.last_cause = payload

    def _start(self, day: Session) -> None:
        self._session, self.noted_phase = day, None
        self.day_orders, self.day_fills, self.alarms, self._planned_today = 0, [], [], []

    def _change(self, change: ParamsChanged) -> None:
        if self._coming and self._coming[0].version == change.version:
            self._coming.popleft()
        if change.version > self.history.latest:
            self.history = self.history.after(change)

    def _plan(self, planned: BracketPlanned, ts: int) -> None:
        """Take up a trade; whether events of those that are over are known, nobody asks again."""
        for over in self._known.keys() - self.trades.keys():
            del self._known[over]
        self.trades[planned.trade_id] = LiveTrade(BracketPlan.of(planned), ts)
        self._planned_today.append(planned.trade_id)

    def _follow(self, trade: LiveTrade, payload: AnyPayload, ts: int) -> None:
        """Take what a fact means for a trade that lives."""
        trade_id = trade.plan.trade_id
        match payload:
            case OrderSubmitted(role=OrderRole.EXIT):
                trade.exits_sent = max(trade.exits_sent, payload.number)
            case OrderUpdated(trigger_price=Decimal() as price):
                moves = self.governor.standing.moves(trade_id)
                by_hand = any(each.command == MoveTradeStop(trade_id, price) for each in moves)
                trade.stop_trails = not by_hand and price != trade.plan.stop_loss
            case ExitRequested():
                by_hand = payload.reason is ExitReason.CLOSED_BY_HAND
                if trade.exit_reason is None or by_hand:
                    trade.exit_reason = payload.reason
                trade.ts_exit = ts if trade.ts_exit is None else trade.ts_exit
            case AlarmRaised():
                trade.has_alarm = True
            case TradeOpened():
                trade.is_open = True
            case TradeClosed():
                del self.trades[trade_id]
            case OrderCanceled() | OrderExpired() | OrderRejected():
                ended = is_entry(payload.client_order_id, trade_id)
                if ended and self._book.trade(trade_id) is None:
                    del self.trades[trade_id]
            case _:
                pass


def _identity(payload: OrderFact) -> tuple[str, ...]:
    kind = type(payload).__name__
    filled = payload.venue_trade_id if isinstance(payload, OrderFilled) else ""
    return kind, payload.client_order_id, filled
