"""How often each symbol has printed today, and so how many are to be expected in a bucket."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.tape.measure import Heard

WINDOWS = (1, 3, 6)
"""Buckets over which what is heard is compared with what was expected."""

_WARM_BUCKETS = 12
"""A younger profile tells nothing."""
_MEMORY_BUCKETS = 60
"""Buckets whose habits the profile remembers."""
_OFTEN = 0.1
"""A symbol that brings something in one bucket of ten is missed when it does not."""
_COVERED = 0.8
_MANY = 5.0
"""Where so many symbols are expected, a market that is open does not leave out all of them."""


class Profile:
    """Each symbol's chance of bringing something in a bucket, learned from the day itself.

    A bucket that brought too little is not learned from, or a tape that stays broken would become
    the rule. Where nearly every symbol that prints often was heard since it became thin, it is the
    market that is quieter than it was, and that is learned. Buckets in which nobody listened teach
    nothing: those before the first that brought anything, and those in which nothing came at all.
    """

    def __init__(self) -> None:
        self._chance = np.zeros(0)
        self._heard_at = np.zeros(0, np.int64)
        self._learned = 0
        self._closed = 0
        self._whole_at = 0
        self._recent: list[tuple[int, float, float]] = []

    @property
    def symbols(self) -> int:
        """Symbols that print often enough to be missed."""
        return int(np.count_nonzero(self._chance >= _OFTEN))

    def compare(self, heard: NDArray[np.bool_]) -> tuple[Heard, ...]:
        """Take a closed bucket and return the windows that end with it, the shortest first.

        Parameters
        ----------
        heard : array, shape (n_symbols,)
            Symbols that brought something; ids never change, new ones are added at the end.
        """
        more = len(heard) - len(self._chance)
        if more > 0:
            self._chance = np.concatenate([self._chance, np.zeros(more)])
            self._heard_at = np.concatenate([self._heard_at, np.zeros(more, np.int64)])
        self._closed += 1
        self._heard_at[heard] = self._closed
        chance = self._chance
        now = (
            int(np.count_nonzero(heard)),
            float(chance.sum()),
            float((chance * (1 - chance)).sum()),
        )
        if self._learned < _WARM_BUCKETS:
            self._recent = []
            return ()
        self._recent = [*self._recent, now][-WINDOWS[-1] :]
        return tuple(
            Heard(
                length,
                sum(each[0] for each in self._recent[-length:]),
                sum(each[1] for each in self._recent[-length:]),
                float(np.sqrt(sum(each[2] for each in self._recent[-length:]))),
            )
            for length in WINDOWS
            if length <= len(self._recent)
        )

    def learn(self, heard: NDArray[np.bool_], *, is_thin: bool) -> None:
        """Remember the bucket that was compared last."""
        if not is_thin:
            self._whole_at = self._closed
        if self._is_deaf(heard) or (is_thin and not self._is_covered()):
            return
        self._learned += 1
        weight = 1 / min(self._learned, _MEMORY_BUCKETS)
        self._chance += weight * (heard - self._chance)

    def _is_deaf(self, heard: NDArray[np.bool_]) -> bool:
        """Say whether nobody listened in a bucket, rather than nobody traded."""
        return not heard.any() and (self._learned == 0 or float(self._chance.sum()) >= _MANY)

    def _is_covered(self) -> bool:
        """Say whether the symbols that print often have been heard since the tape became thin."""
        often = self._chance >= _OFTEN
        since = max(self._whole_at, self._closed - _MEMORY_BUCKETS)
        return bool(
            np.count_nonzero(often & (self._heard_at > since)) >= _COVERED * np.count_nonzero(often)
        )
