"""One day at a venue, from what was asked for to the last fact of its run."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cluster.hub import ClusterHub
from app.commands.inbox import CommandInbox
from app.display.shown_run import shown_run
from app.live.clustered import cluster_hub, opened, tapes_of
from app.live.lease import HeldRun, held_run
from app.live.parameters import LiveAttendant, started_with
from app.live.request import LiveRequest
from app.live.tape_keeper import TapeKeeper
from app.parameters.inbox import ParameterInbox
from app.runs.bounds import AskedMarket, record_run_ended, record_run_started
from app.runs.hosted_run import HostedRun, OnStarted, RunEnd, hosted_run, run_name
from app.runs.signals.keeper import SignalKeeper, signal_keeper
from app.runs.verdict_keeper import VerdictKeeper
from app.strategies import hosted_again
from app.strategies.workers import LIVE, RECORDED, Limits
from catalog.spool import Heading
from engine.display import FrameSlot
from engine.domain.ensemble import ACCELERATION_ALONE
from engine.domain.errors import JournalBroken
from engine.domain.facts import RunStarted
from engine.domain.first_cause import FirstCause
from engine.domain.market_data.recorded import letters_read
from engine.domain.parameters import Parameters
from engine.domain.parameters.changes import open_desk
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import NANOS_PER_SECOND, Session, day_of, session
from engine.hub import Desk, Outcome, OutcomeStatus
from engine.hub.digests import DecisionDigest, FillDigest
from engine.journal import WaitingJournal
from engine.runtime.live import (
    GrantedTime,
    LiveDay,
    LiveVenue,
    NodeSettings,
    RunningTime,
    VenueOpening,
)
from engine.signals.compiled import load_compiled
from engine.tape import CLOCK_OFF_SECS, VENUE_CLOCK, HealthLine, behind
from store import Journals

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveEnd(RunEnd):
    """How a day ended.

    Attributes
    ----------
    scan_digest : str
        Of all that the scanner said of the day, with what it said to processes before.
    spool : Path or None
        Where lies what arrived, if it was kept.
    health : tuple of HealthLine
        As it was when the run ended, the worst first; empty if it ended before it began.
    broken : JournalBroken or None
        Why commands or new parameters were not obeyed any more.
    """

    scan_digest: str
    spool: Path | None
    health: tuple[HealthLine, ...]
    broken: JournalBroken | None

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        return RunEnd.told(self) | {"scan_digest": self.scan_digest}


type Look = Callable[[str, LiveDay, LiveVenue], None]
"""Called with run, day and venue once both are there: whoever watches may read them."""


def nobody_looks(_run_id: str, _day: LiveDay, _venue: LiveVenue) -> None:
    """Let a day alone."""


async def live_run(
    journals: Journals,
    request: LiveRequest,
    told: OnStarted,
    look: Look = nobody_looks,
    screens: Sequence[FrameSlot] = (),
) -> LiveEnd:
    """Trade a day; an unfinished run of that name is resumed.

    Parameters
    ----------
    screens : sequence of FrameSlot
        Readers in this process; those of others find the frames in ``request.display``.

    Raises
    ------
    ConfigError
        No keys, an exchange that is closed, a run that has ended, or one that was started with
        other parameters.
    VenueError
        The venue cannot be reached at the start for as long as was asked for, or refuses us.
    StreamsDenied
        The server between hub and shards refuses us.
    JournalBroken
        The run's facts are not those that were written; see ``protection_run``. Or the parameter
        desk is broken, and no run that goes on holds anything.
    JournalError
        Facts cannot be kept: nothing is traded.
    RunError
        A handler failed. What protects a position is left at the venue.
    """
    account = request.venue
    found = await opened(request)
    symbols = request.subscribed(found.tradable)
    hours = session(day_of(found.host_time()))
    stem = f"{account.run_stem}-{hours.day}"
    with ExitStack() as stack:

        def started() -> HostedRun:
            name = request.run_id or run_name(journals, stem, keeps_quarantined=True)
            if request.doubt is not None and name not in {run.run_id for run in journals.runs()}:
                raise request.doubt
            hosting = hosted_run(
                journals,
                name,
                told,
                resumable=(BaseException,),
                labels=request.labels,
                lapsed=request.lapsed,
            )
            return stack.enter_context(hosting)

        run = await request.wait.read_soon(started)
        held = stack.enter_context(held_run(journals.database, run.run_id, run.journal.epoch))
        params = await request.wait.read_soon(
            lambda: started_with(journals, request.params, run.recorded)
        )
        if request.cluster is None:
            load_compiled(params, hours)
        journal, desk = await run.begun(
            request.wait, lambda journal: _desk(run, journal, params, request, found, hours)
        )
        if request.doubt is not None and not desk.books.trades:
            raise request.doubt
        if not run.recorded and found.host_time() > hours.open_ns:
            _log.warning("the session is open already: VWAP and day volumes count from now on")
        behind_secs = _behind(found.host_time, hours, (fact.ts_init for fact in run.recorded))
        verdicts = VerdictKeeper(request.verdicts, run.run_id, is_new=run.is_new)
        showing = shown_run(
            run,
            request.display,
            venue=request.venue.name,
            sends=request.sends,
            screens=screens,
        )
        shown = stack.enter_context(showing)
        tapes = tapes_of(request, found, hours)
        attendant = await _attendant(journals, run, desk, request, found.host_time())
        hosted = request.hosted if run.is_new else hosted_again(desk.books.ensembles.newest)
        signals = signal_keeper(hosted, request.verdicts, run.run_id, is_new=run.is_new)
        cluster = cluster_hub(request, run, desk, found, hosted, stack)
        day = LiveDay(
            desk,
            journal,
            hosted.strategies,
            found.host_time,
            tapes=tapes,
            day_has_quotes=not request.market or request.market.has_quotes(hours.day),
            attendant=attendant,
            sends=request.sends,
            decided=() if run.is_new else verdicts.decided(),
            on_decision=verdicts.add,
            on_signals=signals.add if signals else None,
            make_source=hosted.make_source(request.catalog, _limits(found)),
            board=shown.board,
            merged=cluster and cluster.reports,
        )
        keeper = _keeper(run, request, day, hours, tapes)
        if keeper and not run.is_new:
            behind_secs = _recall(keeper, found.host_time, hours, behind_secs)
        if behind_secs > CLOCK_OFF_SECS:
            day.trouble.issue_raised(VENUE_CLOCK, behind(behind_secs))
        settings = NodeSettings(
            run_id=run.run_id,
            feed=request.feed,
            symbols=symbols,
            tapes=tapes,
            host_time=found.host_time,
            now=day.pulse.now,
            stale_feed_seconds=desk.books.history.at(found.host_time()).stale_feed_seconds,
            start_secs=request.wait.left_secs,
            recalled=keeper.recalled if keeper and not run.is_new else None,
            on_batch=keeper.add if keeper else None,
            relay=request.relay,
            permit=held.permit,
            unsent=desk.books.unfilled() if run.follows_living else {},
        )
        venue = account.node_venue(settings, day.trouble)
        attendant.report_to(day.trouble.issue_raised)
        look(run.run_id, day, venue)
        with closing(attendant):
            is_whole = await _traded(run, day, venue, keeper, held, cluster)
        journal.commit()
        outcome = _outcome(journal, day, request, is_whole=is_whole)
        _tables(verdicts, signals, day, is_whole=is_whole)
        run.end(outcome.status)
        shown.ended(outcome.status)
    folder = keeper.folder if keeper else None
    return LiveEnd(
        run.run_id,
        len(run.recorded),
        outcome,
        day.digest(),
        folder,
        day.last_health,
        next(iter(attendant.broken.values()), None),
    )


def _limits(found: VenueOpening) -> Limits:
    """Return how long a stranger's answer is waited for."""
    return RECORDED if isinstance(found.host_time, GrantedTime) else LIVE


def _keeper(
    run: HostedRun,
    request: LiveRequest,
    day: LiveDay,
    hours: Session,
    tapes: Mapping[str, str],
) -> TapeKeeper | None:
    if not request.spool:
        return None
    heading = Heading(run.run_id, hours.day, request.feed, dict(tapes))
    return TapeKeeper(request.spool, heading, day, request.venue.recall(tapes))


def _behind(host_time: RunningTime | GrantedTime, hours: Session, recorded: Iterable[int]) -> float:
    """Let a run begin no earlier than what it has recorded; return what the venue lacks, secs."""
    latest = max(recorded, default=0)
    if latest <= hours.pre_market_ns:
        return 0.0
    behind_ns = latest - host_time()
    host_time.reach(latest)
    return behind_ns / NANOS_PER_SECOND


def _tables(
    verdicts: VerdictKeeper, signals: SignalKeeper | None, day: LiveDay, *, is_whole: bool
) -> None:
    """Write why, and why not, as tables."""
    said = (verdict for each in day.decisions for verdict in each.verdicts)
    verdicts.table(said, is_whole=is_whole)
    if signals:
        signals.table(is_whole=is_whole)


def _recall(
    keeper: TapeKeeper, host_time: RunningTime | GrantedTime, hours: Session, behind_secs: float
) -> float:
    """Warm the day with what was heard before; return what the venue lacks by then, secs."""
    keeper.recall()
    heard = _behind(host_time, hours, [keeper.recalled.latest])
    return max(0.0, behind_secs) + max(0.0, heard)


def _desk(
    run: HostedRun,
    journal: WaitingJournal,
    params: Parameters,
    request: LiveRequest,
    found: VenueOpening,
    hours: Session,
) -> Desk:
    """Return the desk as the run's facts left it, its day begun."""
    first = run.recorded[0].payload if run.recorded else None
    balance = first.starting_balance if isinstance(first, RunStarted) else found.cash
    ensemble = ACCELERATION_ALONE if run.recorded else request.hosted.ensemble
    if not run.recorded:
        request.hosted.expect_fit(params)
    desk = Desk(ParameterHistory(params), journal, balance, ensemble=ensemble)
    desk.books.restore(run.recorded)
    if not desk.books.day_started:
        opens = hours.pre_market_ns
        names = tuple(each.strategy_id for each in desk.books.ensembles.newest.on)
        venue = request.venue.name
        asked = AskedMarket(request.catalog_root, request.letters, request.symbols)
        record_run_started(
            journal, run.run_id, hours.day, params, venue, balance, asked=asked, strategies=names
        )
        opened = open_desk(params, opens, "live", "the parameters the run was started with")
        journal.append(opened, ts_event=opens, ts_init=opens)
        desk.start_day(hours, _fingerprint(request, hours), opens)
    return desk


def _fingerprint(request: LiveRequest, hours: Session) -> str:
    """Return the hash of a day that is recorded already, empty of one that is heard only now."""
    if request.market is None:
        return ""
    day = hours.day
    letters = letters_read(request.market, day, request.letters, request.symbols)
    return request.market.data_hash(day, letters)


async def _attendant(
    journals: Journals, run: HostedRun, desk: Desk, request: LiveRequest, now: int
) -> LiveAttendant:
    """Return who gives the run its commands; what came while nothing ran is taken already."""
    changes = None
    if request.params is None:
        began_ns = (await request.wait.read_soon(lambda: journals.run(run.run_id))).created_ns
        changes = ParameterInbox(
            journals, began_ns, run.recorded, run.journal.epoch, lambda: desk.books.history.latest
        )
    attendant = LiveAttendant(CommandInbox(run.log, run.recorded), changes)
    attendant.catch_up(desk, now)
    return attendant


async def _traded(
    run: HostedRun,
    day: LiveDay,
    venue: LiveVenue,
    keeper: TapeKeeper | None,
    held: HeldRun,
    cluster: ClusterHub | None,
) -> bool:
    """Trade until the day is over or somebody stops it; return whether it is over."""
    cause, is_over, stop = FirstCause(), False, stop_signal()
    with cause.kept("the day"), held.ends(stop):
        if keeper:
            keeper.start()
        if cluster:
            cluster.begin(day.trouble)
        is_over = await day.run(venue, stop)
    run.is_under_way = day.is_under_way
    with cause.kept("the end of the connections"):
        await venue.close()
    if cluster:
        with cause.kept("the end of the connections to shards"):
            await cluster.close()
    if keeper:
        with cause.kept("the end of the recording"):
            keeper.close()
    cause.raise_it()
    return is_over


def stop_signal() -> asyncio.Event:
    """Return what Ctrl-C, SIGTERM and a closed terminal set; protection stays at the venue."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    return stop


def _outcome(
    journal: WaitingJournal, day: LiveDay, request: LiveRequest, *, is_whole: bool
) -> Outcome:
    """Return what the day came to; write its last facts if it is over."""
    desk, decisions, fills = day.desk, DecisionDigest(), FillDigest()
    if is_whole:
        if request.market is not None:
            desk.measure_trades(request.market, desk.books.session.close_ns)
        day.end()
    played = day.outcome()
    decisions.add_day(day.digest(), day.decisions)
    fills.add(played.fills)
    outcome = Outcome(
        status=OutcomeStatus.ENDED if is_whole else OutcomeStatus.INTERRUPTED,
        days=(played,),
        facts=desk.books.facts,
        equity=desk.books.ledger.equity,
        decision_digest=decisions.hexdigest(),
        fill_digest=fills.hexdigest(),
    )
    if is_whole:
        record_run_ended(journal, outcome)
    return outcome
