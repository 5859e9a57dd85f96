"""The last quote of each symbol as it stood at closes, for strategies that look at the tape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.quotes import QuoteBatch
from engine.signals import kernel
from engine.signals.arrivals import Arrivals
from engine.signals.last_quotes import LastQuotes
from engine.signals.settings import Settings

QUOTE_RINGS = ("quote_ts", "quote_bid", "quote_ask", "quote_bid_size", "quote_ask_size")
"""Arrival in UTC ns, 0 where there was none yet; 1e-6 USD; shares. As ``LastQuotes.newest``."""


class QuotePart(NamedTuple):
    """The quotes of one scanner's symbols at the closes of its last buckets.

    Attributes
    ----------
    numbers : int64 array, shape (n,)
        By the scanner's number of a symbol its place in the rings, -1 for one without a quote.
    rings : int64 array, shape (5, buckets, places)
        In the order of ``QUOTE_RINGS``; row ``bucket % buckets``, a power of two.
    """

    numbers: NDArray[np.int64]
    rings: NDArray[np.int64]

    def gather(
        self,
        name: str,
        start: int,
        ids: NDArray[np.int64],
        places: NDArray[np.int64],
        out: NDArray[np.int64],
    ) -> None:
        """Copy buckets from ``start`` on of some symbols to their places in the rows of ``out``."""
        numbers = self.numbers[ids]
        known = numbers >= 0
        ring = self.rings[QUOTE_RINGS.index(name)]
        kernel.gather(ring, start, numbers[known], places[known], out)


class QuoteRing:
    """Takes quotes in order of arrival and keeps how they stood at the last closes.

    Parameters
    ----------
    buckets : int
        How many closes can be looked back at; a power of two.
    """

    def __init__(self, buckets: int) -> None:
        self._last = LastQuotes()
        self._rings = np.zeros((len(QUOTE_RINGS), buckets, 64), np.int64)
        self._numbers = np.empty(0, np.int64)
        self._quoted = 0

    def take(self, batch: QuoteBatch) -> None:
        """Take quotes that arrived before the next bucket that closes does."""
        self._last.take(batch)

    def close(self, p: Settings, start: int, end: int, heard: Arrivals[QuoteBatch]) -> None:
        """Keep how quotes stood as the buckets from ``start`` to ``end`` closed, that one excluded.

        Parameters
        ----------
        p : Settings
            Under which they closed.
        heard : Arrivals
            Has what was not taken yet; what arrived before a bucket's closing instant counts.
        """
        for bucket in range(start, end):
            for batch in heard.before(p.first_ns + (bucket + 1) * p.width_ns + p.grace_ns):
                self._last.take(batch)
            newest = self._last.newest()
            while newest.shape[1] > self._rings.shape[2]:
                self._rings = np.concatenate([self._rings, np.zeros_like(self._rings)], axis=2)
            row = bucket & (self._rings.shape[1] - 1)
            self._rings[:, row, : newest.shape[1]] = newest

    def part(self, symbols: Sequence[str]) -> QuotePart:
        """Return what is kept of a scanner's symbols (by its own numbers; it only ever grows)."""
        n, quoted = len(symbols), self._last.newest().shape[1]
        if n > len(self._numbers) or quoted > self._quoted:
            fresh = np.full(n - len(self._numbers), -1, np.int64)
            self._numbers = np.concatenate([self._numbers, fresh])
            for symbol_id in np.flatnonzero(self._numbers < 0).tolist():
                self._numbers[symbol_id] = self._last.number_of(symbols[symbol_id])
            self._quoted = quoted
        return QuotePart(self._numbers, self._rings)
