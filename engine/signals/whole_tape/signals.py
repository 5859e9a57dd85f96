"""What a strategy answers at the close of a bucket: arrays by place on the tape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from engine.domain.errors import StrategyError

type Numbers = NDArray[np.float64]
type Flags = NDArray[np.bool_]

FULL_STRENGTH = 8.0
"""Standard deviations at which a signal is as strong as one can be, unless its strategy says."""


class Held(NamedTuple):
    """A feature of every symbol held against a limit, shape (n,); NaN passes nothing."""

    values: Numbers
    threshold: float
    passed: Flags


def at_least(values: NDArray[Any], threshold: float) -> Held:
    """Return the feature ``values >= threshold``."""
    return Held(values.astype(np.float64), threshold, values >= threshold)


def at_most(values: NDArray[Any], threshold: float) -> Held:
    """Return the feature ``values <= threshold``."""
    return Held(values.astype(np.float64), threshold, values <= threshold)


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """One strategy's signals of a bucket; every array has the shape ``(n,)`` of the tape.

    Attributes
    ----------
    side : array of int
        1 long, -1 short, 0 where there is nothing to say.
    score : array of float
        Standard deviations of the strategy's own noise, >= 0; ranks signals against each other.
    features : mapping of name to Held
        What the signal rests on; it is qualified where every one has passed.
    strength, confidence : array of float, optional
        In [0, 1]; ``score / 8`` clipped, and 1, unless given.
    notional : array of float, optional
        USD; the larger is preferred where scores are equal. The session's unless given.
    lives : array of bool, optional
        Where a candidate raised before goes on living; where it is qualified unless given.
    """

    side: NDArray[np.number[Any]]
    score: Numbers
    features: Mapping[str, Held] = field(default_factory=dict[str, Held])
    strength: Numbers | None = None
    confidence: Numbers | None = None
    notional: Numbers | None = None
    lives: Flags | None = None


class Checked(NamedTuple):
    """Signals whose shapes and numbers hold, with everything that was left out."""

    side: NDArray[np.int8]
    score: Numbers
    strength: Numbers
    confidence: Numbers
    notional: Numbers
    qualified: Flags
    lives: Flags
    features: Mapping[str, Held]


def checked(strategy_id: str, signals: object, notional: Numbers) -> Checked:
    """Return what a strategy has answered, if that can be believed.

    Parameters
    ----------
    notional : array of float, shape (n,)
        USD of the session, for a strategy that names none.

    Raises
    ------
    StrategyError
        An array has another shape than the tape; a side is none; a qualified signal has a score,
        strength or confidence that is no number or out of range; a feature is not given as such.
    """
    if not isinstance(signals, Signals):
        raise StrategyError(strategy_id, f"it returned {type(signals).__name__}, expected Signals")
    read = _Reader(strategy_id, len(notional))
    given = read.column("side", signals.side, "iuf")
    side = given.astype(np.int8)
    if (side != given).any() or (np.abs(side) > 1).any():
        raise StrategyError(strategy_id, "a side is neither 1, -1 nor 0")
    score = read.numbers("score", signals.score)
    qualified = side != 0
    features = cast("Mapping[str, object]", signals.features)
    for name, held in features.items():
        if not isinstance(held, Held):
            raise StrategyError(strategy_id, f"feature {name!r} is not held against anything")
        read.column(f"feature {name!r}", held.values, "iufb")
        qualified = qualified & read.column(f"feature {name!r}, passed", held.passed, "b")
    strength = np.minimum(1.0, score / FULL_STRENGTH)
    if signals.strength is not None:
        strength = read.numbers("strength", signals.strength)
    confidence = np.ones(len(notional))
    if signals.confidence is not None:
        confidence = read.numbers("confidence", signals.confidence)
    if signals.notional is not None:
        notional = read.numbers("notional", signals.notional)
    lives = qualified
    if signals.lives is not None:
        lives = read.column("lives", signals.lives, "b") & (side != 0)
    read.expect_within("score", score[qualified], np.inf)
    read.expect_within("strength", strength[qualified], 1.0)
    read.expect_within("confidence", confidence[qualified], 1.0)
    read.expect_within("notional", notional[qualified], np.inf)
    return Checked(
        side, score, strength, confidence, notional, qualified, lives, dict(signals.features)
    )


class _Reader:
    """Reads the arrays of a strategy, and says what is wrong with them under its name."""

    def __init__(self, strategy_id: str, n: int) -> None:
        self._strategy_id = strategy_id
        self._n = n

    def column(self, name: str, values: object, kinds: str) -> NDArray[Any]:
        """Return an array of the tape's shape and of one of some kinds of number."""
        array = np.asarray(values)
        if array.shape != (self._n,):
            raise StrategyError(
                self._strategy_id, f"{name} has shape {array.shape}, expected ({self._n},)"
            )
        if array.dtype.kind not in kinds:
            expected = "True and False" if kinds == "b" else "numbers"
            raise StrategyError(self._strategy_id, f"{name} is {array.dtype}, expected {expected}")
        return array

    def numbers(self, name: str, values: object) -> Numbers:
        """Return an array of numbers."""
        return np.asarray(self.column(name, values, "iuf"), np.float64)

    def expect_within(self, name: str, values: Numbers, most: float) -> None:
        """Refuse numbers of qualified signals outside [0, most], and NaN."""
        bad = values[~((values >= 0) & (values <= most) & np.isfinite(values))]
        if len(bad):
            raise StrategyError(self._strategy_id, f"the {name} of a qualified signal is {bad[0]}")
