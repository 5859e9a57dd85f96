"""What a run left at a venue is protected, though its journal is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from engine.decision import FlattenStep, flatten_step
from engine.domain.errors import VenueError
from engine.domain.facts import Alarm, ExitReason, ProtectionStarted
from engine.domain.session import NANOS_PER_SECOND
from engine.hub.attendant import Attendant
from engine.hub.desk import Desk
from engine.hub.exit_attempts import ExitAttempts
from engine.journal import WaitingJournal
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.pulse import HostPulse
from engine.runtime.live.host_time import GrantedTime
from engine.runtime.live.issues import IssueTracker
from engine.runtime.live.journal_watch import JournalWatch
from engine.runtime.live.left_behind import HeldTrade, LeftBehind, ProtectedVenue

_EVERY_SECS = 3.0
_FLAT_LOOKS = 2
"""Looks in a row that find nothing before nothing is there: an order may be on its way."""

_AFTER_CLOSE_NS = 60 * NANOS_PER_SECOND
_QUARANTINE, _RECONCILIATION = "quarantine", "reconciliation"

type OnLook = Callable[[LeftBehind], None]


class ProtectionWatch:
    """Looks at the venue again and again, and closes what nothing protects; enters nothing.

    Everything follows from what the venue tells: no number of the broken journal is used. A stop
    that rests is left to rest. Shares that two looks in a row find without one are sold, as the
    guardian of a run does; so is what somebody orders to be flattened, and everything at
    ``flatten_by``.

    Parameters
    ----------
    desk : Desk
        Of a run of its own, whose day has begun; it has no trades, so it can enter none.
    journal : WaitingJournal
        The one the desk writes: exits go on when that cannot be written either.
    time : GrantedTime
        The venue's, as its last answer had it.
    of, detail : str
        The run that is protected, and what is wrong with its journal.
    """

    def __init__(
        self,
        desk: Desk,
        journal: WaitingJournal,
        attendant: Attendant,
        time: GrantedTime,
        *,
        of: str,
        detail: str,
    ) -> None:
        self.failures = Failures()
        pulse = HostPulse(time)
        self._time = time
        self.trouble = IssueTracker(desk, pulse, self.failures)
        self._desk = desk
        self._attendant = attendant
        self._journal = JournalWatch(journal, desk, pulse, self.trouble, self.failures)
        self._of = of
        self._detail = detail
        self._attempts = ExitAttempts()
        self._heard: dict[str, int] = {}
        self._leaving: dict[str, ExitReason] = {}
        self._bare: frozenset[str] = frozenset()

    async def run(self, venue: ProtectedVenue, stop: asyncio.Event, on_look: OnLook) -> LeftBehind:
        """Protect until nothing is left, the day is over, or ``stop`` is set; return the last look.

        Raises
        ------
        VenueError
            The venue never told what is there.
        """
        seen: LeftBehind | None = None
        flat_looks = 0
        while True:
            try:
                seen = await venue.look()
                await self._act(seen, venue)
            except VenueError as error:
                flat_looks = 0
                self._hold(_RECONCILIATION, f"what is held cannot be looked at: {error}")
                if seen is None and stop.is_set():
                    raise
            else:
                flat_looks = 0 if seen.live or seen.unread else flat_looks + 1
                on_look(seen)
                if self._is_over(seen, flat_looks):
                    break
            self._journal.look()
            self.trouble.tell_alarms()
            if stop.is_set():
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _EVERY_SECS)
        self.trouble.tell_alarms()
        await self._journal.settle(stop)
        if seen is None:
            seen = await venue.look()
        return seen

    def _is_over(self, seen: LeftBehind, flat_looks: int) -> bool:
        is_idle = not self._desk.books.governor.standing.underway
        is_late = seen.ts >= self._desk.books.session.close_ns + _AFTER_CLOSE_NS
        return is_late or (is_idle and flat_looks >= _FLAT_LOOKS)

    async def _act(self, seen: LeftBehind, venue: ProtectedVenue) -> None:
        self._time.reach(seen.ts)
        now = seen.ts
        self._begin(now)
        self.trouble.issue_cleared(_RECONCILIATION)
        for received in self._attendant.commands(now):
            self._desk.command(received, now)
        await venue.cancel_entries()
        bare = frozenset(
            trade.trade_id for trade in seen.trades if trade.unprotected and not trade.is_entering
        )
        for trade in seen.trades:
            reason = self._reason(trade, bare & self._bare, now)
            if reason is not None:
                self._close(trade, reason, venue, now)
        self._bare = bare
        self._desk.verify(seen.live, now)

    def _begin(self, now: int) -> None:
        """Record once whom this protects, and hold entries for good."""
        if _QUARANTINE in self.trouble.details:
            return
        if not self._desk.books.alarms:
            self._desk.incidents.protection_started(ProtectionStarted(self._of, self._detail), now)
            self._desk.incidents.raise_alarm(
                Alarm.JOURNAL_BROKEN, f"{self._of}: {self._detail}", now
            )
        self._hold(_QUARANTINE, f"{self._of}: {self._detail}")

    def _hold(self, what: str, detail: str) -> None:
        self.trouble.issue_raised(what, detail)

    def _reason(self, trade: HeldTrade, bare: frozenset[str], now: int) -> ExitReason | None:
        """Return why a trade is to be closed, None while it is left to its stop."""
        if trade.trade_id in self._leaving:
            return self._leaving[trade.trade_id]
        if self._desk.books.governor.standing.closes(trade.trade_id, trade.symbol):
            return ExitReason.OPERATOR
        step = flatten_step(now, self._desk.books.history.at(now), self._desk.books.session)
        if step in (FlattenStep.EXIT, FlattenStep.VERIFY):
            return ExitReason.FLAT_BY_CLOSE
        return ExitReason.PROTECTION_LOST if trade.trade_id in bare else None

    def _close(self, trade: HeldTrade, reason: ExitReason, venue: ProtectedVenue, now: int) -> None:
        trade_id = trade.trade_id
        if trade_id not in self._leaving:
            self._leaving[trade_id] = reason
            if reason is ExitReason.PROTECTION_LOST:
                shares = f"{trade.unprotected:f} of {abs(trade.shares):f} {trade.symbol}"
                self._desk.incidents.raise_alarm(
                    Alarm.UNPROTECTED, f"{shares} have no stop: they are sold", now
                )
            self._desk.exits.request_left_behind(trade_id, trade.symbol, reason, now)
        if trade.is_leaving:
            return
        if trade.refused is not None and trade.exits > self._heard.get(trade_id, 0):
            self._heard[trade_id] = trade.exits
            was_stuck = self._attempts.is_stuck(trade_id)
            self._attempts.refused(trade_id, trade.refused, now)
            if self._attempts.is_stuck(trade_id) and not was_stuck:
                detail = f"{trade.symbol}: its exit is refused: {trade.refused}"
                self._desk.incidents.raise_alarm(Alarm.EXIT_HELD_UP, detail, now)
        if self._attempts.may_try(trade_id, now):
            venue.close_trade(trade)
