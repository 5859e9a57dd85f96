"""How much the oscillators move when the returns are only noise.

Weights are whole numbers until the very last step: a linear algebra library would add them in the
order its processor likes best, and the last bit of every ``ac_z`` would depend on the machine.
"""

from __future__ import annotations

import math


def ao_noise(fast: int, slow: int) -> float:
    """Return sd(ao) over the standard deviation of independent returns; 2.88 for 5/34."""
    return _norm(_ao_weights(fast, slow, slow)) / (fast * slow)


def ac_noise(fast: int, slow: int, smooth: int) -> float:
    """Return sd(ac) over the standard deviation of independent returns; 0.73 for 5/34/5."""
    ao = _ao_weights(fast, slow, slow + smooth)
    ac = [smooth * ao[k] - sum(ao[max(0, k - smooth + 1) : k + 1]) for k in range(len(ao))]
    return _norm(ac) / (fast * slow * smooth)


def _ao_weights(fast: int, slow: int, length: int) -> list[int]:
    """Return ``fast * slow`` times the weight of each past return in ao, newest first."""
    return [slow * min(k, fast) - fast * min(k, slow) for k in range(1, length + 1)]


def _norm(weights: list[int]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights))
