# pyright: basic
"""Rings of several scanners read into one array, in the order of the tape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.signals.kernel.compiled import compiled


@compiled
def gather(
    ring: NDArray[Any],
    first: int,
    ids: NDArray[np.int64],
    places: NDArray[np.int64],
    out: NDArray[Any],
) -> None:
    """Copy buckets from ``first`` on of some symbols to their places; a row of ``out`` each."""
    mask = ring.shape[0] - 1
    for row in range(out.shape[0]):
        from_row = (first + row) & mask
        for k in range(len(ids)):
            out[row, places[k]] = ring[from_row, ids[k]]
