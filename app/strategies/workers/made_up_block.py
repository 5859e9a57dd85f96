"""A bucket that never was: a strategy is asked about it first, so that it compiles what it will."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.signals.settings import Settings
from engine.signals.whole_tape.tape_block import DayContext, TapeBlock

_SYMBOLS = 16
_QUOTES = {
    "quote_bid": 9 * PRICE_SCALE,
    "quote_ask": 10 * PRICE_SCALE,
    "quote_bid_size": 100,
    "quote_ask_size": 100,
}
_FLOATS = {"ring_sigma": 10.0, "ring_session_notional": 1e6}


class MadeUpBlock(TapeBlock):
    """The first bucket of a session in which some symbols trade at one price each."""

    def __init__(self, p: Settings) -> None:
        symbols = [f"MADEUP{k}" for k in range(_SYMBOLS)]
        first = np.full(_SYMBOLS, p.open_bucket)
        context = DayContext(np.full(_SYMBOLS, 10.0), np.full(_SYMBOLS, 1e6))
        super().__init__(p, symbols, first, p.open_bucket, p.open_bucket + 1, context)

    def ring(self, name: str, *, back: int = 0) -> NDArray[Any]:
        """Return a column of the scanners' state."""
        del back
        shape = 1, _SYMBOLS
        if name in _QUOTES:
            column = np.full(shape, _QUOTES[name])
        elif name == "quote_ts":
            p = self.settings
            column = np.full(shape, p.first_ns + (p.open_bucket + 1) * p.width_ns)
        elif name in _FLOATS:
            column = np.full(shape, _FLOATS[name])
        elif name.endswith("volume"):
            column = np.full(shape, 1_000 * SIZE_SCALE, np.int64)
        else:
            column = (10 + np.arange(_SYMBOLS, dtype=np.int64)[None, :]) * PRICE_SCALE
        column.flags.writeable = False
        return column
