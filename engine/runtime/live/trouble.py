"""Hop 6, live: trouble of a venue becomes facts, and entries stop while it lasts."""

from __future__ import annotations

from engine.runtime.desk import Desk
from engine.runtime.guard import Failures
from engine.runtime.pulse import Pulse


class TroubleDesk:
    """Takes what the clients of a venue tell; see ``VenueWatch``."""

    def __init__(self, desk: Desk, pulse: Pulse, failures: Failures) -> None:
        self._desk = desk
        self._pulse = pulse
        self._failures = failures

    def troubled(self, what: str, detail: str) -> None:
        """Hold entries."""
        with self._failures.kept(f"trouble with {what}"):
            self._desk.hold_entries(what, detail, self._pulse.now())

    def healed(self, what: str) -> None:
        """Release them."""
        with self._failures.kept(f"end of trouble with {what}"):
            self._desk.release_entries(what, self._pulse.now())

    def foreign(self, symbol: str, detail: str) -> None:
        """Keep away from a symbol that somebody else trades in this account."""
        with self._failures.kept(f"foreign order in {symbol}"):
            self._desk.lock_symbol(symbol, detail, self._pulse.now())
