"""One closed bucket of the whole tape, as the scanner left it: whole numbers by place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.signals.state import Records


class ClosedBucket(NamedTuple):
    """Columns of a bucket, shape (n,), in the order of the tape.

    ``high``, ``low`` and ``last`` are 1e-6 USD, the last price where nothing traded; ``volume`` in
    the scanner's units of size; ``vwap`` 1e-6 USD. ``of_symbols`` are records of ``state.SYMBOL``.
    ``number`` counts the day's buckets from 0, ``bucket`` those since the open from 1.
    """

    number: int
    bucket: int
    ts_event: int
    ts_init: int
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    last: NDArray[np.int64]
    volume: NDArray[np.int64]
    vwap: NDArray[np.float64]
    traded: NDArray[np.bool_]
    of_symbols: Records
    sigma_window: int
