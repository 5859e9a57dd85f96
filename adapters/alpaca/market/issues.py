"""What is wrong with a market of tickets, as its parts report it."""

from __future__ import annotations

import logging

from engine.domain.errors import VenueError
from engine.domain.facts import GapBackfilled

_log = logging.getLogger(__name__)


class MarketIssues:
    """Hears what a live host would hear (``VenueWatch``), and keeps what is wrong now.

    Attributes
    ----------
    now : dict of str to str
        Details by name.
    """

    def __init__(self) -> None:
        self.now: dict[str, str] = {}

    def issue_raised(self, what: str, detail: str) -> None:
        """Keep what is wrong."""
        self._keep(what, detail)

    def issue_cleared(self, what: str) -> None:
        """Forget what was wrong."""
        self.now.pop(what, None)

    def refused(self, error: VenueError) -> None:
        """Keep why nothing can begin."""
        self._keep("refused", str(error))

    def avoid(self, symbol: str, detail: str) -> None:
        """Keep that somebody else trades a symbol in this account."""
        self._keep(f"order of others in {symbol}", detail)

    def backfilled(self, gap: GapBackfilled) -> None:
        """Do nothing: a market of tickets hears no tape."""

    def closed_by_hand(self, trade_id: str, detail: str) -> None:
        """Keep that somebody else closed what a ticket opened."""
        self._keep(f"trade {trade_id}", detail)

    def _keep(self, what: str, detail: str) -> None:
        _log.warning("%s: %s", what, detail)
        self.now[what] = detail
