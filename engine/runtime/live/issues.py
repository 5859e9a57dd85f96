"""Trouble of a venue becomes facts, and entries stop while it lasts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from engine.display.remedies import remedy
from engine.domain.errors import VenueError
from engine.domain.facts import ExitReason, GapBackfilled
from engine.domain.session import NANOS_PER_SECOND
from engine.hub.desk import Desk
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.pulse import Pulse

_log = logging.getLogger(__name__)


class IssueTracker:
    """Takes what the clients of a venue tell; see ``VenueWatch``.

    Attributes
    ----------
    details : dict of str to str
        What is wrong now, in the latest words; the fact keeps the first.
    on_fetched : callable
        Takes the exchange time, UTC ns, up to which prints of a gap were fetched.
    """

    def __init__(self, desk: Desk, pulse: Pulse, failures: Failures) -> None:
        self._desk = desk
        self._pulse = pulse
        self._failures = failures
        self._alarms_told = len(desk.books.alarms)
        self.details: dict[str, str] = {}
        self.on_fetched: Callable[[int], None] = lambda _: None

    @property
    def finds_out(self) -> bool:
        """Whether the venue is away, or is being asked what became of an order."""
        return any(
            what in {"orders", "reconciliation"}
            or what.startswith(("order ", "change of ", "stray "))
            for what in self.details
        )

    def forget_others(self) -> None:
        """End what an earlier process of the run was troubled with; what still is, is told anew."""
        for what, _ in self._desk.books.governor.standing.troubles:
            if what not in self.details:
                self.issue_cleared(what)

    def issue_raised(self, what: str, detail: str) -> None:
        """Hold entries."""
        if self.details.get(what) != detail:
            _log.error("entries are held: %s: %s; %s", what, detail, remedy(what))
        self.details[what] = detail
        with self._failures.kept(f"trouble with {what}"):
            self._desk.incidents.hold_entries(what, detail, self._pulse.now())

    def issue_cleared(self, what: str) -> None:
        """Release them."""
        self.details.pop(what, None)
        with self._failures.kept(f"end of trouble with {what}"):
            if self._desk.incidents.release_entries(what, self._pulse.now()):
                _log.warning("the issue with %s is over", what)

    def tell_alarms(self) -> None:
        """Log what rang since this was called last."""
        for raised in self._desk.books.alarms[self._alarms_told :]:
            _log.error("alarm %s: %s; %s", raised.alarm, raised.detail, remedy(raised.alarm))
        self._alarms_told = len(self._desk.books.alarms)

    def refused(self, error: VenueError) -> None:
        """End the host."""
        with suppress(VenueError), self._failures.kept("the start"):
            raise error

    def avoid(self, symbol: str, detail: str) -> None:
        """Keep away from a symbol that somebody else trades in this account, or nobody can."""
        with self._failures.kept(f"the lock of {symbol}"):
            if self._desk.incidents.lock_symbol(symbol, detail, self._pulse.now()):
                _log.warning("%s is locked: %s", symbol, detail)

    def backfilled(self, gap: GapBackfilled) -> None:
        """Write down what was fetched of a gap."""
        secs = (gap.end_ns - gap.start_ns) / NANOS_PER_SECOND
        _log.warning(
            "%s trades and %s quotes of %s symbols were fetched for a gap of %.1f s%s",
            f"{gap.trades:,}", f"{gap.quotes:,}", f"{gap.symbols:,}", secs,
            "" if gap.complete else "; not all came",
        )  # fmt: skip
        self.on_fetched(min(gap.end_ns, self._pulse.now()))
        with self._failures.kept("the fact of a gap"):
            self._desk.incidents.gap_backfilled(gap, self._pulse.now())

    def closed_by_hand(self, trade_id: str, detail: str) -> None:
        """Write down that a trade does not end by our doing."""
        _log.warning("%s: %s", trade_id, detail)
        trade = self._desk.books.trades.get(trade_id)
        if trade is not None:
            with self._failures.kept(f"the end of {trade_id} by hand"):
                self._desk.exits.request(trade, ExitReason.CLOSED_BY_HAND, self._pulse.now())
