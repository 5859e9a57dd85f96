"""Roof: one day at a venue, from what was asked for to the last fact of its run."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from adapters.alpaca import (
    AlpacaConfig,
    AlpacaRest,
    AlpacaVenue,
    Credentials,
    Endpoints,
    listed_tapes,
)
from catalog.spool import Heading
from cli.command_inbox import CommandInbox
from cli.live_parameters import LiveAttendant, started_with
from cli.parameter_inbox import ParameterInbox
from cli.run_bounds import tell_end, tell_start
from cli.tape_keeper import TapeKeeper
from cli.venue_time import venue_time
from cli.verdict_keeper import VerdictKeeper
from engine.domain.errors import ConfigError, JournalError, VenueUnavailable
from engine.domain.facts import Fact, RunStarted
from engine.domain.market import MarketData, letter_of
from engine.domain.parameter_changes import open_desk
from engine.domain.parameter_versions import ParameterHistory
from engine.domain.parameters import Parameters
from engine.domain.session import day_of, session
from engine.journal import WaitingJournal
from engine.runtime import Desk, Outcome, OutcomeStatus
from engine.runtime.digests import DecisionDigest, FillDigest
from engine.runtime.live import GrantedTime, LiveDay
from engine.runtime.measured import measure_trades
from store import CommandLog, Journals, RunStatus, SqlJournal
from strategies import AoStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRequest:
    """What was asked for.

    Attributes
    ----------
    params : Parameters or None
        None for those of the parameter desk, whose changes the run then goes along with.
    letters, symbols : tuple of str
        What to look at and trade; both empty for the whole tape.
    sends : bool
        Whether plans become orders.
    verdicts : Path
        Folder for the table of verdicts: why, and why not.
    market : MarketData or None
        Where the day is recorded, if it is: trades are measured on it once they are over.
    spool : Path or None
        Folder under which what arrives is kept, so that a restart is warm; None for nowhere.
    """

    endpoints: Endpoints
    credentials: Credentials
    feed: str
    params: Parameters | None
    letters: tuple[str, ...]
    symbols: tuple[str, ...]
    run_id: str | None
    sends: bool
    verdicts: Path
    market: MarketData | None = None
    spool: Path | None = None


@dataclass(frozen=True, slots=True)
class LiveEnd:
    """How a day ended.

    Attributes
    ----------
    resumed_at : int
        The fact it was taken up again after, 0 if new.
    scan_digest : str
        Of all that the scanner said of the day, with what it said to processes before.
    spool : Path or None
        Where lies what arrived, if it was kept.
    """

    run_id: str
    resumed_at: int
    outcome: Outcome
    scan_digest: str
    spool: Path | None


type Look = Callable[[str, LiveDay, AlpacaVenue], None]
"""Called with run, day and venue once both are there: whoever watches may read them."""


async def live_run(
    journals: Journals, request: LiveRequest, told: Callable[[str, int], None], look: Look
) -> LiveEnd:
    """Trade a day; an unfinished run of that name is taken up again.

    Raises
    ------
    ConfigError
        No keys, an exchange that is closed, a run that has ended, or one that was started with
        other parameters.
    VenueError
        The venue cannot be reached at the start, or refuses us.
    JournalError
        Facts cannot be kept: nothing is traded.
    RunError
        A handler failed. What protects a position is left at the venue.
    """
    async with AlpacaRest(request.endpoints, request.credentials) as rest:
        host_time = await venue_time(rest, request.endpoints)
        cash = (await rest.account()).cash
        if cash is None:
            raise VenueUnavailable(f"{request.endpoints.venue} does not tell the account's cash")
        listed = (await rest.assets()).rows
    symbols = _symbols([asset.symbol for asset in listed if asset.tradable], request)
    hours = session(day_of(host_time()))
    run_id, is_new = _chosen(journals, request, hours.day.isoformat())
    log = CommandLog(journals, run_id)
    log.create()
    journal = journals.start(run_id) if is_new else journals.resume(run_id)
    recorded = list(journal.facts())
    told(run_id, len(recorded))
    try:
        params = started_with(journals, request.params, recorded)
        waiting = WaitingJournal(journal, len(recorded))
        desk = Desk(ParameterHistory(params), waiting, _balance(cash, recorded))
        desk.restore(recorded)
        if not desk.day_started:
            _start(waiting, desk, params, request, run_id, host_time())
        began_ns = journals.run(run_id).created_ns
        attendant = LiveAttendant(
            CommandInbox(log, recorded),
            ParameterInbox(journals, began_ns, recorded, journal.epoch, lambda: desk.history.latest)
            if request.params is None
            else None,
        )
        attendant.catch_up(desk, host_time())
        tapes = request.market.tapes(hours.day) if request.market else listed_tapes(listed)
        verdicts = VerdictKeeper(request.verdicts, run_id)
        day = LiveDay(
            desk,
            waiting,
            AoStrategy,
            host_time,
            tapes=tapes,
            day_has_quotes=request.market is None or request.market.has_quotes(hours.day),
            attendant=attendant,
            sends=request.sends,
            decided=() if is_new else verdicts.decided(),
            on_decision=verdicts.add,
        )
        config = AlpacaConfig.of(
            venue=request.endpoints.venue,
            feed=request.feed,
            symbols=symbols or "*",
            stepped=isinstance(host_time, GrantedTime),
            run_id=run_id,
            epoch=journal.epoch,
        )
        keeper = _keeper(request, day, Heading(run_id, hours.day, request.feed, dict(tapes)))
        if keeper and not is_new:
            keeper.recall()
        venue = AlpacaVenue(
            config,
            day.trouble,
            day.pulse.now,
            tapes=tapes,
            endpoints=request.endpoints,
            credentials=request.credentials,
            recalled=keeper.recalled if keeper and not is_new else None,
            on_batch=keeper.add if keeper else None,
        )
        look(run_id, day, venue)
        try:
            if keeper:
                keeper.start()
            whole = await day.run(venue, _stop_signal())
        finally:
            await venue.close()
            if keeper:
                keeper.close()
        waiting.commit()
        outcome = _outcome(waiting, day, request, whole=whole)
        verdicts.table(day.decisions, is_whole=whole)
        journal.end(RunStatus.ENDED if whole else RunStatus.INTERRUPTED, "" if whole else _LATER)
    except BaseException as error:
        _seal(journal, error)
        raise
    return LiveEnd(run_id, len(recorded), outcome, day.digest(), keeper.folder if keeper else None)


_LATER = "stopped before the end of its day: the same command takes it up again"


def _keeper(request: LiveRequest, day: LiveDay, heading: Heading) -> TapeKeeper | None:
    return TapeKeeper(request.spool, heading, day) if request.spool else None


def _balance(cash: Decimal, recorded: list[Fact]) -> Decimal:
    """Return what the ledger starts with: what it did, if it did."""
    first = recorded[0].payload if recorded else None
    return first.starting_balance if isinstance(first, RunStarted) else cash


def _start(
    journal: WaitingJournal,
    desk: Desk,
    params: Parameters,
    request: LiveRequest,
    run_id: str,
    now: int,
) -> None:
    hours = session(day_of(now))
    opens = hours.pre_market_ns
    tell_start(journal, run_id, hours.day, params, request.endpoints.venue, desk.ledger.cash)
    first = open_desk(params, opens, "live", "the parameters the run was started with")
    journal.append(first, ts_event=opens, ts_init=opens)
    desk.start_day(hours, "", opens)


def _symbols(listed: Iterable[str], request: LiveRequest) -> tuple[str, ...]:
    """Return what to subscribe to, none for the whole tape.

    Raises
    ------
    ConfigError
        Nothing tradable begins with these letters, or a symbol is none of the venue's.
    """
    tradable = set(listed)
    if unknown := [symbol for symbol in request.symbols if symbol not in tradable]:
        raise ConfigError(
            f"{', '.join(unknown)} cannot be traded at {request.endpoints.venue}: misspelt, "
            "renamed or delisted; correct or drop it"
        )
    if not request.letters:
        return request.symbols
    found = sorted(symbol for symbol in tradable if letter_of(symbol) in request.letters)
    wanted = [symbol for symbol in found if symbol in request.symbols or not request.symbols]
    if not wanted:
        raise ConfigError(f"nothing tradable begins with {', '.join(request.letters)}")
    return tuple(wanted)


def _chosen(journals: Journals, request: LiveRequest, day: str) -> tuple[str, bool]:
    """Return the run's id and whether it is a new one."""
    known = {run.run_id: run for run in journals.runs()}
    stem = request.run_id or f"{request.endpoints.venue.removeprefix('alpaca-')}-{day}"
    run_id, number = stem, 1
    while request.run_id is None and run_id in known and not known[run_id].may_go_on:
        number += 1
        run_id = f"{stem}-{number}"
    return run_id, run_id not in known


def _stop_signal() -> asyncio.Event:
    """Return what Ctrl-C, SIGTERM and a closed terminal set; protection stays at the venue."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    return stop


def _outcome(
    journal: WaitingJournal, day: LiveDay, request: LiveRequest, *, whole: bool
) -> Outcome:
    """Return what the day came to; write its last facts if it is over."""
    desk, decisions, fills = day.desk, DecisionDigest(), FillDigest()
    if whole:
        if request.market is not None:
            measure_trades(desk, request.market, desk.session.close_ns)
        day.end()
    played = day.outcome()
    decisions.add_day(day.digest(), day.decisions)
    fills.add(played.fills)
    outcome = Outcome(
        status=OutcomeStatus.ENDED if whole else OutcomeStatus.INTERRUPTED,
        days=(played,),
        facts=desk.facts,
        equity=desk.ledger.equity,
        decision_digest=decisions.hexdigest(),
        fill_digest=fills.hexdigest(),
    )
    if whole:
        tell_end(journal, outcome)
    return outcome


def _seal(journal: SqlJournal, error: BaseException) -> None:
    """Say what ended the run, if the database lets it; it can be taken up again."""
    with suppress(JournalError):
        journal.end(RunStatus.INTERRUPTED, f"{type(error).__name__}: {error}"[:500])
