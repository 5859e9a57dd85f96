"""Closed buckets of the whole tape, gathered from the scanners of its letters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.signals import kernel
from engine.signals.columns import TapePart
from engine.signals.quote_ring import QUOTE_RINGS
from engine.signals.state import BUCKET_ROW, Records
from engine.signals.whole_tape.tape_block import RINGS, DayContext, Fixed, TapeBlock, frozen


class Places(NamedTuple):
    """Who stands where on the tape; arrays have the shape (n,).

    ``parts`` and ``ids`` say which scanner has the symbol, and under which number there.
    """

    symbols: Sequence[str]
    first_buckets: Fixed
    parts: Fixed
    ids: Fixed


class ScannedBlock(TapeBlock):
    """To be read before the scanners go on by more than they were told to keep."""

    def __init__(
        self,
        parts: Sequence[TapePart],
        places: Places,
        start: int,
        context: DayContext,
    ) -> None:
        one = parts[0]
        super().__init__(
            one.settings, places.symbols, places.first_buckets, start, one.closed, context
        )
        self._parts = parts
        self._places = places
        self._rings: dict[tuple[str, int], NDArray[Any]] = {}

    def ring(self, name: str, *, back: int = 0) -> NDArray[Any]:
        """Return a column of all scanners, in the order of the tape; gathered once."""
        key = name, back
        if key not in self._rings:
            self._rings[key] = self._gathered(name, back)
        return self._rings[key]

    def copy_ring(self, name: str, back: int, out: NDArray[Any]) -> None:
        """Gather such a column into an array, and show it from there for as long as this block."""
        if (name, back) in self._rings:
            out[:] = self._rings[name, back]
        else:
            self._gather(name, back, out)
            self._rings[name, back] = frozen(out.view())

    def cells(self, name: str, rows: Fixed, places: Fixed, *, back: int = 0) -> NDArray[Any]:
        """Return single cells of such a column, shape ``(k,)``; gathers no whole one for them."""
        if (name, back) in self._rings or name in QUOTE_RINGS:
            return self.ring(name, back=back)[rows, places]
        out = np.empty(len(places), RINGS[name])
        of_part, ids = self._places.parts[places], self._places.ids[places]
        for k, part in enumerate(self._parts):
            own = np.flatnonzero(of_part == k)
            if len(own):
                ring: NDArray[Any] = getattr(part.state, name)
                out[own] = ring[(self.start - back + rows[own]) & (len(ring) - 1), ids[own]]
        return out

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

    def _gathered(self, name: str, back: int) -> NDArray[Any]:
        """Return a ring of all scanners, in the order of the tape."""
        out = np.empty((len(self.numbers), len(self.symbols)), RINGS[name])
        self._gather(name, back, out)
        return frozen(out)

    def _gather(self, name: str, back: int, out: NDArray[Any]) -> None:
        """Write such a ring into an array; of ``QUOTE_RINGS`` 0 where there was no quote yet."""
        is_quoted = name in QUOTE_RINGS
        if is_quoted:
            out[:] = 0
        for part, (own, ids) in zip(self._parts, self._of_parts, strict=True):
            if not is_quoted:
                kernel.gather(getattr(part.state, name), self.start - back, ids, own, out)
            elif part.quotes is not None:
                part.quotes.gather(name, self.start - back, ids, own, out)
