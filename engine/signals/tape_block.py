"""Some closed buckets of the whole tape, gathered from the scanners of its letters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.signals import kernel
from engine.signals.columns import TapePart
from engine.signals.state import BUCKET_ROW, Records

TAPE_BUCKETS = 32
"""Buckets that are gathered at once at most: what it costs to gather is shared between them."""

type Floats = NDArray[np.float64]
type Fixed = NDArray[np.int64]


class DayContext(NamedTuple):
    """What was known of each symbol before the session, by place on the tape; shape (n,).

    ``previous_close`` is USD, ``average_volume`` shares a day; NaN where unknown.
    """

    previous_close: Floats
    average_volume: Floats


class Places(NamedTuple):
    """Who stands where on the tape; arrays have the shape (n,).

    ``parts`` and ``ids`` say which scanner has the symbol, and under which number there.
    """

    symbols: Sequence[str]
    first_buckets: Fixed
    parts: Fixed
    ids: Fixed


class TapeBlock:
    """Closed buckets of the whole tape; arrays have the shape ``(buckets, n)``, and are read-only.

    Symbols stand in the order of the tape; a cell before a symbol's first bucket means nothing.
    To be read before the scanners go on by more than they were told to keep.

    Attributes
    ----------
    start : int
        Number of the first of the buckets, counted from the day's first.
    counts : int64 array, shape (buckets,)
        Symbols on the tape at each bucket: the first so many of ``symbols``.
    first_buckets : int64 array, shape (n,)
    """

    def __init__(
        self,
        parts: Sequence[TapePart],
        places: Places,
        start: int,
        context: DayContext,
    ) -> None:
        self.settings = parts[0].settings
        self.symbols = places.symbols
        self.first_buckets = places.first_buckets
        self.start = start
        self.context = context
        self._parts = parts
        self._places = places
        self._numbers = np.arange(start, parts[0].closed)
        self.counts = np.searchsorted(self.first_buckets, self._numbers, side="right")

    def __len__(self) -> int:
        """Return the number of buckets."""
        return len(self._numbers)

    @cached_property
    def fixed_last(self) -> Fixed:
        """Last eligible prices, 1e-6 USD."""
        return self._gathered("ring_last")

    @cached_property
    def fixed_high(self) -> Fixed:
        """Highest eligible prices, 1e-6 USD; the last one where nothing traded."""
        return _frozen(np.where(self.traded, self._highs, self.fixed_last))

    @cached_property
    def fixed_low(self) -> Fixed:
        """Lowest eligible prices, 1e-6 USD; the last one where nothing traded."""
        return _frozen(np.where(self.traded, self._gathered("ring_low"), self.fixed_last))

    @cached_property
    def fixed_volume(self) -> Fixed:
        """Sizes, 1e-6 share."""
        return self._gathered("ring_volume")

    @cached_property
    def fixed_session_volume(self) -> Fixed:
        """Sizes since the open, 1e-6 share."""
        return self._gathered("ring_session_volume")

    @cached_property
    def traded(self) -> NDArray[np.bool_]:
        """Whether a print of the bucket could set a price."""
        return _frozen(self._highs > 0)

    @cached_property
    def last(self) -> Floats:
        """Last eligible prices, USD."""
        return _frozen(self.fixed_last / PRICE_SCALE)

    @cached_property
    def high(self) -> Floats:
        """Highest eligible prices, USD."""
        return _frozen(self.fixed_high / PRICE_SCALE)

    @cached_property
    def low(self) -> Floats:
        """Lowest eligible prices, USD."""
        return _frozen(self.fixed_low / PRICE_SCALE)

    @cached_property
    def volume(self) -> Floats:
        """Shares."""
        return _frozen(self.fixed_volume / SIZE_SCALE)

    @cached_property
    def session_volume(self) -> Floats:
        """Shares since the open."""
        return _frozen(self.fixed_session_volume / SIZE_SCALE)

    @cached_property
    def session_notional(self) -> Floats:
        """USD since the open."""
        return self._gathered("ring_session_notional")

    @cached_property
    def sigma_bps(self) -> Floats:
        """Standard deviations of 5-s median returns, bps."""
        return self._gathered("ring_sigma")

    @cached_property
    def vwap(self) -> Floats:
        """Session VWAP, USD."""
        return _frozen(self._gathered("ring_vwap") / PRICE_SCALE)

    def vwap_slopes(self, rows: Fixed, places: Fixed) -> Floats:
        """Return changes of the VWAP over the candidate window of some cells; see below."""
        window, numbers = self.settings.window, self.start + rows
        slopes = np.full(len(rows), np.nan)
        of_part, ids = self._places.parts[places], self._places.ids[places]
        is_old = numbers - self.first_buckets[places] >= window
        for k, part in enumerate(self._parts):
            own = np.flatnonzero(is_old & (of_part == k))
            ring = part.state.ring_vwap
            before = ring[(numbers[own] - window) & (len(ring) - 1), ids[own]]
            slopes[own] = self.vwap[rows[own], places[own]] - before / PRICE_SCALE
        return slopes

    @cached_property
    def vwap_slope(self) -> Floats:
        """Changes of the VWAP over the candidate window, USD; NaN while a symbol is younger."""
        window = self.settings.window
        before = self._gathered("ring_vwap", back=window) / PRICE_SCALE
        is_old = self._numbers[:, None] - self.first_buckets >= window
        return _frozen(np.where(is_old, self.vwap - before, np.nan))

    def buckets(self, places: Fixed, starts: Fixed, ends: Fixed) -> list[Records]:
        """Return closed buckets of some symbols, by scanner; dtype ``state.BUCKET_ROW``.

        Parameters
        ----------
        places, starts, ends : int64 array, shape (k,)
            Of each symbol the buckets from its start to its end, that one excluded.
        """
        starts = np.maximum(starts, self.first_buckets[places])
        of_part, ids = self._places.parts[places], self._places.ids[places]
        found: list[Records] = []
        for k, part in enumerate(self._parts):
            own = of_part == k
            since, until = starts[own], ends[own]
            rows = np.empty(int(np.maximum(until - since, 0).sum()), BUCKET_ROW)
            if len(rows):
                kernel.windows(part.state, self.settings, ids[own], since, until, rows)
            found.append(rows)
        return found

    @cached_property
    def _of_parts(self) -> list[tuple[Fixed, Fixed]]:
        """The places of each scanner's symbols, and their numbers there."""
        own = [np.flatnonzero(self._places.parts == k) for k in range(len(self._parts))]
        return [(places, self._places.ids[places]) for places in own]

    @cached_property
    def _highs(self) -> Fixed:
        return self._gathered("ring_high")

    def _gathered(self, name: str, *, back: int = 0) -> NDArray[Any]:
        """Return a ring of all scanners, in the order of the tape."""
        first: NDArray[Any] = getattr(self._parts[0].state, name)
        out = np.empty((len(self._numbers), len(self.symbols)), first.dtype)
        for part, (own, ids) in zip(self._parts, self._of_parts, strict=True):
            kernel.gather(getattr(part.state, name), self.start - back, ids, own, out)
        return _frozen(out)


def _frozen[Array: NDArray[np.generic]](array: Array) -> Array:
    array.flags.writeable = False
    return array
