"""What a quarantined run left at a venue is protected by a run of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

from app.commands.inbox import CommandInbox
from app.live.parameters import LiveAttendant
from app.live.request import LiveRequest
from app.parameters.desk import approved_at_desk
from app.runs.bounds import record_run_started
from app.runs.chosen_journal import protecting_stem
from app.runs.hosted_run import HostedRun, OnStarted, hosted_run, run_name
from engine.domain.errors import ConfigError, JournalBroken
from engine.domain.facts import RunStarted
from engine.domain.parameters import Parameters
from engine.domain.parameters.changes import open_desk
from engine.domain.parameters.versions import ParameterHistory, desk_history
from engine.domain.session import day_of, session
from engine.hub import Desk, OutcomeStatus
from engine.journal import WaitingJournal
from engine.runtime.live import AccountStanding, GrantedTime, LeftBehind, ProtectionWatch
from store import Journals

_log = logging.getLogger(__name__)

type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ProtectionEnd:
    """How it ended; ``run_id`` is the run that protected, ``of`` the one that is quarantined."""

    run_id: str
    of: str
    detail: str
    left: LeftBehind

    def told(self) -> dict[str, Any]:
        """Return it by name: the quarantined run, what is held of it, and what has no stop."""
        trades = self.left.trades
        return {
            "run_id": self.of,
            "status": "Quarantined",
            "detail": self.detail,
            "protected_by": self.run_id,
            "held": {trade.symbol: f"{trade.shares:f}" for trade in trades},
            "unprotected": {
                trade.symbol: f"{trade.unprotected:f}" for trade in trades if trade.unprotected
            },
        }


async def protection_run(
    journals: Journals,
    request: LiveRequest,
    broken: JournalBroken,
    told: OnStarted,
    say: Say,
    stop_signal: Callable[[], asyncio.Event],
) -> ProtectionEnd:
    """Protect what a run left at the venue whose journal is broken, until nothing is left.

    Nothing of that journal is read. A protecting run that was cut off is resumed. A venue or
    database that is down at the start is waited for, as any start does.

    Parameters
    ----------
    stop_signal : callable
        Asked once all is reached: returns what is set when somebody ends the run.

    Raises
    ------
    VenueError
        The venue cannot be reached at the start for as long as was asked for, or refuses us.
    JournalError
        The facts of the protecting run cannot be kept.
    """
    wait = request.wait
    standing = await wait.reached_soon(request.venue.standing)
    while True:
        name = await wait.read_soon(lambda: run_name(journals, protecting_stem(broken.run_id)))
        try:
            return await _protected(
                journals, request, broken, standing, name, told, say, stop_signal
            )
        except JournalBroken as other:
            if other.run_id != name:
                raise
            _log.error("%s; another run protects", other)


async def _protected(
    journals: Journals,
    request: LiveRequest,
    broken: JournalBroken,
    standing: AccountStanding,
    name: str,
    told: OnStarted,
    say: Say,
    stop_signal: Callable[[], asyncio.Event],
) -> ProtectionEnd:
    with ExitStack() as hosted:

        def started() -> HostedRun:
            hosting = hosted_run(journals, name, told, resumable=(BaseException,))
            return hosted.enter_context(hosting)

        run = await request.wait.read_soon(started)
        params = await request.wait.read_soon(lambda: _params(journals, run, request))
        journal, desk = await run.begun(
            request.wait, lambda journal: _desk(run, journal, params, request, standing)
        )
        with closing(LiveAttendant(CommandInbox(run.log, run.recorded), None)) as attendant:
            watch = ProtectionWatch(
                desk,
                journal,
                attendant,
                GrantedTime(standing.ts),
                of=broken.run_id,
                detail=broken.detail,
            )
            attendant.report_to(watch.trouble.issue_raised)
            venue = request.venue.left_behind(broken.run_id, watch.trouble)
            try:
                left = await watch.run(venue, stop_signal(), _Changes(say))
            finally:
                await venue.close()
        is_over = not left.live
        run.end(OutcomeStatus.ENDED if is_over else OutcomeStatus.INTERRUPTED)
    return ProtectionEnd(run.run_id, broken.run_id, broken.detail, left)


def _desk(
    run: HostedRun,
    journal: WaitingJournal,
    params: Parameters,
    request: LiveRequest,
    standing: AccountStanding,
) -> Desk:
    """Return a desk without trades, its day begun."""
    now, equity = standing.ts, standing.equity
    hours = session(day_of(now))
    first = run.recorded[0].payload if run.recorded else None
    balance = first.starting_balance if isinstance(first, RunStarted) else equity
    desk = Desk(ParameterHistory(params), journal, balance)
    desk.books.restore(run.recorded)
    if not desk.books.day_started or desk.books.session.day != hours.day:
        if not run.recorded:
            venue = request.venue.name
            record_run_started(journal, run.run_id, hours.day, params, venue, balance)
            opened = open_desk(params, now, "live", "the parameters to protect by")
            journal.append(opened, ts_event=now, ts_init=now)
        desk.start_day(hours, "", now)
    return desk


def _params(journals: Journals, run: HostedRun, request: LiveRequest) -> Parameters:
    """Return what says when the day is to be flat: never the quarantined run's own."""
    own = desk_history(fact.payload for fact in run.recorded)
    if own is not None:
        return own.first
    try:
        return request.params or approved_at_desk(journals).at(time.time_ns())
    except (ConfigError, JournalBroken) as error:
        _log.error("protected by the default parameters: %s", error)
        return Parameters()


class _Changes:
    """Says what is held and what protects it, when that changes."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._said: list[str] = []

    def __call__(self, seen: LeftBehind) -> None:
        lines = [
            f"{trade.symbol}: {trade.shares:f} held, "
            + (f"{trade.unprotected:f} WITHOUT A STOP" if trade.unprotected else "stop rests")
            + (", being sold" if trade.is_leaving else "")
            for trade in seen.trades
        ]
        lines += [f"{each} held by others in this account: left alone" for each in seen.strange]
        lines += [f"cannot be read: {each}" for each in seen.unread]
        lines = lines or ["nothing of this run is held at the venue"]
        if lines != self._said:
            self._said = lines
            for line in lines:
                self._say(line)
