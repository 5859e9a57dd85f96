"""What was heard last of each symbol, read off rows that nobody decoded."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from adapters.alpaca.wire.rows import MOST_SYMBOLS, FoundRows, RowFinder
from adapters.alpaca.wire.rows_kernel import TRADES
from engine.domain.session import NANOS_PER_SECOND

_KNOWN_NS = 120 * NANOS_PER_SECOND
"""So long the ids of prints are remembered; what is fetched begins a second before a gap."""


class HeardPrints:
    """When each symbol printed last, by the venue's own time (UTC ns), and the latest prints' ids.

    Attributes
    ----------
    heard_event : int
        Newest time of anything; -1 before the first.
    """

    def __init__(self, finder: RowFinder) -> None:
        self.heard_event = -1
        self._finder = finder
        self._last = np.full(MOST_SYMBOLS, -1, np.int64)
        self._known: deque[tuple[int, NDArray[np.int64]]] = deque()

    def note(self, found: FoundRows) -> None:
        """Take what was heard."""
        rows = found.rows
        prints = rows[(rows["channel"] == TRADES) & (rows["symbol"] >= 0)]
        np.maximum.at(self._last, prints["symbol"], prints["ts"])
        self.heard_event = max(self.heard_event, int(rows["ts"].max(initial=-1)))
        self._known.append((self.heard_event, prints["print"].copy()))
        while self._known[0][0] < self.heard_event - _KNOWN_NS:
            self._known.popleft()

    def printed_since(self, ts_event: int) -> list[str]:
        """Return the symbols that have printed at an instant or later, sorted."""
        recent = np.flatnonzero(self._last[: len(self._finder.symbols)] >= ts_event)
        return sorted(self._finder.symbols[number] for number in recent)

    def seen_event(self) -> dict[str, int]:
        """Return when each symbol printed last."""
        symbols = self._finder.symbols
        last = self._last[: len(symbols)].tolist()
        return {name: ts for name, ts in zip(symbols, last, strict=True) if ts >= 0}

    def missed(self, fetched: FoundRows, later: FoundRows) -> NDArray[np.bool_]:
        """Return which prints of a gap came neither before it nor behind it.

        A print is known by its id. One without is one of the gap if it is later than its symbol's
        last print.
        """
        known = [later.rows["print"], *(prints for _, prints in self._known)]
        ids, prints = fetched.rows["symbol"], fetched.rows["print"]
        is_new = ~np.isin(prints, np.concatenate(known))
        return (ids >= 0) & np.where(prints != 0, is_new, fetched.rows["ts"] > self._last[ids])
