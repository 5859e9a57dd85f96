"""How long to wait before the next attempt: doubling, jittered, capped, seeded."""

from __future__ import annotations

from random import Random


class Backoff:
    """Waits of one series of attempts.

    The n-th wait lies in [half, whole] of ``first_secs · 2ⁿ``, capped: clients that were cut off
    together come back apart.

    Parameters
    ----------
    first_secs, cap_secs : float
        Largest first wait and largest wait of all.
    seed : int
        Repeats the jitter.
    """

    def __init__(self, first_secs: float, cap_secs: float, seed: int = 0) -> None:
        self._first_secs = first_secs
        self._cap_secs = cap_secs
        self._random = Random(seed)  # noqa: S311  (jitter, no secret)
        self.attempts = 0

    def next_secs(self) -> float:
        """Return the next wait in seconds."""
        whole = min(self._cap_secs, self._first_secs * 2.0 ** min(self.attempts, 60))
        self.attempts += 1
        return whole * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again with the first wait: the last attempt worked."""
        self.attempts = 0
