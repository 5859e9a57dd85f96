"""Recorded days through scanner, decisions and a simulated venue, day by day."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Protocol

from engine.decision import Reach
from engine.display import FrameBoard
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble
from engine.domain.facts import ParamsChanged
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData, letter_of, letters_read
from engine.domain.markets.fill_assumptions import BASE, FillAssumptions, assumptions
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import ParameterHistory, Stretch
from engine.domain.session import Session, session
from engine.domain.strategy import Strategy
from engine.hub.attendant import Attendant
from engine.hub.desk import Desk
from engine.hub.digests import DecisionDigest, FillDigest
from engine.hub.outcome import DayOutcome, Outcome, OutcomeStatus
from engine.journal import JournalWriter
from engine.runtime.backtest.feed import Feed
from engine.runtime.backtest.full_feed import FullFeed
from engine.runtime.backtest.interrupt import heard_interrupts
from engine.runtime.backtest.pruned_feed import PrunedFeed
from engine.runtime.backtest.trading_day import TradingDay
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.hub_strategy import HubStrategy, OnDecision
from engine.signals import ScanResult, scan
from engine.signals.scan import Progress as ScanProgress
from engine.signals.whole_tape.signal_runner import MakeSource, SignalSource, in_process
from engine.signals.whole_tape.signal_tables import OnSignals


class Engine(StrEnum):
    """How a day reaches the strategy; both give the same decisions and the same fills."""

    PRUNED = "pruned"
    FULL = "full"


class Stage(StrEnum):
    """What a day is busy with."""

    SCAN = "scan"
    REPLAY = "replay"


type Progress = Callable[[date, Stage, float], None]
"""Called with the day, the stage and the share of it that is done."""


class Scan(Protocol):
    """``engine.signals.scan``, or something that remembers what it returned."""

    def __call__(
        self,
        market: MarketData,
        day: date,
        params: Parameters,
        *,
        letters: Sequence[str] | None,
        symbols: Sequence[str] | None,
        changes: Sequence[Stretch],
        progress: ScanProgress | None,
        source: SignalSource | None,
    ) -> ScanResult:
        """Scan one day."""
        ...


def run_backtest(
    market: MarketData,
    days: Sequence[date],
    params: Parameters,
    *,
    strategies: Sequence[Strategy],
    journal: JournalWriter,
    starting_balance: Decimal,
    ensemble: Ensemble = ACCELERATION_ALONE,
    make_source: MakeSource | None = None,
    engine: Engine = Engine.PRUNED,
    fills: str = BASE.name,
    letters: Sequence[str] | None = None,
    symbols: Sequence[str] | None = None,
    changes: Sequence[ParamsChanged] = (),
    scan: Scan = scan,
    attendant: Attendant | None = None,
    board: FrameBoard | None = None,
    on_progress: Progress | None = None,
    on_day: Callable[[DayOutcome], None] | None = None,
    on_decision: OnDecision | None = None,
    on_signals: OnSignals | None = None,
) -> Outcome:
    """Run recorded days, one after the other, with one account and one governor.

    Parameters
    ----------
    days : sequence of date
        Trading days in ascending order.
    strategies : sequence of Strategy
        What the hub hosts.
    ensemble : Ensemble
        Which of them are on, with what weight, in order of precedence.
    make_source : MakeSource, optional
        Who asks those that look at the tape; by default in this very process.
    journal : JournalWriter
        Takes every fact between ``RunStarted`` and ``RunEnded``; these two are the caller's, who
        knows the run's id and what has to be said of a run that fails.
    starting_balance : Decimal
        USD.
    fills : str
        A name of ``engine.domain.markets.fill_assumptions.FILL_ASSUMPTIONS``.
    letters, symbols : sequence of str, optional
        Scan and trade these alone; breadth then counts them alone.
    changes : sequence of ParamsChanged
        Versions 2, 3, … of the parameters, in the order in which they take effect.
    scan : callable
        Used by the pruned engine.
    attendant : Attendant, optional
        Sets the pace and gives commands; without one nobody does.
    board : FrameBoard, optional
        Where the run shows itself while it is played; nothing that it decides depends on it.
    on_day : callable
        Called with each day as soon as it is over, also if it was cut short.
    on_decision : callable
        Takes every decision as it is made.
    on_signals : callable
        Takes what strategies over the tape say, bucket by bucket as these close.

    Returns
    -------
    Outcome
        After a Ctrl-C with status ``INTERRUPTED`` and what was done so far.

    Raises
    ------
    ConfigError, NotFoundError, DataError
        As ``scan`` does.
    JournalError
        A fact could not be kept.
    RunError
        A handler failed.
    """
    history = ParameterHistory(params, tuple(changes))
    run = _Run(
        market=market,
        history=history,
        strategies=strategies,
        make_source=in_process(strategies) if make_source is None else make_source,
        engine=engine,
        assumed=assumptions(fills),
        letters=letters,
        symbols=symbols,
        scan=scan,
        attendant=attendant,
        board=board,
        on_progress=on_progress,
        on_day=on_day,
        on_decision=on_decision,
        on_signals=on_signals,
        desk=Desk(history, journal, starting_balance, ensemble=ensemble),
    )
    if engine is Engine.FULL:
        run.desk.reach = Reach.CANDIDATES
    status = OutcomeStatus.ENDED
    try:
        for day in days:
            run.play(day)
    except KeyboardInterrupt:
        status = OutcomeStatus.INTERRUPTED
    return Outcome(
        status=status,
        days=tuple(run.days),
        facts=run.desk.books.facts,
        equity=run.desk.books.ledger.equity,
        decision_digest=run.decision_digest.hexdigest(),
        fill_digest=run.fill_digest.hexdigest(),
    )


@dataclass(slots=True)
class _Run:
    """A run in progress."""

    market: MarketData
    history: ParameterHistory
    strategies: Sequence[Strategy]
    make_source: MakeSource
    engine: Engine
    assumed: FillAssumptions
    letters: Sequence[str] | None
    symbols: Sequence[str] | None
    scan: Scan
    attendant: Attendant | None
    board: FrameBoard | None
    on_progress: Progress | None
    on_day: Callable[[DayOutcome], None] | None
    on_decision: OnDecision | None
    on_signals: OnSignals | None
    desk: Desk
    days: list[DayOutcome] = field(default_factory=list[DayOutcome])
    decision_digest: DecisionDigest = field(default_factory=DecisionDigest)
    fill_digest: FillDigest = field(default_factory=FillDigest)

    def play(self, day: date) -> None:
        """Play one day and keep what it came to, even when it is cut short."""
        hours = session(day)
        started = time.perf_counter()
        scanned = self._scanned(hours) if self.engine is Engine.PRUNED else None
        scan_secs = time.perf_counter() - started
        self.desk.start_day(hours, self._data_hash(day), hours.pre_market_ns)
        failures = Failures()
        strategy = HubStrategy(
            self.desk,
            failures,
            self.strategies,
            day_has_quotes=self.market.has_quotes(day),
            latency_ns=self.assumed.latency_ns,
            attendant=self.attendant,
            on_decision=self.on_decision,
        )
        feed = self._feed(hours, scanned, strategy, failures)
        trading_day = TradingDay(
            self.desk,
            strategy,
            feed,
            self.assumed,
            failures,
            self.market,
            self.attendant,
            self.board,
        )
        try:
            with heard_interrupts() as interrupt:
                trading_day.play(interrupt, partial(self._progress, day, Stage.REPLAY))
        finally:
            outcome = trading_day.outcome(scan_secs)
            self.days.append(outcome)
            self.decision_digest.add_day(feed.digest(), strategy.decisions)
            self.fill_digest.add(outcome.fills)
            if self.on_day is not None:
                self.on_day(outcome)

    def _scanned(self, hours: Session) -> ScanResult:
        day = hours.day
        first, *changes = self.history.shaping(hours.pre_market_ns, hours.close_ns)

        def progress(done: int, total: int) -> None:
            self._progress(day, Stage.SCAN, done / total)

        return self.scan(
            self.market,
            day,
            first.params,
            letters=self.letters,
            symbols=self.symbols,
            changes=changes,
            progress=progress,
            source=self._source(hours, first.params),
        )

    def _feed(
        self, hours: Session, scanned: ScanResult | None, strategy: HubStrategy, failures: Failures
    ) -> Feed:
        announced = self.market.statuses(hours.day)
        halts = Halts([status for status in announced if self._reads(status.symbol)])
        if scanned is not None:
            return PrunedFeed(
                self.market,
                scanned,
                self.history,
                halts,
                strategy.decide,
                failures,
                self.desk.instruments,
                attended=self.attendant is not None,
                on_signals=self.on_signals,
            )
        universe = {
            symbol
            for letter in self._letters(hours.day)
            for batch in self.market.trade_batches(hours.day, letter)
            for symbol in batch.symbols
            if self._reads(symbol)
        }
        params = self.history.shaping_day(hours)[0]
        return FullFeed(
            self.market,
            hours,
            lambda: self.desk.books.history,
            universe,
            halts,
            failures,
            self._source(hours, params),
            self.on_signals,
        )

    def _source(self, hours: Session, params: Parameters) -> SignalSource | None:
        return self.make_source(hours, params, self.desk.books.ensembles.asked)

    def _letters(self, day: date) -> list[str]:
        """Return the stored letters that this run reads."""
        return letters_read(self.market, day, self.letters or (), self.symbols or ())

    def _reads(self, symbol: str) -> bool:
        in_letters = self.letters is None or letter_of(symbol) in self.letters
        return in_letters and (self.symbols is None or symbol in self.symbols)

    def _data_hash(self, day: date) -> str:
        return self.market.data_hash(day, self._letters(day))

    def _progress(self, day: date, stage: Stage, share: float) -> None:
        if self.on_progress is not None:
            self.on_progress(day, stage, share)
