"""Hop 2: how much the oscillators move when the returns are only noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def _average_weights(period: int, length: int) -> NDArray[np.float64]:
    """Weight of each past return, newest first, in the simple mean of a price's last values."""
    return np.minimum(np.arange(1, length + 1), period) / period


def ao_noise(fast: int, slow: int) -> float:
    """Return sd(ao) over the standard deviation of independent returns; 2.88 for 5/34."""
    return float(np.linalg.norm(_ao_weights(fast, slow, slow)))


def ac_noise(fast: int, slow: int, smooth: int) -> float:
    """Return sd(ac) over the standard deviation of independent returns; 0.73 for 5/34/5."""
    ao = _ao_weights(fast, slow, slow + smooth)
    mean = np.convolve(ao, np.ones(smooth) / smooth)[: slow + smooth]
    return float(np.linalg.norm(ao - mean))


def _ao_weights(fast: int, slow: int, length: int) -> NDArray[np.float64]:
    return _average_weights(fast, length) - _average_weights(slow, length)
