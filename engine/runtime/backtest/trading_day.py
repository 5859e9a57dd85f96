"""A feed, a simulated venue and a strategy, played to the close."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.display import FrameBoard
from engine.domain.errors import RunError
from engine.domain.market_data.recorded import MarketData
from engine.domain.markets.fill_assumptions import FillAssumptions
from engine.domain.session import NANOS_PER_SECOND
from engine.hub.attendant import Attendant
from engine.hub.desk import Desk
from engine.hub.outcome import DayOutcome
from engine.runtime.backtest.display import ReplayDisplay
from engine.runtime.backtest.feed import Feed
from engine.runtime.backtest.interrupt import Interrupt
from engine.runtime.backtest.simulation import Simulation
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.hub_strategy import HubStrategy

_NAP_SECS = 0.05
"""How long a Ctrl-C may wait to be heard."""


class TradingDay:
    """One day in an engine of its own; account and governor live on in the desk.

    Parameters
    ----------
    desk : Desk
        The day has been started on it.
    strategy : HubStrategy
    feed : Feed
    assumed : FillAssumptions
    failures : Failures
        The one that strategy and feed were made with.
    market : MarketData
        Where trades are measured on prints once they are over.
    attendant : Attendant, optional
        Who sets the pace.
    board : FrameBoard, optional
        Where the day shows itself.
    """

    def __init__(
        self,
        desk: Desk,
        strategy: HubStrategy,
        feed: Feed,
        assumed: FillAssumptions,
        failures: Failures,
        market: MarketData,
        attendant: Attendant | None = None,
        board: FrameBoard | None = None,
    ) -> None:
        self._desk = desk
        self._books = books = desk.books
        self._market = market
        self._strategy = strategy
        self._feed = feed
        self._attendant = attendant
        self._display = None
        if board is not None:
            self._display = ReplayDisplay(board, books, strategy, feed)
        self._equity = [books.equity_point(books.session.pre_market_ns, books.ledger.equity)]
        self._play_secs = 0.0
        stale_quote_secs = books.history.at(books.session.open_ns).stale_quote_secs
        self._simulation = Simulation(
            assumed,
            account=desk.account,
            instruments=desk.instruments,
            equity=books.ledger.equity,
            stale_quote_ns=int(stale_quote_secs * NANOS_PER_SECOND),
            failures=failures,
        )
        self._simulation.add(feed.scanner, strategy)

    def play(self, interrupt: Interrupt, on_progress: Callable[[float], None]) -> None:
        """Play to the end of the day and end it on the desk.

        Parameters
        ----------
        on_progress : callable
            Called with the share of the session that is over.

        Raises
        ------
        KeyboardInterrupt
            Somebody asked to stop; what was done so far stands.
        RunError
            A handler failed, or a trade is still open at the end.
        """
        session = self._books.session
        started = time.perf_counter()
        try:
            for now in self._feed.play(self._simulation):
                interrupt.check()
                if self._books.ledger.positions:
                    self._equity.append(self._books.equity_point(now, self._strategy.view.equity()))
                if self._display is not None:
                    self._display.look(now)
                if now >= session.open_ns:
                    on_progress((now - session.open_ns) / (session.close_ns - session.open_ns))
                    self._rest(now, interrupt)
            self._expect_flat()
            self._desk.measure_trades(self._market, session.close_ns)
            self._desk.end_day(session.close_ns)
            self._equity.append(
                self._books.equity_point(session.close_ns, self._books.ledger.equity)
            )
        except KeyboardInterrupt:
            if self._attendant is None:
                self._desk.measure_trades(self._market, self._equity[-1].ts)
            raise
        finally:
            if self._display is not None:
                self._display.show()
            self._play_secs = time.perf_counter() - started
            self._simulation.close()

    def outcome(self, scan_secs: float) -> DayOutcome:
        """Return what the day came to, as far as it was played."""
        books, feed = self._books, self._feed
        return DayOutcome(
            day=books.session.day,
            candidates=feed.candidates,
            orders=books.day_orders,
            ticks=feed.ticks,
            trades=tuple(books.day_trades()),
            fills=tuple(books.day_fills),
            verdicts=tuple(
                verdict for decision in self._strategy.decisions for verdict in decision.verdicts
            ),
            equity=tuple(self._equity),
            timings={
                "scan": scan_secs,
                "hydrate": feed.hydrate_secs,
                "replay": self._play_secs - feed.hydrate_secs,
            },
        )

    def _rest(self, now: int, interrupt: Interrupt) -> None:
        """Wait until whoever attends the run wants it to go on."""
        while self._attendant is not None and (left := self._attendant.wait_secs(now)) > 0:
            if self._display is not None:
                self._display.rest()
            time.sleep(min(left, _NAP_SECS))
            interrupt.check()

    def _expect_flat(self) -> None:
        """Refuse to carry a position over night: the next day starts in a new engine."""
        held = ", ".join(sorted(self._books.ledger.positions))
        if held:
            day = self._books.session.day
            raise RunError(f"{held} still held at the end of {day}, expected to be flat")
