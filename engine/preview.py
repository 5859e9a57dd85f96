"""What a change of parameters, of the account or of a strategy, would have done to a stretch.

A rehearsal on recorded buckets, quick rather than exact: each side of the change starts the stretch
flat, enters at the reference price of its plan, and where one bucket reaches both ends of a bracket
the stop counts; a bucket that a halt touches ends and moves nothing. How a strategy watches its
open trades is left out. A backtest says what the fills would have been.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec
import numpy as np

from engine.accounting import excursion
from engine.decision import DeskState, GovernorState, evolve
from engine.decision.governor.day_windows import flatten_ns
from engine.domain.account import ACCELERATION, ALPACA_MAIN
from engine.domain.bracket import BracketPlan
from engine.domain.candidate import Candidate, Feature, Phase, Side, StrategyFailure
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble
from engine.domain.errors import ConfigError
from engine.domain.facts import DayStarted, ExitReason, TradeClosed
from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData, letter_of
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND, Session, session
from engine.pipeline import judge
from engine.signals.rescan import BucketStore, KeptBuckets, rescan, warm_up_ns
from engine.signals.state import Records
from engine.signals.whole_tape.signal_runner import MakeSource, SignalSource

_SHAPE = ("bucket_seconds", "late_trade_grace_ms", "warm_premarket")
_HORIZON_SECS = 1_800
"""How far to follow a trade that has no time stop."""

type Raised = tuple[str, str, Side, int]
"""Strategy, symbol, side and end of the bucket in which a candidate was raised."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One side of a change: what is traded, and under which parameters.

    Attributes
    ----------
    params : Parameters
        The account's.
    ensemble : Ensemble
        Which strategies are on, with what weight.
    make_source : MakeSource, optional
        Who asks those of them that look at the tape.
    """

    params: Parameters
    ensemble: Ensemble = ACCELERATION_ALONE
    make_source: MakeSource | None = None

    def source(self, hours: Session) -> SignalSource | None:
        """Return who asks the strategies about a day, None where none looks at the tape."""
        names = [each.strategy_id for each in self.ensemble.on]
        return None if self.make_source is None else self.make_source(hours, self.params, names)

    @property
    def holds_secs(self) -> int:
        """How long a trade is held or followed at most."""
        own = (self.ensemble.parameters(each.strategy_id, self.params) for each in self.ensemble.on)
        return max(each.max_hold_seconds or _HORIZON_SECS for each in own)

    @property
    def looks_at_the_tape(self) -> bool:
        """Say whether a strategy other than the compiled one is on."""
        return any(each.strategy_id != ACCELERATION for each in self.ensemble.on)


class PaperTrade(msgspec.Struct, frozen=True):
    """A trade that a rehearsal would have made, and what came of it.

    ``features`` are its strategy's own, with the limits that they passed. ``adverse_pct`` and
    ``favourable_pct`` are the furthest moves while it was held, ``result_pct`` the move to its
    exit, all in percent of the entry in the trade's direction, before costs.
    """

    strategy_id: str
    symbol: str
    side: Side
    ts_event: int
    score: float
    features: tuple[Feature, ...]
    entry: Decimal
    exit_ns: int
    exit_reason: ExitReason
    result_pct: float
    adverse_pct: float
    favourable_pct: float

    @property
    def entered(self) -> Raised:
        """What tells it from other trades of the stretch."""
        return self.strategy_id, self.symbol, self.side, self.ts_event


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One stretch on one side of a change.

    Attributes
    ----------
    raised : tuple of Raised
        In order of time and symbol.
    trades : tuple of PaperTrade
    limits : mapping of strategy to features' limits
        What each feature was held against, of those strategies that raised anything.
    failures : tuple of StrategyFailure
        Strategies that went wrong by the end of the stretch.
    """

    raised: tuple[Raised, ...]
    trades: tuple[PaperTrade, ...]
    limits: Mapping[str, Mapping[str, float]]
    failures: tuple[StrategyFailure, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A stretch before and after a change."""

    before: Rehearsal
    after: Rehearsal

    @property
    def skipped(self) -> tuple[PaperTrade, ...]:
        """Trades that would not have been made any more."""
        return _without(self.before.trades, self.after.trades)

    @property
    def added(self) -> tuple[PaperTrade, ...]:
        """Trades that would have been made in addition."""
        return _without(self.after.trades, self.before.trades)


def preview(
    market: MarketData,
    store: BucketStore,
    day: date,
    before: Configuration,
    after: Configuration,
    start_ns: int,
    end_ns: int,
    *,
    equity: Decimal,
    workers: int = 2,
) -> Preview:
    """Return what the change makes of the buckets that end from ``start_ns`` to ``end_ns``.

    Parameters
    ----------
    store : BucketStore
        Holds the day, cut as both sets of parameters cut it.
    equity : Decimal
        USD at the start of the stretch.

    Raises
    ------
    ConfigError
        The change cuts buckets in another way, or no bucket ends in the stretch.
    """
    sides = before, after
    was, will = before.params, after.params
    other = [name for name in _SHAPE if getattr(was, name) != getattr(will, name)]
    if other:
        raise ConfigError(
            f"{', '.join(other)} cuts other buckets than those recorded: run a backtest instead"
        )
    first_ns = start_ns - max(warm_up_ns(each.params) for each in sides)
    if any(each.looks_at_the_tape for each in sides):
        first_ns = min(first_ns, session(day).pre_market_ns)
    last_ns = end_ns + max(each.holds_secs for each in sides) * NANOS_PER_SECOND
    letters = market.letters(day)

    def load(letter: str) -> KeptBuckets:
        return store.between(day, letter, first_ns, last_ns)

    with ThreadPoolExecutor(workers, thread_name_prefix="preview") as pool:
        kept = dict(zip(letters, pool.map(load, letters), strict=True))
    both = [
        _rehearse(market, day, side, kept, start_ns, end_ns, equity=equity, workers=workers)
        for side in sides
    ]
    return Preview(*both)


def _rehearse(
    market: MarketData,
    day: date,
    side: Configuration,
    kept: Mapping[str, KeptBuckets],
    start_ns: int,
    end_ns: int,
    *,
    equity: Decimal,
    workers: int,
) -> Rehearsal:
    params, hours, has_quotes = side.params, session(day), market.has_quotes(day)
    result = rescan(
        market, day, params, kept, start_ns, end_ns, workers=workers, source=side.source(hours)
    )
    halts = Halts(market.statuses(day))
    started = DayStarted(day.isoformat(), "", equity)
    governor = evolve(GovernorState(), started, start_ns, params)
    raised: list[Raised] = []
    trades: list[PaperTrade] = []
    limits: dict[str, dict[str, float]] = {}
    held: list[tuple[PaperTrade, BracketPlan]] = []
    for report in result.reports():
        failed = [each.strategy_id for each in result.failures if each.ts_event <= report.ts_event]
        ensemble = side.ensemble.without(failed)
        own = [each for each in report.candidates if side.ensemble.is_on(each.strategy_id)]
        for each in own:
            if each.phase is Phase.RAISED:
                raised.append((each.strategy_id, each.symbol, each.side, each.ts_event))
                limits.setdefault(each.strategy_id, {f.name: f.threshold for f in each.features})
        for trade, plan in [pair for pair in held if pair[0].exit_ns <= report.ts_init]:
            held.remove((trade, plan))
            governor = evolve(governor, _closed(trade, plan), trade.exit_ns, params)
        desk = DeskState(
            ALPACA_MAIN,
            governor,
            governor.open_trades,
            equity,
            day_has_quotes=has_quotes,
            halted=frozenset(
                each.symbol for each in own if halts.is_halted(each.symbol, report.ts_init)
            ),
            ensemble=ensemble,
        )
        for approved in judge(report, desk, params, hours).plans:
            plan = approved.value
            trade = _followed(plan, own, _own(kept, plan.symbol), params, hours, halts)
            trades.append(trade)
            held.append((trade, plan))
            governor = evolve(governor, plan.fact(1), report.ts_init, params)
    until = [each for each in result.failures if each.ts_event <= end_ns]
    return Rehearsal(tuple(raised), tuple(trades), limits, tuple(until))


def _own(kept: Mapping[str, KeptBuckets], symbol: str) -> Records:
    """Return the buckets of one symbol that set a high and low."""
    symbols, rows = kept[letter_of(symbol)]
    return rows[(rows["symbol_id"] == symbols.index(symbol)) & (rows["high"] > 0)]


def _followed(
    plan: BracketPlan,
    candidates: Sequence[Candidate],
    rows: Records,
    params: Parameters,
    hours: Session,
    halts: Halts,
) -> PaperTrade:
    """Return what came of a plan entered at its reference price as its bucket closed."""
    owner = next(
        each
        for each in candidates
        if (each.strategy_id, each.symbol) == (plan.strategy_id, plan.symbol)
    )
    width = params.bucket_ns
    first = hours.pre_market_ns if params.warm_premarket else hours.open_ns
    ends = first + (rows["bucket"].astype(np.int64) + 1) * width
    last_ns = plan.candidate_ts + (plan.max_hold_secs or _HORIZON_SECS) * NANOS_PER_SECOND
    flat_ns = flatten_ns(params, hours)
    is_held = (ends > plan.candidate_ts) & (ends <= min(last_ns, flat_ns))
    is_held &= ~halts.touches(plan.symbol, ends - width, ends)
    rows, ends = rows[is_held], ends[is_held]
    entry, side = plan.reference_price, plan.side
    stop, target = (int(price * PRICE_SCALE) for price in (plan.stop_loss, plan.take_profit))
    against, in_favour = (rows["low"], rows["high"])[::side]
    stopped = np.flatnonzero(side * against <= side * stop)[:1].tolist() or [len(rows)]
    reached = np.flatnonzero(side * in_favour >= side * target)[:1].tolist() or [len(rows)]
    until = min(stopped[0], reached[0])
    if until < len(rows):
        reason = ExitReason.STOP_LOSS if stopped[0] <= reached[0] else ExitReason.TAKE_PROFIT
        leaves, exit_ns = (stop if stopped[0] <= reached[0] else target), int(ends[until])
    else:
        reason = ExitReason.FLAT_BY_CLOSE if flat_ns <= last_ns else ExitReason.TIME_STOP
        exit_ns = min(last_ns, flat_ns)
        leaves = int(rows["last"][-1]) if len(rows) else int(entry * PRICE_SCALE)
    paid = float(entry * PRICE_SCALE)
    prints = np.concatenate([rows["high"][: until + 1], rows["low"][: until + 1]])
    moved = excursion(side, paid, prints)
    return PaperTrade(
        strategy_id=plan.strategy_id,
        symbol=plan.symbol,
        side=side,
        ts_event=plan.candidate_ts,
        score=plan.score,
        features=owner.features,
        entry=entry,
        exit_ns=exit_ns,
        exit_reason=reason,
        result_pct=side * 100 * (leaves / paid - 1),
        adverse_pct=moved.adverse_pct,
        favourable_pct=moved.favourable_pct,
    )


def _closed(trade: PaperTrade, plan: BracketPlan) -> TradeClosed:
    gain = plan.quantity * trade.entry * Decimal(str(trade.result_pct)) / 100
    return TradeClosed(
        trade_id=plan.trade_id,
        strategy_id=plan.strategy_id,
        symbol=plan.symbol,
        venue=plan.venue,
        account=plan.account,
        side=int(plan.side),
        quantity=plan.quantity,
        avg_px_open=trade.entry,
        avg_px_close=trade.entry + plan.side * gain / plan.quantity,
        realized_pnl=gain,
        commission=Decimal(0),
        exit_reason=trade.exit_reason,
    )


def _without(trades: Sequence[PaperTrade], others: Sequence[PaperTrade]) -> tuple[PaperTrade, ...]:
    known = {trade.entered for trade in others}
    return tuple(trade for trade in trades if trade.entered not in known)
