"""Every symbol's score at the close of a bucket, one byte each, for a strip on a screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.signals.settings import Settings
from engine.signals.state import Symbols

SCALE = 10
"""Units of one standard deviation."""

UNKNOWN = -128
"""A symbol without an ``ac_z``: too young, or nothing has moved."""

_MOST = 127


def tape_scores(symbols: Symbols, n_symbols: int, bucket: int, p: Settings) -> NDArray[np.int8]:
    """Return ``SCALE`` times the ``ac_z`` of every symbol, signed, to ±127; ``UNKNOWN`` without.

    The same formula as ``kernel.oscillator.ac_z_of``, over all symbols at once.

    Parameters
    ----------
    symbols : Symbols
        As they stand after a close, the first ``n_symbols`` of them known.
    bucket : int
        The one that closed, counted from 0; below 0 before the first.

    Returns
    -------
    int8 array, shape (n,)
    """
    first = symbols.first_bucket[:n_symbols]
    age = bucket - first + 1
    n = np.minimum(age - 1, p.sigma_window)
    total = symbols.sum_return[:n_symbols].astype(np.float64)
    squared = symbols.sum_return_squared[:n_symbols].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (squared - total * total / n) / (n - 1)
        sigma_bps = np.sqrt(np.maximum(variance, 0.0)) * 1e-4
        ac_bps = (
            1e4 * symbols.ac[:n_symbols] / (float(p.fast * p.smooth) * symbols.sum_slow[:n_symbols])
        )
        ac_z = ac_bps / (p.ac_noise * sigma_bps)
    known = (first >= 0) & (age >= p.slow + p.smooth - 1) & np.isfinite(ac_z)
    return _bytes(ac_z, known)


def signed_scores(side: NDArray[np.int8], score: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return ``SCALE`` times what a strategy says of every symbol, to ±127.

    Parameters
    ----------
    side : int8 array, shape (n,)
        1, -1, or 0 where it has nothing to say: that becomes 0.
    score : float array, shape (n,)
        Standard deviations of its own noise; NaN becomes ``UNKNOWN``.
    """
    known = ~np.isnan(score)
    said = np.where(side == 0, 0.0, score)
    return _bytes(side.astype(np.float64) * said, known)


def _bytes(scores: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.int8]:
    with np.errstate(over="ignore"):
        scaled = np.rint(scores * SCALE, where=known, out=np.zeros(len(scores)))
    return np.where(known, np.clip(scaled, -_MOST, _MOST), UNKNOWN).astype(np.int8)
