"""The tape read off scanners, in blocks of closed buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.signals.columns import TapePart
from engine.signals.whole_tape.scanned_block import Places, ScannedBlock
from engine.signals.whole_tape.tape_block import DayContext

type Known = Mapping[str, tuple[float, float]]
"""By symbol: previous close in USD, and mean shares a day."""


class TapeReader:
    """Gives every symbol its place on the tape, and reads closed buckets in blocks.

    Parameters
    ----------
    known : mapping of symbol to (previous close, average volume)
        From the days before.

    Attributes
    ----------
    places : Places
        As of the last block.
    """

    def __init__(self, known: Known | None = None) -> None:
        self._known: Known = {} if known is None else known
        self.places = Places([], *(np.empty(0, np.int64) for _ in range(3)))
        self._symbols: list[str] = []
        self._first: list[int] = []
        self._parts: list[int] = []
        self._ids: list[int] = []
        self._context = DayContext(np.empty(0), np.empty(0))
        self._seen: list[NDArray[np.bool_]] = []

    def block(self, parts: Sequence[TapePart], start: int) -> ScannedBlock:
        """Return the buckets from ``start`` to the last that closed, the whole tape of them.

        Parameters
        ----------
        parts : sequence of TapePart
            All scanners at the same bucket; the same ones in every call.
        """
        self._take_places(parts)
        self.places = Places(
            self._symbols.copy(), np.array(self._first, np.int64), np.array(self._parts, np.int64),
            np.array(self._ids, np.int64),
        )  # fmt: skip
        return ScannedBlock(parts, self.places, start, self._context)

    def _take_places(self, parts: Sequence[TapePart]) -> None:
        """Give a place to the symbols whose first bucket has closed since the last block."""
        if not self._seen:
            self._seen = [np.zeros(0, np.bool_) for _ in parts]
        fresh: list[tuple[int, str, int, int]] = []
        for k, part in enumerate(parts):
            n = len(part.first_buckets)
            seen = np.zeros(n, np.bool_)
            seen[: len(self._seen[k])] = self._seen[k]
            for symbol_id in np.flatnonzero((part.first_buckets >= 0) & ~seen).tolist():
                first = int(part.first_buckets[symbol_id])
                fresh.append((first, part.symbols[symbol_id], k, symbol_id))
            self._seen[k] = seen | (part.first_buckets >= 0)
        if not fresh:
            return
        for first, symbol, part_number, symbol_id in sorted(fresh):
            self._symbols.append(symbol)
            self._first.append(first)
            self._parts.append(part_number)
            self._ids.append(symbol_id)
        known = [self._known.get(symbol, (np.nan, np.nan)) for symbol in self._symbols]
        closes, volumes = np.array(known).T
        self._context = DayContext(closes, volumes)
