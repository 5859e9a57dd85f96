"""The one writer of a run: each event as a fact, and at once what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from engine.accounting import Trade, measure
from engine.decision import (
    Declined,
    Reach,
    answer,
    carried_out,
    flatness_due,
    phase,
)
from engine.domain.account import ACCELERATION, ALPACA_MAIN, TradingAccount
from engine.domain.bracket import BracketPlan
from engine.domain.candidate import StrategyFailure
from engine.domain.ensemble import ACCELERATION_ALONE, ENGINE, Ensemble
from engine.domain.errors import NotPersisted, RunError
from engine.domain.facts import (
    Alarm,
    AlarmRaised,
    AnyPayload,
    BracketPlanned,
    BucketIncomplete,
    CommandAccepted,
    CommandReceived,
    CommandRefused,
    DayEnded,
    DayStarted,
    EntriesHeld,
    EntriesReleased,
    ExitReason,
    ExitRequested,
    Fact,
    GapBackfilled,
    GovernorMoved,
    OrderCanceled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderRole,
    ProtectionStarted,
    SymbolLocked,
    TradeClosed,
    TradeOpened,
)
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData
from engine.domain.markets.instrument import ALPACA_STOCKS, Instruments
from engine.domain.order_names import is_entry, trade_name
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import NANOS_PER_SECOND, Session
from engine.hub.books import Books, LiveTrade
from engine.journal import JournalWriter


class Desk:
    """Writes every fact of a run and folds it at once.

    Parameters
    ----------
    history : ParameterHistory
    journal : JournalWriter
    balance : Decimal
        USD at the start of the run.
    account : TradingAccount
        Whose orders and money these are.
    instruments : Instruments
        What can be traded there.
    ensemble : Ensemble
        The strategies at the start of the run; what was recorded of them before goes first.

    Attributes
    ----------
    books : Books
        What the facts so far come to.
    reach : Reach
        How far commands can change parameters; the host widens it.
    """

    def __init__(
        self,
        history: ParameterHistory,
        journal: JournalWriter,
        balance: Decimal,
        account: TradingAccount = ALPACA_MAIN,
        instruments: Instruments = ALPACA_STOCKS,
        ensemble: Ensemble = ACCELERATION_ALONE,
    ) -> None:
        self.books = Books(history, balance, ensemble)
        self.account = account
        self.instruments = instruments
        self.reach = Reach.DECISIONS
        self._journal = journal

    def resume(self, ts: int) -> None:
        """Record what follows from the last fact of a process that was cut off before it did."""
        last, received = self.books.last_cause, self.books.last_command
        if isinstance(last, OrderFact) and last.trade_id in self.books.trades:
            self._conclude(self.books.trades[last.trade_id], last, ts)
        elif isinstance(last, CommandReceived):
            self._answer(last, ts)
        elif isinstance(last, CommandAccepted) and received is not None:
            self._answer(received, ts, is_accepted=True)

    def start_day(self, session: Session, data_hash: str, ts: int) -> None:
        """Begin a day; its trades are kept apart from those before it."""
        is_first = not self.books.day_started
        self._record(DayStarted(session.day.isoformat(), data_hash, self.books.ledger.equity), ts)
        ensemble = self.books.ensemble
        if is_first and ensemble != ACCELERATION_ALONE:
            self._record(ensemble.changed(ts, "start", "the strategies of the run"), ts)

    def end_day(self, ts: int) -> None:
        """End the day at the equity it has."""
        self._record(DayEnded(self.books.session.day.isoformat(), self.books.ledger.equity), ts)
        self._journal.commit()

    def measure_trades(self, market: MarketData, ts: int) -> None:
        """Record how far the market went while the day's trades that are over were open."""
        day = self.books.session.day
        tapes, halts = market.tapes(day), Halts(market.statuses(day))
        for trade in self.books.day_trades():
            measured = measure(trade, market, tapes, halts)
            if measured is not None:
                trade_id = measured.trade_id
                self._append(measured, ts, ts, self.books.cause_of(trade_id), trade_id)

    def plans(self, plans: Sequence[BracketPlan], ts_event: int, ts: int) -> set[str]:
        """Record the plans of a bucket before any of their orders leaves; return which may.

        They are durable together then. While facts wait for their database, at hosts that go on
        without one, none may leave.

        Parameters
        ----------
        plans : sequence of BracketPlan
            In order.

        Returns
        -------
        set of str
            Ids of trades.
        """
        planned: list[BracketPlan] = []
        try:
            with self._journal.group():
                for plan in plans:
                    version = self.books.history.in_force(plan.candidate_ts).version
                    fact = plan.fact(version)
                    self._record(fact, ts, ts_event=ts_event, trade_id=plan.trade_id)
                    planned.append(plan)
        except NotPersisted:
            for plan in planned:
                self.order_event(plan.never_sent("not kept in time: never sent"), ts, ts)
            return set()
        return {plan.trade_id for plan in planned}

    def settle(self) -> None:
        """Have what was recorded kept, if it can be, before somebody acts on it."""
        self._journal.settle()

    def request_exit(self, trade: LiveTrade, reason: ExitReason, ts: int) -> None:
        """Record why a trade is to be closed from above its bracket.

        The first reason stays, unless somebody closes it by hand meanwhile.
        """
        by_hand = ExitReason.CLOSED_BY_HAND
        if trade.exit_reason is None or (reason is by_hand and trade.exit_reason is not by_hand):
            plan = trade.plan
            request = ExitRequested(
                plan.trade_id, plan.strategy_id, plan.symbol, plan.venue, plan.account, reason
            )
            self._record(request, ts, trade_id=plan.trade_id)

    def note_delay(self, trade: LiveTrade, why: str, ts: int, *, is_stuck: bool = False) -> None:
        """Raise an alarm, once, for a trade that should be closed: late, or when it is stuck."""
        if trade.ts_exit is None or trade.has_alarm:
            return
        late_secs = (ts - trade.ts_exit) // NANOS_PER_SECOND
        if is_stuck or late_secs >= self.books.history.at(ts).flatten_verify_seconds:
            plan = trade.plan
            detail = f"{plan.symbol} is open {late_secs} s after {trade.exit_reason}: {why}"
            self._record(AlarmRaised(Alarm.EXIT_HELD_UP, detail), ts, trade_id=plan.trade_id)

    def protection_started(self, started: ProtectionStarted, ts: int) -> None:
        """Record that this run protects what another one has left."""
        self._record(started, ts)

    def request_close(self, trade_id: str, symbol: str, reason: ExitReason, ts: int) -> None:
        """Record why shares are to be sold that another run has bought."""
        named = trade_name(trade_id)
        strategy_id = ACCELERATION if named is None else named.strategy_id
        venue, account = self.account.venue, self.account.name
        request = ExitRequested(trade_id, strategy_id, symbol, venue, account, reason)
        self._record(request, ts, trade_id=trade_id)

    def gap_backfilled(self, gap: GapBackfilled, ts: int) -> None:
        """Record that market data was heard later than it came."""
        self._record(gap, ts)

    def bucket_incomplete(self, silent: BucketIncomplete, ts: int) -> None:
        """Record that slots of the alphabet were silent about a bucket that was decided."""
        self._record(silent, ts, ts_event=silent.ts)

    def ring(self, alarm: Alarm, detail: str, ts: int) -> None:
        """Raise an alarm that concerns no trade alone."""
        self._record(AlarmRaised(alarm, detail), ts)

    def order_event(self, payload: OrderFact, ts_event: int, ts: int) -> None:
        """Record what became of an order, and what follows from it for its trade."""
        self._record(payload, ts, ts_event=ts_event, trade_id=payload.trade_id)
        trade = self.books.trades.get(payload.trade_id)
        if trade is not None:
            self._conclude(trade, payload, ts)

    def command(self, received: CommandReceived, ts: int) -> None:
        """Record a command, its answer and what follows at once; one that is known is passed over.

        What it orders beyond that stands in the governor's state until it is done.
        """
        if self.books.command_seq(received.command_id) is not None:
            return
        self._record(received, ts, fact_id=received.command_id)
        self._answer(received, ts)

    def strategy_failed(self, failure: StrategyFailure, ts: int) -> None:
        """Switch a strategy off that went wrong, from the very bucket at which it did."""
        if self.books.ensemble.is_on(failure.strategy_id):
            off = self.books.ensemble.without([failure.strategy_id])
            why = f"{failure.strategy_id} is switched off: {failure.why}"
            self._record(off.changed(failure.ts_event, ENGINE, why), ts)

    def hold_entries(self, trouble: str, detail: str, ts: int) -> None:
        """Let nothing be entered while something is wrong; what is open stays managed."""
        if trouble not in dict(self.books.governor.standing.troubles):
            self._record(EntriesHeld(trouble, detail), ts)

    def release_entries(self, trouble: str, ts: int) -> bool:
        """Record that what was wrong is over; return whether it was wrong."""
        was_wrong = trouble in dict(self.books.governor.standing.troubles)
        if was_wrong:
            self._record(EntriesReleased(trouble), ts)
        return was_wrong

    def journal_is_back(self, moved: Mapping[int, int], late: Iterable[Fact], ts: int) -> None:
        """Take over what became of facts while their database was away; see ``WaitingJournal``.

        Of a plan that was kept too late no order has left.
        """
        self.books.renumber(moved)
        for fact in late:
            self.books.fold(fact)
            if isinstance(fact.payload, BracketPlanned):
                plan = BracketPlan.of(fact.payload)
                self.order_event(plan.never_sent("kept too late: never sent"), ts, ts)

    def lock_symbol(self, symbol: str, reason: str, ts: int) -> bool:
        """Keep a symbol from being entered until somebody unlocks it; say whether that is new."""
        is_new = symbol not in dict(self.books.governor.standing.locked)
        if is_new:
            self._record(SymbolLocked(symbol, reason), ts)
        return is_new

    def verify(self, live: frozenset[str], ts: int) -> None:
        """Record what has become of commands, and whether the day ends flat.

        Parameters
        ----------
        live : frozenset of str
            Symbols on which, as the venue has it, an order works or a position is held.
        """
        for underway in self.books.governor.standing.underway:
            for payload in carried_out(underway, self.books.governor, live):
                self._record(payload, ts, cause=self.books.command_seq(underway.command_id))
        due = flatness_due(
            self.books.governor, live, ts, self.books.history.at(ts), self.books.session
        )
        if due is not None:
            self._record(due, ts)

    def note_phase(self, ts: int, cause: Fact | None = None) -> None:
        """Record a change of the governor's phase, brought about by a fact or by the clock."""
        self._take_effect(ts)
        now = phase(self.books.governor, ts, self.books.history.at(ts), self.books.session)
        before = self.books.note_phase(now)
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
        """Append a fact and fold it; a trade's facts are caused by the last one of their trade."""
        if trade_id is not None:
            cause = self.books.cause_of(trade_id)
        self._take_effect(ts)
        happened = ts if ts_event is None else ts_event
        fact = self._append(payload, happened, ts, cause, trade_id, fact_id)
        self.note_phase(ts, fact)
        return fact

    def _take_effect(self, ts: int) -> None:
        """Record the versions of the parameters that have come into force."""
        while (change := self.books.change_due(ts)) is not None:
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
        self.books.fold(fact)
        return fact

    def _answer(self, received: CommandReceived, ts: int, *, is_accepted: bool = False) -> None:
        """Record the answer to a command, if that is not yet done, and what follows at once."""
        cause = self.books.command_seq(received.command_id)
        books = self.books
        answered = answer(
            received, books.governor, books.history, ts, self.reach, books.ensemble, books.failed
        )
        if isinstance(answered, Declined):
            if not is_accepted:
                why = f"{answered.reason}: {answered.detail}"
                self._record(CommandRefused(received.command_id, why), ts, cause=cause)
            return
        if not is_accepted:
            self._record(CommandAccepted(received.command_id), ts, cause=cause)
        for payload in answered.facts:
            self._record(payload, ts, cause=cause)

    def _conclude(self, trade: LiveTrade, payload: OrderFact, ts: int) -> None:
        """Record what an order event means for its trade."""
        booked = self.books.booked(payload.trade_id)
        match payload:
            case OrderFilled(role=OrderRole.ENTRY):
                if booked is not None and booked.quantity == trade.plan.quantity:
                    self._opened(trade, booked, ts)
            case OrderFilled():
                if booked is not None and not booked.open_quantity:
                    self._closed(trade, booked, payload.role, ts)
            case OrderCanceled() | OrderExpired() | OrderRejected():
                if is_entry(payload.client_order_id, payload.trade_id) and booked is not None:
                    self._opened(trade, booked, ts)
            case _:
                pass

    def _opened(self, trade: LiveTrade, booked: Trade, ts: int) -> None:
        opened = TradeOpened(
            trade_id=booked.trade_id,
            strategy_id=trade.plan.strategy_id,
            symbol=booked.symbol,
            venue=trade.plan.venue,
            account=trade.plan.account,
            side=int(booked.side),
            quantity=booked.quantity,
            avg_px=booked.avg_px_open,
        )
        self._record(opened, ts, trade_id=booked.trade_id)

    def _closed(self, trade: LiveTrade, booked: Trade, role: OrderRole, ts: int) -> None:
        if booked.avg_px_close is None or booked.realized_pnl is None:
            raise RunError(f"trade {booked.trade_id} is flat, expected a fill that closed it")
        closed = TradeClosed(
            trade_id=booked.trade_id,
            strategy_id=trade.plan.strategy_id,
            symbol=booked.symbol,
            venue=trade.plan.venue,
            account=trade.plan.account,
            side=int(booked.side),
            quantity=booked.quantity,
            avg_px_open=booked.avg_px_open,
            avg_px_close=booked.avg_px_close,
            realized_pnl=booked.realized_pnl,
            commission=booked.commission,
            exit_reason=_exit_reason(trade, role),
        )
        self._record(closed, ts, trade_id=booked.trade_id)


def _exit_reason(trade: LiveTrade, role: OrderRole) -> ExitReason:
    """Return why a trade ended, given the order whose fill ended it.

    A stop that was elected while an exit was on its way is still the stop.
    """
    if role is OrderRole.STOP_LOSS:
        return ExitReason.TRAILING_STOP if trade.stop_trails else ExitReason.STOP_LOSS
    return trade.exit_reason or ExitReason.TAKE_PROFIT
