"""The reports of a scan, and ticks only where an order lives or is about to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from engine.decision import BucketDecision
from engine.domain.candidate import BucketReport, Phase
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData
from engine.domain.market_data.status import TradingStatus
from engine.domain.markets.instrument import Instruments
from engine.domain.parameters.versions import ParameterHistory
from engine.runtime.backtest.feed import settle
from engine.runtime.backtest.hydration import Hydration
from engine.runtime.backtest.simulation import Simulation
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.replay_actor import ReplayActor
from engine.runtime.bridge.ticks import status_data
from engine.signals import ScanResult
from engine.signals.scanner import Scanner
from engine.signals.whole_tape.signal_tables import OnSignals


class PrunedFeed:
    """Plays a scanned day without the ticks that cannot matter.

    ``decide`` is pure, so what the strategy will do with a report is known just before it gets it:
    the symbols it is going to enter are given their last quote and print at that instant, and all
    their ticks from there until they are flat. Reports without a qualified candidate lead to
    nothing and are not delivered. Time with nothing alive costs nothing: timers catch up, in
    order, when the engine runs next.

    Parameters
    ----------
    decide : callable
        The strategy's.
    attended : bool
        Commands may come in at any second: the engine is never left behind, so that each bucket is
        decided under all that was ordered before it.
    on_signals : callable, optional
        Takes what strategies over the tape said as soon as a bucket has closed.
    """

    def __init__(
        self,
        market: MarketData,
        scan: ScanResult,
        history: ParameterHistory,
        halts: Halts,
        decide: Callable[[BucketReport], BucketDecision],
        failures: Failures,
        instruments: Instruments,
        *,
        attended: bool = False,
        on_signals: OnSignals | None = None,
    ) -> None:
        self.scanner = ReplayActor(history, scan.session, failures)
        self.candidates = 0
        self.latest: BucketReport | None = None
        self.whole_tape: Scanner | None = None
        self._scan = scan
        self._halts = halts
        self._failures = failures
        self._decide = decide
        self._attended = attended
        self._hydration = Hydration(market, scan.session, halts, instruments)
        self._on_signals = on_signals
        self._told = 0

    @property
    def ticks(self) -> int:
        """Ticks fed to the venue so far."""
        return self._hydration.ticks

    @property
    def hydrate_secs(self) -> float:
        """Wall-clock seconds spent on reading ticks."""
        return self._hydration.secs

    def digest(self) -> str:
        """Return the scan's own digest."""
        return self._scan.digest()

    def play(self, simulation: Simulation) -> Iterator[int]:
        """Play the day and yield the closing instant of each bucket once it is past."""
        played = now = self._scan.session.pre_market_ns
        simulation.play(until=played)
        for report in self._scan.reports():
            now = report.ts_init
            self.candidates += sum(each.phase is Phase.RAISED for each in report.candidates)
            qualified = {each.symbol for each in report.candidates if each.qualified}
            is_told = bool(qualified or report.failures)
            live = simulation.live_symbols()
            statuses = self._halts.take(before=now)
            if live or statuses or self._attended:
                self._between(simulation, live, statuses, played + 1, now)
            if live or statuses or is_told or self._attended:
                self._close(simulation, live, qualified, report)
                played = now
            self._tell_signals(report.ts_event)
            self.latest = report
            yield now
        settle(simulation, self._halts, now)

    def _tell_signals(self, ts_event: int) -> None:
        """Hand over what was said up to the bucket that ends at an instant."""
        signals = self._scan.signals
        if self._on_signals is None or signals is None:
            return
        end = int(np.searchsorted(signals.column("ts_event").to_numpy(), ts_event, side="right"))
        if end > self._told:
            self._on_signals(signals.slice(self._told, end - self._told))
            self._told = end

    def _between(
        self,
        simulation: Simulation,
        live: set[str],
        statuses: Sequence[TradingStatus],
        start: int,
        now: int,
    ) -> None:
        """Play what happened since the last close, up to the nanosecond before this one."""
        simulation.list_symbols(status.symbol for status in statuses)
        quotes, trades = self._hydration.stretch(live, start, now)
        simulation.play(
            status_data(statuses, simulation.instruments), quotes, trades, until=now - 1
        )

    def _close(
        self, simulation: Simulation, live: set[str], qualified: set[str], report: BucketReport
    ) -> None:
        """Play the closing instant itself, in which the strategy gets the report."""
        now = report.ts_init
        statuses = self._halts.take(before=now + 1)
        quotes, trades = self._hydration.stretch(live, now, now + 1)
        entering: set[str] = set()
        if qualified or report.failures:
            self.scanner.schedule(report)
            # Something that happens in this very nanosecond may change what is decided.
            certain = not (statuses or quotes or trades or self._attended)
            entering = self._planned(report) if certain else qualified
        simulation.list_symbols(entering | {status.symbol for status in statuses})
        last = self._hydration.last(entering - live, now)
        simulation.play(
            status_data(statuses, simulation.instruments), last, quotes, trades, until=now
        )

    def _planned(self, report: BucketReport) -> set[str]:
        """Return the symbols that the strategy is about to enter."""
        with self._failures.raised("decide"):
            decision = self._decide(report)
        return {approved.value.symbol for approved in decision.plans}
