"""One day at a venue, from the first frame to the last fact."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from nautilus_trader.common import Cache
from nautilus_trader.live import LiveNode
from nautilus_trader.model import OrderStatus

from engine.decision import BucketDecision
from engine.display import FrameBoard
from engine.domain.errors import RunError
from engine.domain.first_cause import FirstCause
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND
from engine.domain.strategy import Strategy
from engine.hub.attendant import Attendant
from engine.hub.desk import Desk
from engine.hub.merged_day import MergedDay
from engine.hub.outcome import DayOutcome
from engine.journal import WaitingJournal
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.hub_strategy import HubStrategy, OnDecision
from engine.runtime.bridge.merged_actor import MergedActor
from engine.runtime.bridge.messages import merged_message
from engine.runtime.bridge.pulse import HostPulse
from engine.runtime.bridge.scanner_actor import ScannerActor
from engine.runtime.live.cache_purger import CachePurger
from engine.runtime.live.display import DayDisplay
from engine.runtime.live.heartbeat import HeartbeatActor
from engine.runtime.live.host_time import GrantedTime, RunningTime
from engine.runtime.live.issues import IssueTracker
from engine.runtime.live.journal_watch import JournalWatch
from engine.runtime.live.node import live_node
from engine.runtime.live.positions_watch import PositionsWatch
from engine.runtime.live.slots_watch import SlotsWatch
from engine.runtime.live.tape_watch import TapeWatch
from engine.runtime.live.timekeeper import Timekeeper
from engine.runtime.live.venue import LiveVenue
from engine.signals.whole_tape.signal_runner import MakeSource, SignalSource, in_process
from engine.signals.whole_tape.signal_tables import OnSignals
from engine.tape import Connections, HealthLine, health_lines

_WARM_UP = "warm-up"
_SETTLING_NS = 10 * NANOS_PER_SECOND
"""Time after the last bucket in which exits can still be filled."""


class LiveDay:
    """A day at a venue: scanner, strategy and node, and the one who keeps their time.

    Parameters
    ----------
    desk : Desk
        The day has been started on it, by this process or by one that is gone.
    journal : WaitingJournal
        The one the desk writes.
    strategies : sequence of Strategy
        What the hub hosts.
    host_time : RunningTime or GrantedTime
        Granted time makes a rehearsal: nothing moves before everything has been done.
    tapes : mapping of str to str
        Tape letter by symbol.
    day_has_quotes : bool
        Whether the feed brings quotes at all; that of a day that was recorded without has none.
    attendant : Attendant, optional
        Who may give commands.
    sends : bool
        Whether plans become orders.
    decided : sequence of BucketDecision
        By earlier processes of the run.
    on_decision : callable, optional
        Takes each decision before anything is sent.
    on_signals : callable, optional
        Takes what strategies over the tape say before anybody decides on it.
    make_source : MakeSource, optional
        Who asks strategies that look at the tape; by default in this very process.
    board : FrameBoard, optional
        Where the day shows itself.
    merged : MergedDay, optional
        What shards say of the day; by default a scanner in this process works the whole tape.

    Attributes
    ----------
    trouble : IssueTracker
        For the venue's clients.
    tape : TapeWatch or SlotsWatch
        What was measured of the tape.
    last_health : tuple of HealthLine
        As it was before the node was stopped.
    is_under_way : bool
        Whether the venue was reached, and the day went on with it.
    """

    def __init__(
        self,
        desk: Desk,
        journal: WaitingJournal,
        strategies: Sequence[Strategy],
        host_time: RunningTime | GrantedTime,
        *,
        tapes: Mapping[str, str],
        day_has_quotes: bool = True,
        attendant: Attendant | None = None,
        sends: bool = True,
        decided: Sequence[BucketDecision] = (),
        on_decision: OnDecision | None = None,
        on_signals: OnSignals | None = None,
        make_source: MakeSource | None = None,
        board: FrameBoard | None = None,
        merged: MergedDay | None = None,
    ) -> None:
        self.failures = Failures()
        self.desk = desk
        self.books = books = desk.books
        self.pulse = HostPulse(host_time, hurries=isinstance(host_time, GrantedTime))
        self.trouble = IssueTracker(desk, self.pulse, self.failures)
        self._journal = JournalWatch(journal, desk, self.pulse, self.trouble, self.failures)
        self._positions = PositionsWatch(
            desk, self.trouble, self.pulse, self.failures, host_time.speed
        )
        self._merged = merged
        self.tape: TapeWatch | SlotsWatch
        self.scanner: ScannerActor | MergedActor
        if merged is None:
            self.tape = TapeWatch(desk, self.trouble)
            self.scanner = ScannerActor(
                lambda: books.history,
                books.session,
                tapes,
                self.failures,
                self.pulse,
                self.tape,
                self._source(in_process(strategies) if make_source is None else make_source),
                on_signals,
            )
        else:
            self.tape = SlotsWatch(desk, self.trouble)
            self.scanner = MergedActor(
                books.history, books.session, self.failures, self.pulse, merged, self.tape
            )
        self.trouble.on_fetched = self.tape.fetched
        self.strategy = HubStrategy(
            desk,
            self.failures,
            strategies,
            day_has_quotes=day_has_quotes,
            attendant=attendant,
            pulse=self.pulse,
            sends=sends,
            on_decision=on_decision,
            decided_ns=max((each.ts_event for each in decided), default=0),
        )
        self._display = None
        if board is not None:
            parts = self.scanner, self.strategy, self.pulse, self.trouble
            self._display = DayDisplay(board, books, *parts, self.health)
        self._decided = decided
        self._heartbeat = HeartbeatActor(self.pulse, self.failures)
        self._time = host_time
        self._reported = self.scanner.latest
        self._equity = [books.equity_point(self.pulse.now(), books.ledger.equity)]
        self._secs = 0.0
        self.last_health: tuple[HealthLine, ...] = ()
        self.is_under_way = False

    def _source(self, make_source: MakeSource) -> SignalSource | None:
        books = self.books
        params = books.history.shaping_day(books.session)[0]
        return make_source(books.session, params, books.ensembles.asked)

    @property
    def decisions(self) -> list[BucketDecision]:
        """The run's decisions of this day, those of earlier processes first."""
        return [*self._decided, *self.strategy.decisions]

    @property
    def ends_ns(self) -> int:
        """When there is nothing left to wait for, UTC ns."""
        session = self.books.session
        return session.close_ns + self.books.history.at(session.close_ns).grace_ns + _SETTLING_NS

    def warm(self, quotes: Iterable[QuoteBatch], prints: Iterable[TradeBatch], detail: str) -> None:
        """Take what an earlier process of the run had heard; nothing is entered meanwhile.

        Entries are released once what has come since is known too.

        Raises
        ------
        DataError
            It cannot be read; what could be was taken.
        """
        self.trouble.issue_raised(_WARM_UP, detail)
        self.scanner.warm(quotes, prints)

    async def run(self, venue: LiveVenue, stop: asyncio.Event) -> bool:
        """Trade until the day is over, or until ``stop`` is set; return whether it is over.

        Stopped or failed, whatever protects a position is left at the venue.

        Raises
        ------
        RunError
            A handler failed, or the node ended by itself.
        VenueError
            The venue could not be reached at the start, or refuses us.
        """
        cause, started = FirstCause(), time.perf_counter()
        self._journal.begin()
        self.trouble.forget_others()
        node = live_node(venue, [self._heartbeat, self.scanner], self.strategy)
        handle, cache = node.handle(), node.cache
        forgetting = CachePurger(cache)

        def on_beat(now: int) -> None:
            self._on_beat(now)
            forgetting.look(now)

        def on_paced_beat(now: int) -> None:
            on_beat(now)
            self._positions.on_beat(venue)

        running = asyncio.ensure_future(_run(node))
        try:
            keeper = Timekeeper(
                venue,
                self._heartbeat,
                self.pulse,
                self.failures,
                running,
                stop,
                lambda: self.trouble.finds_out,
            )
            await keeper.until(self.strategy.is_running)
            await self._positions.begin(venue)
            if self._display is not None:
                self._display.start(venue)
            if isinstance(self._time, GrantedTime):
                await venue.begin()
                self.is_under_way = True
                await keeper.step(
                    self._time,
                    self.ends_ns,
                    on_beat,
                    lambda: self._waiting(cache, venue),
                    lambda: self._positions.look_if_due(venue),
                    self._has_reports,
                )
            else:
                if self._merged is not None:
                    self._merged.listen(lambda: venue.publish(merged_message(self.pulse.now())))
                look = lambda _: self._journal.look()  # noqa: E731
                await keeper.guard(self._time, self.ends_ns, look, venue.begin())
                self.is_under_way = True
                await keeper.go_along(self._time, self.ends_ns, on_paced_beat)
            await self._journal.settle(stop)
            self.last_health = self.health(venue)
            if self._display is not None:
                self._display.show(venue)
        except BaseException as error:  # noqa: BLE001  (raised below, once all has ended)
            cause.take(error, "the run")
        self._secs = time.perf_counter() - started
        await self._end(node, handle.stop, running, cause)
        return self.pulse.now() >= self.ends_ns

    async def _end(
        self,
        node: LiveNode,
        stop: Callable[[], None],
        running: asyncio.Future[None],
        cause: FirstCause,
    ) -> None:
        """Stop the node, whatever fails on the way; raise what failed first, a handler's before."""
        with cause.kept("the comparison of positions"):
            await self._positions.close()
        if self._display is not None:
            with cause.kept("the display"):
                await self._display.close()
        with cause.kept("the stop of the node"):
            stop()
        with cause.kept("the node"):
            await running
        with cause.kept("the clean-up of the node"):
            node.dispose()
        if (failure := self.failures.first()) is not None:
            cause.precede(failure, "a handler")
        cause.raise_it()

    def health(self, venue: LiveVenue) -> tuple[HealthLine, ...]:
        """Return the lights of tape, connections and clock and every issue, the worst first."""
        said, limits = venue.health, self.tape.limits(self.pulse.now())
        connections = Connections(said.feed, said.orders, said.clock_off_ns)
        return health_lines(self.tape.measure, limits, connections, self.trouble.details)

    def end(self) -> None:
        """End the day on the desk."""
        session = self.books.session
        self.desk.end_day(session.close_ns)
        self._equity.append(self.books.equity_point(session.close_ns, self.books.ledger.equity))

    def digest(self) -> str:
        """Return the digest of what the scanner said."""
        return self.scanner.digest()

    def outcome(self) -> DayOutcome:
        """Return what the day came to, as far as it went."""
        books = self.books
        return DayOutcome(
            day=books.session.day,
            candidates=self.scanner.raised,
            orders=books.day_orders,
            ticks=0,
            trades=tuple(books.day_trades()),
            fills=tuple(books.day_fills),
            verdicts=tuple(verdict for decision in self.decisions for verdict in decision.verdicts),
            equity=tuple(self._equity),
            timings={"scan": 0.0, "hydrate": 0.0, "replay": self._secs},
        )

    def _waiting(self, cache: Cache, venue: LiveVenue) -> list[str]:
        """Return the orders with a command that the venue has not answered yet.

        A cancel is answered by the order's end alone, for which time has to pass. Asked two
        thousand times a second, so orders that are closed are not looked at.
        """
        inflight = [
            order.client_order_id.value
            for order in cache.orders_inflight()
            if order.status is not OrderStatus.PENDING_CANCEL
            or not venue.has_cancel(order.client_order_id.value)
        ]
        return [*self.strategy.commands.unsent, *inflight]

    def _has_reports(self, now: int) -> bool:
        """Say whether all that closes by an instant has been reported."""
        return self._merged is None or self._merged.is_ready(now)

    def _on_beat(self, now: int) -> None:
        """Add to the equity curve when a bucket has closed while something was held."""
        self.trouble.issue_cleared(_WARM_UP)
        self._journal.look()
        self.trouble.tell_alarms()
        if self._display is not None:
            self._display.look()
        report, self._reported = self._reported, self.scanner.latest
        if self._reported is not report and self.books.ledger.positions:
            self._equity.append(self.books.equity_point(now, self.strategy.view.equity()))


async def _run(node: LiveNode) -> None:
    """Run a node to its end.

    Raises
    ------
    RunError
        It could not start or go on; nautilus says why.
    """
    try:
        await node.run_async()
    except RuntimeError as error:
        raise RunError(f"the node ended: {error}; start the same command again") from error
