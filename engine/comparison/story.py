"""Facts and verdicts of one run → what it decided and did, by what names it in any run."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Self

import msgspec

from engine.accounting import Fill, FillBook
from engine.decision.governor.day_windows import entries_open_ns
from engine.domain.commands import AnyCommand
from engine.domain.ensemble import ACCELERATION_ALONE, ENGINE, Ensemble
from engine.domain.facts import (
    BracketPlanned,
    BucketIncomplete,
    CommandAccepted,
    CommandReceived,
    DayEnded,
    DayStarted,
    EnsembleChanged,
    EntriesHeld,
    ExitRequested,
    Fact,
    GapBackfilled,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderRole,
    OrderSubmitted,
    OrderUpdated,
    ParamsChanged,
    ParamsWithdrawn,
    RunStarted,
    SymbolLocked,
    TradeClosed,
)
from engine.domain.parameters import parameters_from
from engine.domain.parameters.versions import FIRST, ParameterHistory
from engine.domain.session import NANOS_PER_SECOND, day_of, is_session, session

_NEVER = 1 << 63
_LATE_NS = 60 * NANOS_PER_SECOND
"""After entries open, until a run that has recorded nothing yet came late."""

type DecisionKey = tuple[int, str, int, str]
"""End of the bucket (UTC ns), symbol, side, strategy."""


class Look(msgspec.Struct, frozen=True):
    """What one filter said of a candidate; see ``engine.decision.Check``."""

    name: str
    outcome: str
    value: float | None
    threshold: float
    basis: str


class Judgement(msgspec.Struct, frozen=True):
    """A verdict as runs keep it; see ``engine.decision.Verdict``."""

    strategy_id: str
    symbol: str
    ts_event: int
    side: int
    score: float
    approved: bool
    reason: str | None
    detail: str
    confidence: float | None
    checks: tuple[Look, ...] = ()

    @property
    def key(self) -> DecisionKey:
        """What names it in any run."""
        return self.ts_event, self.symbol, self.side, self.strategy_id


class Planned(msgspec.Struct, frozen=True):
    """A plan, and when it was made, UTC ns."""

    ts: int
    plan: BracketPlanned

    @property
    def key(self) -> DecisionKey:
        """The decision that it was made of."""
        plan = self.plan
        return plan.candidate_ts, plan.symbol, plan.side, plan.strategy_id


class Working(msgspec.Struct):
    """An order as submitted, its prices (limit, trigger) since, its end if that was no fill.

    ``ts``, ``moved_ts`` (of the first move) and ``ended_ts`` are UTC ns.
    """

    ts: int
    sent: OrderSubmitted
    prices: list[tuple[Decimal | None, Decimal | None]]
    moved_ts: int | None = None
    ended: str | None = None
    ended_ts: int | None = None


class Asked(msgspec.Struct, frozen=True):
    """A command that was granted, and when it came, UTC ns."""

    ts: int
    command_id: str
    who: str
    command: AnyCommand


class Story(msgspec.Struct, kw_only=True):
    """What a run decided and did.

    Attributes
    ----------
    params : ParameterHistory or None
        None where neither the journal nor the host tells more than their hash.
    judged_from : int or None
        From this bucket on every verdict is known, UTC ns; None: none is.
    day_equity : dict of str to Decimal
        USD at the start of each day, in order.
    day_data : dict of str to str
        Hash of each day's data, empty where a run had it from a venue.
    day_heard : dict of str to int
        First fact of each day after that it started, UTC ns. The clock gives one when entries open,
        or when a run that was started later comes to the day.
    day_started_ns : int
        When the newest day was started, UTC ns.
    ensembles : list of EnsembleChanged
        What was said of its strategies, in order; empty: acceleration alone.
    over : dict of str to int
        When a trade closed, or ended without a fill, UTC ns.
    ended_ns : int or None
        Last fact of a run whose last day has not ended, UTC ns.
    """

    run_id: str
    started: RunStarted | None = None
    params: ParameterHistory | None = None
    judgements: dict[DecisionKey, Judgement] = {}
    judged_from: int | None = None
    day_equity: dict[str, Decimal] = {}
    day_data: dict[str, str] = {}
    day_heard: dict[str, int] = {}
    day_started_ns: int = 0
    plans: dict[str, Planned] = {}
    orders: dict[str, Working] = {}
    exits: dict[str, tuple[int, ExitRequested]] = {}
    fills: dict[tuple[str, OrderRole], list[Fill]] = {}
    trades: dict[str, tuple[int, TradeClosed]] = {}
    over: dict[str, int] = {}
    ensembles: list[EnsembleChanged] = []
    commands: list[Asked] = []
    held: list[tuple[int, EntriesHeld]] = []
    locks: list[tuple[int, SymbolLocked]] = []
    gaps: list[GapBackfilled] = []
    silent: dict[int, tuple[str, ...]] = {}
    ended_ns: int | None = None

    @classmethod
    def of(
        cls,
        run_id: str,
        facts: Iterable[Fact],
        judgements: Iterable[Judgement] | None = None,
        params: ParameterHistory | None = None,
    ) -> Self:
        """Return the story that facts and verdicts tell.

        Parameters
        ----------
        judgements : iterable of Judgement, optional
            None where the run keeps no verdicts: then only what it planned is known.
        params : ParameterHistory, optional
            What the run was started with, if its host keeps it; a journal may name them itself.
        """
        story = cls(run_id=run_id, params=params)
        book = FillBook()
        received: dict[str, tuple[int, CommandReceived]] = {}
        for fact in facts:
            book.post(fact)
            story._take(fact, received)
            story._hear(fact.ts_init)
        for fill in book.fills():
            story.fills.setdefault((fill.order.trade_id, fill.order.role), []).append(fill)
        for trade_id in story.over.keys() - story.trades.keys():
            if (trade_id, OrderRole.ENTRY) in story.fills:
                del story.over[trade_id]
        story._judge(judgements)
        return story

    def knows(self, key: DecisionKey) -> bool:
        """Say whether a decision would be known if it had been made."""
        return self.judged_from is not None and key[0] >= self.judged_from

    def gap_at(self, ts: int) -> GapBackfilled | None:
        """Return the last gap on which signals at an instant (UTC ns) look back, if there is one.

        They look back on no more than what buckets are kept for.
        """
        kept_ns = self._kept_ns(ts)
        seen = (gap for gap in self.gaps if gap.start_ns <= ts <= gap.end_ns + kept_ns)
        return max(seen, key=lambda gap: gap.end_ns, default=None)

    def late_start_at(self, ts: int) -> int | None:
        """Return when a run came late to the day of a bucket on which that tells, UTC ns.

        It tells on buckets before, which the run never saw, and on those that look back on them.
        """
        day = day_of(ts)
        heard = self.day_heard.get(day.isoformat())
        if heard is None or self.params is None or not is_session(day):
            return None
        on_time_ns = entries_open_ns(self.params.at(heard), session(day)) + _LATE_NS
        return heard if heard > on_time_ns and ts <= heard + self._kept_ns(ts) else None

    def _kept_ns(self, ts: int) -> int:
        return self.params.at(ts).bucket_ttl * NANOS_PER_SECOND if self.params else 0

    def ensemble_at(self, ts_event: int) -> Ensemble:
        """Return the strategies by which the bucket that ends at an instant (UTC ns) is decided."""
        in_force = (each for each in reversed(self.ensembles) if self._since(each) <= ts_event)
        return next(map(Ensemble.of, in_force), ACCELERATION_ALONE)

    def switched_off(self, ts_event: int, strategy_id: str) -> str | None:
        """Return why the engine had switched a strategy off before an instant, None if not."""
        for each in reversed(self.ensembles):
            if each.who == ENGINE and self._since(each) <= ts_event:
                off = not Ensemble.of(each).is_on(strategy_id)
                return each.because if off else None
        return None

    def known_at(self, ts_event: int) -> int:
        """Return when a bucket that ends at an instant became known, UTC ns."""
        return ts_event + (self.params.at(ts_event).grace_ns if self.params else 0)

    def open_at(self, ts: int) -> set[str]:
        """Return the trades that were planned before an instant (UTC ns) and not over by then."""
        return {
            trade_id
            for trade_id, planned in self.plans.items()
            if planned.ts < ts < self.over.get(trade_id, _NEVER)
        }

    def counted_at(self, ts: int) -> set[str]:
        """Return the trades planned before an instant (UTC ns), less those never entered."""
        return {
            trade_id
            for trade_id, planned in self.plans.items()
            if planned.ts < ts and (trade_id in self.trades or ts < self.over.get(trade_id, _NEVER))
        }

    def realized_at(self, ts: int) -> dict[str, Decimal]:
        """Return what each trade closed before an instant (UTC ns) has earned, USD."""
        return {
            trade_id: closed.realized_pnl
            for trade_id, (at, closed) in self.trades.items()
            if at < ts
        }

    def order(self, trade_id: str, role: OrderRole) -> Working | None:
        """Return a trade's last order of a role."""
        orders = (each for each in self.orders.values() if each.sent.trade_id == trade_id)
        return next((each for each in reversed([*orders]) if each.sent.role is role), None)

    @staticmethod
    def _since(change: EnsembleChanged) -> int:
        return 0 if change.version == FIRST else change.effective_ns

    def _judge(self, judgements: Iterable[Judgement] | None) -> None:
        """Take the verdicts; a plan without one is a verdict that was not kept."""
        if judgements is not None:
            self.judgements = {each.key: each for each in judgements}
            plans = self.plans.values()
            gone = [each.plan.candidate_ts for each in plans if each.key not in self.judgements]
            self.judged_from = max(gone, default=-1) + 1
        for planned in self.plans.values():
            self.judgements.setdefault(planned.key, _approval(planned.plan))

    def _take(self, fact: Fact, received: dict[str, tuple[int, CommandReceived]]) -> None:
        payload, ts = fact.payload, fact.ts_init
        self.ended_ns = None if isinstance(payload, DayEnded) else self.ended_ns
        match payload:
            case RunStarted():
                self.started = payload
            case DayStarted():
                self.day_equity[payload.day] = payload.equity
                self.day_data[payload.day] = payload.data_hash
                self.day_started_ns = ts
            case ParamsChanged() | ParamsWithdrawn():
                self._change(payload)
            case EnsembleChanged():
                self.ensembles.append(payload)
            case BracketPlanned():
                self.plans[payload.trade_id] = Planned(ts, payload)
            case ExitRequested():
                self.exits.setdefault(payload.trade_id, (ts, payload))
            case TradeClosed():
                self.trades[payload.trade_id] = ts, payload
                self.over[payload.trade_id] = ts
            case CommandReceived():
                received[payload.command_id] = ts, payload
            case CommandAccepted(command_id=command_id):
                asked, what = received[command_id]
                self.commands.append(Asked(asked, command_id, what.who, what.command))
            case EntriesHeld() | SymbolLocked() | GapBackfilled() | BucketIncomplete():
                self._hinder(payload, ts)
            case _:
                self._follow(fact)
        if not isinstance(payload, DayEnded) and self._in_day(fact):
            self.ended_ns = ts

    def _hinder(
        self, payload: EntriesHeld | SymbolLocked | GapBackfilled | BucketIncomplete, ts: int
    ) -> None:
        """Take what kept the run from seeing, or from entering, all that there was."""
        match payload:
            case EntriesHeld():
                self.held.append((ts, payload))
            case SymbolLocked():
                self.locks.append((ts, payload))
            case GapBackfilled():
                self.gaps.append(payload)
            case BucketIncomplete():
                self.silent[payload.ts] = payload.slots

    def _hear(self, ts: int) -> None:
        """Take when there is a first fact of the day that was started last."""
        if self.day_equity and ts > self.day_started_ns:
            self.day_heard.setdefault([*self.day_equity][-1], ts)

    def _in_day(self, fact: Fact) -> bool:
        """Say whether a fact belongs to a day that has not ended."""
        return isinstance(fact.payload, DayStarted) or self.ended_ns is not None

    def _follow(self, fact: Fact) -> None:
        """Take what became of an order."""
        match fact.payload:
            case OrderSubmitted() as sent:
                self.orders[sent.client_order_id] = Working(
                    fact.ts_init, sent, [(sent.price, sent.trigger_price)]
                )
            case OrderUpdated() as update:
                order, prices = self.orders.get(update.client_order_id), _prices(update)
                if order is not None and order.prices[-1] != prices:
                    order.prices.append(prices)
                    order.moved_ts = order.moved_ts or fact.ts_init
            case OrderCanceled() | OrderExpired() | OrderRejected() as end:
                order = self.orders.get(end.client_order_id)
                if order is not None:
                    order.ended, order.ended_ts = _END[type(end)], fact.ts_init
                if order is None or order.sent.role is OrderRole.ENTRY:
                    self.over.setdefault(end.trade_id, fact.ts_init)
            case _:
                pass

    def _change(self, change: ParamsChanged | ParamsWithdrawn) -> None:
        """Fold a version of the parameters; the first names every one of them."""
        if isinstance(change, ParamsChanged) and change.version == FIRST:
            values = {each.name: each.new for each in change.changes}
            self.params = ParameterHistory(parameters_from(values))
        elif self.params is not None and (
            isinstance(change, ParamsWithdrawn) or change.version > self.params.latest
        ):
            self.params = self.params.after(change)


_END = {OrderCanceled: "canceled", OrderExpired: "expired", OrderRejected: "rejected"}


def _prices(update: OrderUpdated) -> tuple[Decimal | None, Decimal | None]:
    return update.price, update.trigger_price


def _approval(plan: BracketPlanned) -> Judgement:
    """Return the verdict that a plan must have had."""
    return Judgement(
        strategy_id=plan.strategy_id,
        symbol=plan.symbol,
        ts_event=plan.candidate_ts,
        side=plan.side,
        score=plan.score,
        approved=True,
        reason=None,
        detail=f"{plan.quantity} shares",
        confidence=plan.confidence,
    )
