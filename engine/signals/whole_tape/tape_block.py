"""Some closed buckets of the whole tape, as columns that are made when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.domain.session import NANOS_PER_SECOND
from engine.signals.quote_ring import QUOTE_RINGS
from engine.signals.settings import Settings
from engine.signals.tables import QUOTE_MEMORY_NS

TAPE_BUCKETS = 32
"""Buckets that are gathered at once at most: what it costs to gather is shared between them."""

RINGS: Mapping[str, np.dtype[Any]] = {
    **dict.fromkeys(
        ("ring_high", "ring_low", "ring_last", "ring_volume", "ring_session_volume", *QUOTE_RINGS),
        np.dtype(np.int64),
    ),
    **dict.fromkeys(("ring_vwap", "ring_sigma", "ring_session_notional"), np.dtype(np.float64)),
}
"""Columns of the scanners' state that ``TapeBlock.ring`` may be asked for, with their types."""

type Floats = NDArray[np.float64]
type Fixed = NDArray[np.int64]


class DayContext(NamedTuple):
    """What was known of each symbol before the session, by place on the tape; shape (n,).

    ``previous_close`` is USD, ``average_volume`` shares a day; NaN where unknown.
    """

    previous_close: Floats
    average_volume: Floats


class TapeBlock:
    """Closed buckets of the whole tape; arrays have the shape ``(buckets, n)``, and are read-only.

    Symbols stand in the order of the tape; a cell before a symbol's first bucket means nothing.

    Parameters
    ----------
    symbols : sequence of str
        All that are on the tape by the last of the buckets, in its order.
    first_buckets : int64 array, shape (n,)
        The bucket of each symbol's first eligible print.
    start, end : int
        The buckets from the first to the last, that one excluded, counted from the day's first.

    Attributes
    ----------
    counts : int64 array, shape (buckets,)
        Symbols on the tape at each bucket: the first so many of ``symbols``.
    """

    def __init__(
        self,
        settings: Settings,
        symbols: Sequence[str],
        first_buckets: Fixed,
        start: int,
        end: int,
        context: DayContext,
    ) -> None:
        self.settings = settings
        self.symbols = symbols
        self.first_buckets = first_buckets
        self.start = start
        self.context = context
        self.numbers = np.arange(start, end)
        self.counts = np.searchsorted(first_buckets, self.numbers, side="right")

    def __len__(self) -> int:
        """Return the number of buckets."""
        return len(self.numbers)

    def ring(self, name: str, *, back: int = 0) -> NDArray[Any]:
        """Return a column of the scanners' state, of the buckets ``back`` before each."""
        raise NotImplementedError

    def copy_ring(self, name: str, back: int, out: NDArray[Any]) -> None:
        """Write such a column into an array of its type, shape ``(buckets, n)``."""
        out[:] = self.ring(name, back=back)

    def cells(self, name: str, rows: Fixed, places: Fixed, *, back: int = 0) -> NDArray[Any]:
        """Return single cells of such a column, shape ``(k,)``."""
        return self.ring(name, back=back)[rows, places]

    def vwap_slopes(self, rows: Fixed, places: Fixed) -> Floats:
        """Return single cells of ``vwap_slope``, shape ``(k,)``."""
        window = self.settings.window
        now, before = (
            self.cells("ring_vwap", rows, places, back=back) / PRICE_SCALE for back in (0, window)
        )
        is_old = self.numbers[rows] - self.first_buckets[places] >= window
        return np.where(is_old, now - before, np.nan)

    @cached_property
    def fixed_last(self) -> Fixed:
        """Last eligible prices, 1e-6 USD."""
        return self.ring("ring_last")

    @cached_property
    def fixed_high(self) -> Fixed:
        """Highest eligible prices, 1e-6 USD; the last one where nothing traded."""
        return frozen(np.where(self.traded, self._highs, self.fixed_last))

    @cached_property
    def fixed_low(self) -> Fixed:
        """Lowest eligible prices, 1e-6 USD; the last one where nothing traded."""
        return frozen(np.where(self.traded, self.ring("ring_low"), self.fixed_last))

    @cached_property
    def fixed_volume(self) -> Fixed:
        """Sizes, 1e-6 share."""
        return self.ring("ring_volume")

    @cached_property
    def fixed_session_volume(self) -> Fixed:
        """Sizes since the open, 1e-6 share."""
        return self.ring("ring_session_volume")

    @cached_property
    def traded(self) -> NDArray[np.bool_]:
        """Whether a print of the bucket could set a price."""
        return frozen(self._highs > 0)

    @cached_property
    def last(self) -> Floats:
        """Last eligible prices, USD."""
        return frozen(self.fixed_last / PRICE_SCALE)

    @cached_property
    def high(self) -> Floats:
        """Highest eligible prices, USD."""
        return frozen(self.fixed_high / PRICE_SCALE)

    @cached_property
    def low(self) -> Floats:
        """Lowest eligible prices, USD."""
        return frozen(self.fixed_low / PRICE_SCALE)

    @cached_property
    def volume(self) -> Floats:
        """Shares."""
        return frozen(self.fixed_volume / SIZE_SCALE)

    @cached_property
    def session_volume(self) -> Floats:
        """Shares since the open."""
        return frozen(self.fixed_session_volume / SIZE_SCALE)

    @cached_property
    def session_notional(self) -> Floats:
        """USD since the open."""
        return self.ring("ring_session_notional")

    @cached_property
    def sigma_bps(self) -> Floats:
        """Standard deviations of 5-s median returns, bps."""
        return self.ring("ring_sigma")

    @cached_property
    def vwap(self) -> Floats:
        """Session VWAP, USD."""
        return frozen(self.ring("ring_vwap") / PRICE_SCALE)

    @cached_property
    def vwap_slope(self) -> Floats:
        """Changes of the VWAP over the candidate window, USD; NaN while a symbol is younger."""
        window = self.settings.window
        before = self.ring("ring_vwap", back=window) / PRICE_SCALE
        is_old = self.numbers[:, None] - self.first_buckets >= window
        return frozen(np.where(is_old, self.vwap - before, np.nan))

    @cached_property
    def quote_age(self) -> Floats:
        """Seconds from the arrival of the last quote to the close; NaN without one."""
        p, arrived = self.settings, self.ring("quote_ts")
        closes = p.first_ns + (self.numbers + 1) * p.width_ns + p.grace_ns
        age_ns = closes[:, None] - arrived
        is_known = (arrived > 0) & (age_ns <= QUOTE_MEMORY_NS)
        return frozen(np.where(is_known, age_ns / NANOS_PER_SECOND, np.nan))

    @cached_property
    def bid(self) -> Floats:
        """Best bids, USD."""
        return self._quoted("quote_bid", PRICE_SCALE)

    @cached_property
    def ask(self) -> Floats:
        """Best offers, USD."""
        return self._quoted("quote_ask", PRICE_SCALE)

    @cached_property
    def bid_size(self) -> Floats:
        """Shares bid at the best price."""
        return self._quoted("quote_bid_size", 1)

    @cached_property
    def ask_size(self) -> Floats:
        """Shares offered at the best price."""
        return self._quoted("quote_ask_size", 1)

    def _quoted(self, name: str, scale: int) -> Floats:
        is_unknown = np.isnan(self.quote_age)
        return frozen(np.where(is_unknown, np.nan, self.ring(name) / scale))

    @cached_property
    def _highs(self) -> Fixed:
        return self.ring("ring_high")


def frozen[Array: NDArray[np.generic]](array: Array) -> Array:
    """Return an array that nobody may write to."""
    array.flags.writeable = False
    return array
