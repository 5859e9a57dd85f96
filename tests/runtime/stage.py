"""One bracket on the real simulated venue: a tape goes in, facts come out.

Seconds count from 10:00:00 New York. The candidate's bucket ends at 0, its report arrives at 0.25,
so an entry reaches the venue at 0.25 plus the latency of the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
import numpy as np
from nautilus_trader.model import ClientOrderId

from engine.decision import BucketDecision
from engine.domain.account import ACCELERATION, TradingAccount
from engine.domain.bracket import Approved, BracketPlan
from engine.domain.candidate import Breadth, BucketReport, Side
from engine.domain.facts import (
    AnyPayload,
    Contribution,
    EnsembleRule,
    Fact,
    OrderFilled,
    OrderRole,
    TradeClosed,
)
from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch
from engine.domain.markets.fill_assumptions import assumptions
from engine.domain.markets.instrument import ALPACA_STOCKS, Instruments
from engine.domain.order_names import order_id
from engine.domain.parameters import parameters_from
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import NANOS_PER_SECOND, session
from engine.hub import Desk
from engine.journal import MemoryJournal
from engine.runtime import Failures
from engine.runtime.backtest.feed import settle
from engine.runtime.backtest.simulation import Simulation
from engine.runtime.bridge.hub_strategy import HubStrategy
from engine.runtime.bridge.replay_actor import ReplayActor
from engine.runtime.bridge.ticks import quote_ticks, status_data, trade_ticks
from strategies import Acceleration

HOURS = session(date(2026, 9, 18))
TEN = HOURS.at("10:00")
BALANCE = Decimal(100_000)

type Print = tuple[float, float]
"""Second and price."""

type Touch = tuple[float, float, float]
"""Second, bid and ask."""

type Halt = tuple[float, Literal["halt", "resume"]]

type Filled = tuple[str, Decimal, float]
"""Role, price and second of a fill."""


@dataclass(frozen=True)
class Beside:
    """A bracket in another stock, entered with the first, and that stock's tape."""

    plan: BracketPlan
    prints: Sequence[Print]
    touches: Sequence[Touch]


class Scripted(HubStrategy):
    """Enters its plans whatever the report says, and leaves as it always does."""

    plans: Sequence[BracketPlan]
    loses_stop_at: float | None = None

    def _on_guard(self, now: int) -> None:
        """Cancel the resting stop at the second that was asked for, once."""
        if self.loses_stop_at is not None and now >= at(self.loses_stop_at):
            self.loses_stop_at = None
            for trade_id in self.desk.books.trades:
                self.cancel_order(ClientOrderId(order_id(OrderRole.STOP_LOSS, trade_id)))
        super()._on_guard(now)

    def decide(self, report: BucketReport) -> BucketDecision:
        """Approve the plans of the scene, unless a slot was silent."""
        if report.missing:
            return super().decide(report)
        return BucketDecision(plans=tuple(Approved(plan) for plan in self.plans))


def plan(
    *,
    side: Side = Side.LONG,
    limit: str | None = None,
    target: str = "103.00",
    stop: str = "98.50",
    trailing: str | None = None,
    symbol: str = "ABC",
    max_hold: int = 60,
) -> BracketPlan:
    return BracketPlan(
        trade_id=f"20260918-{symbol}-100000",
        strategy_id=ACCELERATION,
        ensemble_rule=EnsembleRule.ANY,
        contributions=(Contribution(ACCELERATION, 0.6, 1.0, 1.0),),
        symbol=symbol,
        venue="ALPACA",
        account="main",
        currency="USD",
        side=side,
        quantity=Decimal(40),
        entry_type="market" if limit is None else "limit",
        entry_limit=None if limit is None else Decimal(limit),
        reference_price=Decimal("100.10"),
        take_profit=Decimal(target),
        stop_loss=Decimal(stop),
        notional=Decimal(4_000),
        max_hold_secs=max_hold,
        trailing_stop_percent=None if trailing is None else Decimal(trailing),
        score=5.0,
        confidence=1.0,
        candidate_ts=TEN,
    )


def act(
    bracket: BracketPlan,
    *,
    prints: Sequence[Print] = (),
    touches: Sequence[Touch] = (),
    halts: Sequence[Halt] = (),
    fills: str = "base",
    until: float = 100,
    loses_stop_at: float | None = None,
    decided_ns: int = 0,
    beside: Beside | None = None,
    instruments: Instruments = ALPACA_STOCKS,
    then_missing: Sequence[str] = (),
) -> list[Fact]:
    """Play a tape against one bracket with a time stop of 60 s and return the facts.

    Halts are those of the first stock; ``then_missing`` are silent about the bucket that follows.
    """
    params = parameters_from({}, ["max_hold_seconds=60", "flatten_by=15:55"])
    assumed, failures, journal = assumptions(fills), Failures(), MemoryJournal()
    history = ParameterHistory(params)
    account = TradingAccount(bracket.venue, bracket.account, bracket.currency)
    desk = Desk(history, journal, BALANCE, account, instruments)
    desk.start_day(HOURS, "0" * 64, HOURS.open_ns)
    strategy = Scripted(
        desk,
        failures,
        [Acceleration()],
        day_has_quotes=True,
        latency_ns=assumed.latency_ns,
        decided_ns=decided_ns,
    )
    strategy.plans, strategy.loses_stop_at = (bracket,), loses_stop_at
    tapes = [(bracket.symbol, prints, touches)]
    if beside is not None:
        strategy.plans = bracket, beside.plan
        tapes.append((beside.plan.symbol, beside.prints, beside.touches))
    actor = ReplayActor(history, HOURS, failures)
    actor.schedule(BucketReport(TEN, TEN + params.grace_ns, Breadth(0, 0, 0, ()), ()))
    if then_missing:
        following = TEN + params.bucket_ns
        nothing = BucketReport(following, following + params.grace_ns, Breadth(0, 0, 0, ()), ())
        actor.schedule(msgspec.structs.replace(nothing, missing=tuple(then_missing)))
    simulation = Simulation(
        assumed,
        account=account,
        instruments=instruments,
        equity=BALANCE,
        stale_quote_ns=2 * NANOS_PER_SECOND,
        failures=failures,
    )
    try:
        simulation.add(actor, strategy)
        simulation.list_symbols([symbol for symbol, _, _ in tapes])
        simulation.play(until=HOURS.open_ns)
        statuses = _statuses(halts)
        quotes = [_quotes(symbol, touched) for symbol, _, touched in tapes]
        trades = [_trades(symbol, printed) for symbol, printed, _ in tapes]
        simulation.play(
            status_data(statuses, instruments),
            *(
                quote_ticks(each.rows(~Halts(statuses).covers(each)), instruments)
                for each in quotes
            ),
            *(
                trade_ticks(each.rows(~Halts(statuses).covers(each)), instruments)
                for each in trades
            ),
            until=at(until),
        )
        settle(simulation, Halts(statuses), at(until))
    finally:
        simulation.close()
    return list(journal.facts())


def at(second: float) -> int:
    """Return a second of the scene in UTC nanoseconds."""
    return TEN + round(second * NANOS_PER_SECOND)


def filled(facts: Sequence[Fact]) -> list[Filled]:
    """Return what was filled: role, price, second."""
    return [
        (fact.payload.role.value, fact.payload.last_px, (fact.ts_event - TEN) / NANOS_PER_SECOND)
        for fact in facts
        if isinstance(fact.payload, OrderFilled)
    ]


def closed(facts: Sequence[Fact]) -> TradeClosed:
    """Return how the one trade ended."""
    (end,) = payloads(facts, TradeClosed)
    return end


def payloads[P: AnyPayload](facts: Sequence[Fact], kind: type[P]) -> list[P]:
    """Return the payloads of one kind, in order."""
    return [fact.payload for fact in facts if isinstance(fact.payload, kind)]


def _trades(symbol: str, prints: Sequence[Print]) -> TradeBatch:
    n = len(prints)
    ts = np.array([at(second) for second, _ in prints], np.int64)
    price = np.array([round(price * PRICE_SCALE) for _, price in prints], np.int64)
    zeros = np.zeros(n, np.int32)
    return TradeBatch(zeros, (symbol,), ts, ts, price, np.full(n, SIZE_SCALE), zeros, ("",))


def _quotes(symbol: str, touches: Sequence[Touch]) -> QuoteBatch:
    ts = np.array([at(second) for second, _, _ in touches], np.int64)
    bid, ask = (
        np.array([round(touch[side] * PRICE_SCALE) for touch in touches], np.int64)
        for side in (1, 2)
    )
    sizes = np.full(len(touches), 100, np.int64)
    return QuoteBatch(np.zeros(len(touches), np.int32), (symbol,), ts, ts, bid, ask, sizes, sizes)


def _statuses(halts: Sequence[Halt]) -> list[TradingStatus]:
    return [
        TradingStatus("ABC", at(second), at(second), halted=word == "halt", reason="")
        for second, word in halts
    ]
