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
)
from engine.domain.account import ALPACA_MAIN, TradingAccount
from engine.domain.bracket import BracketPlan
from engine.domain.commands import MoveTradeStop
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble
from engine.domain.errors import NotPersisted, RunError
from engine.domain.facts import (
    BracketPlanned,
    CommandAccepted,
    CommandReceived,
    CommandRefused,
    DayEnded,
    DayStarted,
    ExitReason,
    Fact,
    OrderCanceled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderRole,
    TradeClosed,
    TradeOpened,
)
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData
from engine.domain.markets.instrument import ALPACA_STOCKS, Instruments
from engine.domain.order_names import is_entry
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session
from engine.hub.books import Books, LiveTrade
from engine.hub.exits import Exits
from engine.hub.incidents import Incidents
from engine.hub.recorder import Recorder
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
    recorder : Recorder
        Writes facts into the journal and the books.
    exits : Exits
        Why trades are to be closed from above their brackets.
    incidents : Incidents
        What goes wrong around the trades.
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
        self.recorder = Recorder(self.books, journal)
        self.exits = Exits(self.recorder, self.books, account)
        self.incidents = Incidents(self.recorder, self.books)
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
        self.recorder.record(
            DayStarted(session.day.isoformat(), data_hash, self.books.ledger.equity), ts
        )
        ensemble = self.books.ensembles.newest
        if is_first and ensemble != ACCELERATION_ALONE:
            self.recorder.record(ensemble.changed(ts, "start", "the strategies of the run"), ts)

    def end_day(self, ts: int) -> None:
        """End the day at the equity it has."""
        self.recorder.record(
            DayEnded(self.books.session.day.isoformat(), self.books.ledger.equity), ts
        )
        self._journal.commit()

    def measure_trades(self, market: MarketData, ts: int) -> None:
        """Record how far the market went while the day's trades that are over were open."""
        day = self.books.session.day
        tapes, halts = market.tapes(day), Halts(market.statuses(day))
        for trade in self.books.day_trades():
            measured = measure(trade, market, tapes, halts)
            if measured is not None:
                trade_id = measured.trade_id
                self.recorder.append(
                    measured, ts, ts, self.books.causes.of_trade(trade_id), trade_id
                )

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
                    self.recorder.record(fact, ts, ts_event=ts_event, trade_id=plan.trade_id)
                    planned.append(plan)
        except NotPersisted:
            for plan in planned:
                self.order_event(plan.never_sent("not kept in time: never sent"), ts, ts)
            return set()
        return {plan.trade_id for plan in planned}

    def settle(self) -> None:
        """Have what was recorded kept, if it can be, before somebody acts on it."""
        self._journal.settle()

    def order_event(self, payload: OrderFact, ts_event: int, ts: int) -> None:
        """Record what became of an order, and what follows from it for its trade."""
        self.recorder.record(payload, ts, ts_event=ts_event, trade_id=payload.trade_id)
        trade = self.books.trades.get(payload.trade_id)
        if trade is not None:
            self._conclude(trade, payload, ts)

    def command(self, received: CommandReceived, ts: int) -> None:
        """Record a command, its answer and what follows at once; one that is known is passed over.

        What it orders beyond that stands in the governor's state until it is done.
        """
        if self.books.causes.of_command(received.command_id) is not None:
            return
        self.recorder.record(received, ts, fact_id=received.command_id)
        self._answer(received, ts)

    def journal_is_back(self, moved: Mapping[int, int], late: Iterable[Fact], ts: int) -> None:
        """Take over what became of facts while their database was away; see ``WaitingJournal``.

        Of a plan that was kept too late no order has left.
        """
        self.books.causes.renumber(moved)
        for fact in late:
            self.books.fold(fact)
            if isinstance(fact.payload, BracketPlanned):
                plan = BracketPlan.of(fact.payload)
                self.order_event(plan.never_sent("kept too late: never sent"), ts, ts)

    def verify(self, live: frozenset[str], ts: int) -> None:
        """Record what has become of commands, and whether the day ends flat.

        Parameters
        ----------
        live : frozenset of str
            Symbols on which, as the venue has it, an order works or a position is held.
        """
        for underway in self.books.governor.standing.underway:
            for payload in carried_out(underway, self.books.governor, live):
                self.recorder.record(
                    payload, ts, cause=self.books.causes.of_command(underway.command_id)
                )
        due = flatness_due(
            self.books.governor, live, ts, self.books.history.at(ts), self.books.session
        )
        if due is not None:
            self.recorder.record(due, ts)

    def refuse_move(self, command_id: str, why: str, ts: int) -> None:
        """Record that an order is not moved after all."""
        cause = self.books.causes.of_command(command_id)
        self.recorder.record(CommandRefused(command_id, f"not moved: {why}"), ts, cause=cause)

    def move_was_refused(self, trade_id: str, role: OrderRole, why: str, ts: int) -> None:
        """Learn that the venue does not change an order; who ordered that hears of it."""
        for each in self.books.governor.standing.moves(trade_id):
            is_stop = isinstance(each.command, MoveTradeStop)
            if role is (OrderRole.STOP_LOSS if is_stop else OrderRole.TAKE_PROFIT):
                self.refuse_move(each.command_id, f"the venue refuses: {why}", ts)

    def _answer(self, received: CommandReceived, ts: int, *, is_accepted: bool = False) -> None:
        """Record the answer to a command, if that is not yet done, and what follows at once."""
        cause = self.books.causes.of_command(received.command_id)
        books = self.books
        answered = answer(
            received,
            books.governor,
            books.history,
            ts,
            self.reach,
            books.ensembles.newest,
            books.ensembles.failed,
            self.instruments,
        )
        if isinstance(answered, Declined):
            if not is_accepted:
                why = f"{answered.reason}: {answered.detail}"
                self.recorder.record(CommandRefused(received.command_id, why), ts, cause=cause)
            return
        if not is_accepted:
            self.recorder.record(CommandAccepted(received.command_id), ts, cause=cause)
        for payload in answered.facts:
            self.recorder.record(payload, ts, cause=cause)

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
        self.recorder.record(opened, ts, trade_id=booked.trade_id)

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
        self.recorder.record(closed, ts, trade_id=booked.trade_id)


def _exit_reason(trade: LiveTrade, role: OrderRole) -> ExitReason:
    """Return why a trade ended, given the order whose fill ended it.

    A stop that was elected while an exit was on its way is still the stop.
    """
    if role is OrderRole.STOP_LOSS:
        return ExitReason.TRAILING_STOP if trade.stop_trails else ExitReason.STOP_LOSS
    return trade.exit_reason or ExitReason.TAKE_PROFIT
