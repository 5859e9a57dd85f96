"""A series as one line of block characters."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: ArrayLike, width: int | None = None) -> str:
    """Return a series as block characters, lowest to highest; a gap where it is not finite.

    Parameters
    ----------
    values : array-like, shape (n,)
        Oldest first.
    width : int, optional
        Characters; a longer series is cut into this many equal pieces and each shows the value
        furthest from zero in it. Without it there is one character a value.
    """
    series = np.asarray(values, dtype=np.float64)
    if width is not None and len(series) > width:
        series = np.array([_furthest(piece) for piece in np.array_split(series, width)])
    finite = np.isfinite(series)
    if not finite.any():
        return " " * len(series)
    low, high = series[finite].min(), series[finite].max()
    # Halved first: the range of two huge numbers of opposite sign would overflow.
    span = high / 2 - low / 2
    height = (series / 2 - low / 2) / span if span > 0 else np.full(len(series), 0.5)
    levels = np.where(finite, height * (len(BLOCKS) - 1), 0).round().astype(int)
    return "".join(BLOCKS[n] if ok else " " for n, ok in zip(levels, finite, strict=True))


def _furthest(piece: np.ndarray) -> float:
    finite = piece[np.isfinite(piece)]
    return float(finite[np.abs(finite).argmax()]) if len(finite) else np.nan
