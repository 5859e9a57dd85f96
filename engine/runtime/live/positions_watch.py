"""What the venue holds compared with the ledger, all day long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

import msgspec

from engine.domain.errors import VenueError, VenueUnavailable
from engine.domain.facts import Alarm
from engine.domain.session import NANOS_PER_SECOND
from engine.hub.desk import Desk
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.pulse import Pulse
from engine.runtime.live.issues import IssueTracker
from engine.runtime.live.venue import LiveVenue

_POSITIONS = "positions"
_BEHIND = frozenset({"orders", "reconciliation"})
"""Troubles during which our own orders are not known: there is nothing to compare with."""

_EVERY_NS = 60 * NANOS_PER_SECOND
_SOON_NS = 5 * NANOS_PER_SECOND
_LEFT_FOR_OTHERS = 20
"""Requests of a minute that this leaves to whoever needs them more."""

_log = logging.getLogger(__name__)


class Difference(msgspec.Struct, frozen=True):
    """What one look found of a symbol; the same twice in a row is no order on its way.

    ``fills`` are those of the symbol that were recorded by then.
    """

    theirs: Decimal
    ours: Decimal
    fills: int


class PositionsWatch:
    """Holds entries while venue and ledger disagree on what we hold, until they agree again.

    It looks once a minute, after every reconnect of the order updates, and soon again while
    something is not as it should be. A difference counts when, after all orders were compared, the
    next look finds the same. Shares of symbols in which we have no trade are somebody else's: the
    symbol is locked, and they are left alone.

    Parameters
    ----------
    failures : Failures
        Hears of what goes wrong in a look that nobody waits for.
    speed : float
        Seconds of the host's time in one of the wall's: requests are counted by the wall's, so no
        two looks are closer than a second of that.
    """

    def __init__(
        self, desk: Desk, trouble: IssueTracker, pulse: Pulse, failures: Failures, speed: float
    ) -> None:
        self._desk = desk
        self._trouble = trouble
        self._pulse = pulse
        self._failures = failures
        self._speed = speed
        self._seen: dict[str, Difference] = {}
        self._last_ns = 0
        self._losses = 0
        self._rung = ""
        self._looking: asyncio.Task[None] | None = None

    async def begin(self, venue: LiveVenue) -> None:
        """Compare before the first entry: what differs counts at once.

        A venue that is not able is asked again with the first beat; entries are held until then.

        Raises
        ------
        VenueRejected
            The venue refuses.
        """
        try:
            self._seen = self._differences(await venue.positions())
        except VenueUnavailable as error:
            self._trouble.issue_raised(_POSITIONS, f"they cannot be compared yet: {error}")
            return
        self._last_ns, self._losses = self._pulse.now(), venue.health.losses
        self._hold(self._seen)

    def on_beat(self, venue: LiveVenue) -> None:
        """Have a look taken that is due; one at a time, and nobody waits for it."""
        is_looking = self._looking is not None and not self._looking.done()
        if not is_looking and self._is_due(venue):
            self._looking = asyncio.create_task(self._look_kept(venue))

    async def look_if_due(self, venue: LiveVenue) -> None:
        """Look while granted time stands still."""
        if self._is_due(venue):
            await self._look(venue)

    async def close(self) -> None:
        """Give up a look that is being taken."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _is_due(self, venue: LiveVenue) -> bool:
        health = venue.health
        if health.requests_left is not None and health.requests_left < _LEFT_FOR_OTHERS:
            return False
        if _BEHIND & self._trouble.details.keys():
            return False
        usual_ns = _SOON_NS if self._seen else _EVERY_NS
        wait_ns = max(usual_ns, NANOS_PER_SECOND * self._speed)
        return health.losses != self._losses or self._pulse.now() >= self._last_ns + wait_ns

    async def _look_kept(self, venue: LiveVenue) -> None:
        kept = self._failures.kept("the comparison of positions")
        with kept, suppress(asyncio.CancelledError):
            await self._look(venue)

    async def _look(self, venue: LiveVenue) -> None:
        self._last_ns, self._losses = self._pulse.now(), venue.health.losses
        try:
            seen = self._differences(await venue.positions())
            if seen.items() - self._seen.items():
                await venue.compare()
        except VenueError as error:
            _log.warning("positions cannot be compared now: %s", error)
            return
        before, self._seen = self._seen, seen
        self._take({symbol: each for symbol, each in seen.items() if before.get(symbol) == each})

    def _take(self, certain: Mapping[str, Difference]) -> None:
        """Act on what was seen twice."""
        detail = self._hold(certain)
        if detail and detail != self._rung:
            self._desk.incidents.raise_alarm(Alarm.POSITIONS_DIFFER, detail, self._pulse.now())
        if detail or not self._seen:
            self._rung = detail

    def _hold(self, certain: Mapping[str, Difference]) -> str:
        """Hold or release entries; return what differs of ours, empty if nothing does."""
        traded = self._traded()
        for symbol in certain.keys() - traded:
            theirs = certain[symbol].theirs
            self._trouble.avoid(symbol, f"{theirs:f} shares that this run did not buy")
        detail = "; ".join(
            f"{symbol} {each.theirs:f} at the venue, {each.ours:f} in the ledger"
            for symbol, each in sorted(certain.items())
            if symbol in traded
        )
        if detail:
            self._trouble.issue_raised(_POSITIONS, detail)
        elif not self._seen.keys() & traded:
            self._trouble.issue_cleared(_POSITIONS)
        return detail

    def _differences(self, held: Mapping[str, Decimal]) -> dict[str, Difference]:
        """Return what differs; symbols that are locked and not ours are known."""
        ours = {symbol: each.quantity for symbol, each in self._desk.books.ledger.positions.items()}
        known = dict(self._desk.books.governor.standing.locked).keys() - self._traded()
        fills = [fill.order.symbol for fill in self._desk.books.day_fills]
        return {
            symbol: Difference(
                held.get(symbol, Decimal(0)), ours.get(symbol, Decimal(0)), fills.count(symbol)
            )
            for symbol in held.keys() | ours.keys()
            if held.get(symbol, Decimal(0)) != ours.get(symbol, 0) and symbol not in known
        }

    def _traded(self) -> set[str]:
        """Return the symbols in which this run holds something, or is about to."""
        trades = {trade.plan.symbol for trade in self._desk.books.trades.values()}
        return trades | self._desk.books.ledger.positions.keys()
