"""All that decides what a synthetic day holds, and the chance it is drawn from."""

from __future__ import annotations

from datetime import date
from enum import IntEnum

import msgspec
import numpy as np

from engine.domain.errors import ConfigError

VERSION = 1
"""Raised when the same recipe gives another day."""

QUOTED_BELOW = 5_000_000
"""Days with fewer prints than this are written with quotes unless told otherwise."""

MAX_SYMBOLS = 20_000


class Stream(IntEnum):
    """What chance is spent on; each has its own stream, so that none disturbs another."""

    LISTINGS = 0
    MARKET = 1
    ACCELERATIONS = 2
    HALTS = 3
    WALK = 4
    PRINTS = 5
    QUOTES = 6


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole input of a synthetic day: equal recipes give equal days.

    Attributes
    ----------
    symbols : int
        Number of tickers, 1 to 20,000.
    trades : int
        Ordinary prints. Auctions, their official copies, cancels and corrections come on top.
    accelerations : int
        How many to plant at most; fewer where too few symbols trade enough to carry one.
    quotes : bool
        Whether quotes are written. The trades are the same with and without.

    Raises
    ------
    ConfigError
        A number is out of range.
    """

    day: date
    symbols: int
    trades: int
    accelerations: int
    seed: int
    quotes: bool
    version: int = VERSION

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        if not 1 <= self.symbols <= MAX_SYMBOLS:
            raise ConfigError(f"--symbols is {self.symbols}, expected 1 to {MAX_SYMBOLS:,}")
        if self.trades < self.symbols:
            raise ConfigError(
                f"--trades is {self.trades:,}, expected at least one for each of the "
                f"{self.symbols:,} symbols"
            )
        if self.seed < 0:
            raise ConfigError(f"--seed is {self.seed}, expected 0 or more")
        if self.accelerations < 0:
            raise ConfigError(f"--accelerations is {self.accelerations}, expected 0 or more")

    def chance(self, stream: Stream, letter: str = "") -> np.random.Generator:
        """Return the generator of one stream, of one letter where each letter has its own."""
        key = (int(stream), *(ord(character) for character in letter))
        entropy = (self.seed, self.day.toordinal())
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy, spawn_key=key)))


def usual_accelerations(symbols: int) -> int:
    """Return how many accelerations a day of that many symbols has unless told otherwise."""
    return max(30, symbols // 20)
