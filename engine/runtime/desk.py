"""Hop 6 → 3: what the hub knows between two events, folded from the facts it writes."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

import msgspec

from engine.accounting import Fill, FillBook, Ledger, Trade, TradeBook
from engine.decision import (
    Declined,
    GovernorPhase,
    GovernorState,
    OpenTrade,
    answer,
    carried_out,
    evolve,
    flatness_due,
    flatten_step,
    phase,
)
from engine.domain.bracket import BracketPlan
from engine.domain.errors import RunError
from engine.domain.facts import (
    AnyPayload,
    CommandAccepted,
    CommandReceived,
    CommandRefused,
    DayEnded,
    DayStarted,
    ExitReason,
    ExitRequested,
    Fact,
    GovernorMoved,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRole,
    OrderSubmitted,
    OrderUpdated,
    ParamsChanged,
    TradeClosed,
    TradeMeasured,
    TradeOpened,
)
from engine.domain.parameter_versions import ParameterHistory
from engine.domain.session import Session
from engine.journal import JournalWriter
from engine.runtime.orders import order_id
from engine.runtime.recorder import OrderFact


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
    exits_sent: int = 0
    stop_trails: bool = False
    best_price: int | None = None


class Desk:
    """Writes every fact of a run and keeps what follows from them.

    Attributes
    ----------
    history : ParameterHistory
        Which parameters hold when; every plan names its version.
    ledger : Ledger
        Cash and positions; not reset from day to day.
    governor : GovernorState
    trades : dict of str to LiveTrade
        By trade id, in order of planning.
    facts : int
        Facts written so far.
    day_orders : int
        Orders submitted today.
    day_fills : list of Fill
        Today's, in order.
    """

    def __init__(self, history: ParameterHistory, journal: JournalWriter, balance: Decimal) -> None:
        self.history = history
        self.ledger = Ledger(cash=balance)
        self.governor = GovernorState()
        self.trades: dict[str, LiveTrade] = {}
        self.facts = 0
        self.day_orders = 0
        self.day_fills: list[Fill] = []
        self._journal = journal
        self._session: Session | None = None
        self._fills = FillBook()
        self._book = TradeBook()
        self._planned_today: list[str] = []
        self._phase: GovernorPhase | None = None
        self._causes: dict[str, int] = {}
        self._commands: dict[str, int] = {}
        self._coming = deque(history.changed)

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

    def start_day(self, session: Session, data_hash: str, ts: int) -> None:
        """Begin a day; its trades are kept apart from those before it."""
        self._session, self._phase = session, None
        self.day_orders, self.day_fills, self._planned_today = 0, [], []
        self._causes.clear()
        self._record(DayStarted(session.day.isoformat(), data_hash, self.ledger.equity), ts)

    def end_day(self, ts: int) -> None:
        """End the day at the equity it has."""
        self._record(DayEnded(self.session.day.isoformat(), self.ledger.equity), ts)
        self._journal.commit()

    def day_trades(self) -> list[Trade]:
        """Return the day's trades so far, open ones too."""
        booked = map(self._book.trade, self._planned_today)
        return [trade for trade in booked if trade is not None]

    def measured(self, measured: TradeMeasured, ts: int) -> None:
        """Record how far the market went while a trade was open."""
        trade_id = measured.trade_id
        self._append(measured, ts, ts, self._causes.get(trade_id), trade_id)

    def governed(self, trade: LiveTrade) -> OpenTrade:
        """Return a trade as the governor knows it."""
        return next(
            known for known in self.governor.open_trades if known.trade_id == trade.plan.trade_id
        )

    def plan(self, plan: BracketPlan, ts_event: int, ts: int) -> LiveTrade:
        """Record a plan before any of its orders leaves."""
        trade = self.trades[plan.trade_id] = LiveTrade(plan, ts)
        self._planned_today.append(plan.trade_id)
        version = self.history.in_force(plan.candidate_ts).version
        self._record(plan.fact(version), ts, ts_event=ts_event, trade_id=plan.trade_id)
        return trade

    def request_exit(self, trade: LiveTrade, reason: ExitReason, ts: int) -> None:
        """Record why a trade is to be closed from above its bracket; the first reason stays."""
        if trade.exit_reason is None:
            trade.exit_reason = reason
            plan = trade.plan
            request = ExitRequested(plan.trade_id, plan.symbol, reason)
            self._record(request, ts, trade_id=plan.trade_id)

    def order_event(self, payload: OrderFact, ts_event: int, ts: int) -> None:
        """Record what became of an order, and what follows from it for its trade."""
        fact = self._record(payload, ts, ts_event=ts_event, trade_id=payload.trade_id)
        if isinstance(payload, OrderSubmitted):
            self.day_orders += 1
        elif isinstance(payload, OrderFilled):
            self.day_fills.append(Fill(fact.seq, ts_event, ts, payload))
        trade = self.trades.get(payload.trade_id)
        if trade is not None:
            self._follow(trade, payload, ts)

    def command(self, received: CommandReceived, ts: int) -> None:
        """Record a command, its answer and what follows at once; one that is known is passed over.

        What it orders beyond that stands in the governor's state until it is done.
        """
        if received.command_id in self._commands:
            return
        cause = self._record(received, ts, fact_id=received.command_id).seq
        self._commands[received.command_id] = cause
        answered = answer(received, self.governor, self.history, ts)
        if isinstance(answered, Declined):
            why = f"{answered.reason}: {answered.detail}"
            self._record(CommandRefused(received.command_id, why), ts, cause=cause)
            return
        self._record(CommandAccepted(received.command_id), ts, cause=cause)
        for payload in answered.facts:
            self._record(payload, ts, cause=cause)

    def must_verify(self, ts: int) -> bool:
        """Say whether it matters at an instant what the venue still holds."""
        step = flatten_step(ts, self.history.at(ts), self.session)
        return step is not None or bool(self.governor.standing.underway)

    def verify(self, live: frozenset[str], ts: int) -> None:
        """Record what has become of commands, and whether the day ends flat.

        Parameters
        ----------
        live : frozenset of str
            Symbols on which, as the venue has it, an order works or a position is held.
        """
        for underway in self.governor.standing.underway:
            for payload in carried_out(underway, self.governor, live):
                self._record(payload, ts, cause=self._commands[underway.command_id])
        due = flatness_due(self.governor, live, ts, self.history.at(ts), self.session)
        if due is not None:
            self._record(due, ts)

    def note_phase(self, ts: int, cause: Fact | None = None) -> None:
        """Record a change of the governor's phase, brought about by a fact or by the clock."""
        self._take_effect(ts)
        now = phase(self.governor, ts, self.history.at(ts), self.session)
        before, self._phase = self._phase, now
        if before is None or before is now:
            return
        reason = "clock" if cause is None else str(cause.payload.__struct_config__.tag)
        moved = GovernorMoved(before.value, now.value, reason)
        self._append(moved, ts, ts, None if cause is None else cause.seq, None)

    def _record(
        self,
        payload: AnyPayload,
        ts: int,
        *,
        ts_event: int | None = None,
        trade_id: str | None = None,
        cause: int | None = None,
        fact_id: str | None = None,
    ) -> Fact:
        """Append a fact and fold it; what caused it is, for a trade's, the last fact of its trade.

        Submissions are caused alike by the plan or request behind them, so they cause nothing.
        """
        if trade_id is not None:
            cause = self._causes.get(trade_id)
        self._take_effect(ts)
        happened = ts if ts_event is None else ts_event
        fact = self._append(payload, happened, ts, cause, trade_id, fact_id)
        if trade_id is not None and not isinstance(payload, OrderSubmitted):
            self._causes[trade_id] = fact.seq
        self.note_phase(ts, fact)
        return fact

    def _take_effect(self, ts: int) -> None:
        """Record the versions of the parameters that have come into force."""
        while self._coming and self._coming[0].effective_ns <= ts:
            change = self._coming.popleft()
            self._append(change, change.effective_ns, change.effective_ns, None, None)

    def _append(
        self,
        payload: AnyPayload,
        ts_event: int,
        ts_init: int,
        causation_id: int | None,
        correlation_id: str | None,
        fact_id: str | None = None,
    ) -> Fact:
        fact = self._journal.append(
            payload,
            ts_event=ts_event,
            ts_init=ts_init,
            causation_id=causation_id,
            correlation_id=correlation_id,
            fact_id=fact_id,
        )
        self.facts += 1
        change = self._fills.post(fact)
        self.ledger.post(fact, change)
        self._book.post(fact, change)
        self.governor = evolve(self.governor, payload, ts_event, self.history.at(ts_event))
        if isinstance(payload, ParamsChanged) and payload.version > self.history.latest:
            self.history = self.history.after(payload)
        return fact

    def _follow(self, trade: LiveTrade, payload: OrderFact, ts: int) -> None:
        """Record what an order event means for its trade."""
        booked = self._book.trade(payload.trade_id)
        match payload:
            case OrderUpdated(trigger_price=Decimal()):
                trade.stop_trails = payload.trigger_price != trade.plan.stop_loss
            case OrderFilled(role=OrderRole.ENTRY):
                if booked is not None and booked.quantity == trade.plan.quantity:
                    self._opened(trade, booked, ts)
            case OrderFilled():
                if booked is not None and not booked.open_quantity:
                    self._closed(trade, booked, payload.role, ts)
            case OrderCanceled() | OrderExpired() | OrderRejected():
                if payload.client_order_id != order_id(OrderRole.ENTRY, payload.trade_id):
                    return
                if booked is None:
                    del self.trades[payload.trade_id]
                else:
                    self._opened(trade, booked, ts)
            case _:
                pass

    def _opened(self, trade: LiveTrade, booked: Trade, ts: int) -> None:
        trade.is_open = True
        opened = TradeOpened(
            booked.trade_id, booked.symbol, int(booked.side), booked.quantity, booked.avg_px_open
        )
        self._record(opened, ts, trade_id=booked.trade_id)

    def _closed(self, trade: LiveTrade, booked: Trade, role: OrderRole, ts: int) -> None:
        if booked.avg_px_close is None or booked.realized_pnl is None:
            raise RunError(f"trade {booked.trade_id} is flat, expected a fill that closed it")
        closed = TradeClosed(
            trade_id=booked.trade_id,
            symbol=booked.symbol,
            side=int(booked.side),
            quantity=booked.quantity,
            avg_px_open=booked.avg_px_open,
            avg_px_close=booked.avg_px_close,
            realized_pnl=booked.realized_pnl,
            commission=booked.commission,
            exit_reason=_exit_reason(trade, role),
        )
        del self.trades[booked.trade_id]
        self._record(closed, ts, trade_id=booked.trade_id)


def _exit_reason(trade: LiveTrade, role: OrderRole) -> ExitReason:
    """Return why a trade ended, given the order whose fill ended it.

    A stop that was elected while an exit was on its way is still the stop.
    """
    if role is OrderRole.STOP_LOSS:
        return ExitReason.TRAILING_STOP if trade.stop_trails else ExitReason.STOP_LOSS
    return trade.exit_reason or ExitReason.TAKE_PROFIT
