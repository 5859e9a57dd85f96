"""Strategies that are not to be believed, each in a way of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from engine.signals.whole_tape.history import Need, mean
from engine.signals.whole_tape.signals import Signals, at_least
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy

SEEN: dict[int, NDArray[np.float64]] = {}
CALLS = [0]


class Honest(TapeStrategy):
    """Buys what falls, as one that cheats does where it cannot."""

    strategy_id = "honest"

    def needs(self) -> Sequence[Need]:
        """Look back at prices."""
        return (mean("last", 60),)

    def signals(self, tape: Tape) -> Signals:
        """Say it."""
        score = 1e3 * np.abs(self.later(tape) / tape.mean("last", 60) - 1.0)
        return Signals(np.where(score > 1.0, 1, 0), score, {"score": at_least(score, 1.0)})

    def later(self, tape: Tape) -> NDArray[np.float64]:
        """Return the prices by which to go."""
        return tape.last


class Peeks(Honest):
    """Looks at the next bucket of one symbol, in one bucket of twenty after noon."""

    strategy_id = "peeks"

    def later(self, tape: Tape) -> NDArray[np.float64]:
        """Return them."""
        inside: Any = tape
        row, block = inside._row, inside._block  # noqa: SLF001
        prices = tape.last.copy()
        if tape.bucket > 200 and tape.bucket % 20 == 3 and row + 1 < len(block):
            prices[0] = 1.01 * block.last[row + 1, 0]
        return prices


class Keeps(Honest):
    """Keeps arrays that are good until the next bucket closes."""

    strategy_id = "keeps"

    def __init__(self, parameters: StrategyParameters | None = None) -> None:
        super().__init__(parameters)
        self.kept: list[NDArray[np.float64]] = []

    def later(self, tape: Tape) -> NDArray[np.float64]:
        """Return them."""
        self.kept.append(tape.sigma_bps)
        before = self.kept[-40:][0]
        prices = tape.last.copy()
        prices[: len(before)] *= 1.0 + 1e-4 * np.nan_to_num(before)
        return prices


class Remembers(Honest):
    """Knows the next bucket of a day that it has seen before."""

    strategy_id = "remembers"

    def later(self, tape: Tape) -> NDArray[np.float64]:
        """Return them."""
        SEEN[tape.bucket] = tape.last.copy()
        return SEEN.get(tape.bucket + 1, tape.last)[: len(tape)]


class Counts(Honest):
    """Goes by something else once it was asked often enough."""

    strategy_id = "counts"

    def later(self, tape: Tape) -> NDArray[np.float64]:
        """Return them."""
        CALLS[0] += 1
        return tape.last if CALLS[0] < 500 else 1.01 * tape.last


class Clocked(Honest):
    """Goes by when it was made."""

    strategy_id = "clocked"

    def __init__(self, parameters: StrategyParameters | None = None) -> None:
        super().__init__(parameters)
        self.start = 1.0 + 1e-9 * (time.time_ns() % 10_000_000)

    def later(self, tape: Tape) -> NDArray[np.float64]:
        """Return them."""
        return tape.last * self.start


class Reads(Honest):
    """Reads the day's files itself: as it is made, and by compiled code in the afternoon."""

    strategy_id = "reads"

    def __init__(self, parameters: StrategyParameters | None = None) -> None:
        super().__init__(parameters)
        with stored().open("rb") as file:
            self.size = len(file.read())

    def later(self, tape: Tape) -> NDArray[np.float64]:
        """Return them."""
        if tape.bucket == 300:
            self.future = pq.read_table(stored())
        return tape.last


def stored() -> Path:
    """Return a file of the catalog in the folder ``market``."""
    return next(Path("market").rglob("*.parquet"))
