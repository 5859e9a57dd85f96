"""What a strategy answers at the close of a bucket: arrays by place on the tape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.errors import ConfigError, StrategyError

type Numbers = NDArray[np.float64]
type Flags = NDArray[np.bool_]

FULL_STRENGTH = 8.0
"""Standard deviations at which a signal is as strong as one can be, unless its strategy says."""


class Held(NamedTuple):
    """A feature of every symbol held against a limit, shape (n,); NaN passes nothing."""

    values: Numbers
    threshold: float
    passed: Flags


def at_least(values: Numbers, threshold: float) -> Held:
    """Return the feature ``values >= threshold``."""
    return Held(values, threshold, values >= threshold)


def at_most(values: Numbers, threshold: float) -> Held:
    """Return the feature ``values <= threshold``."""
    return Held(values, threshold, values <= threshold)


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

    side: NDArray[np.integer]
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


def checked(strategy_id: str, signals: Signals, notional: Numbers) -> Checked:
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
    n = len(notional)

    def column(name: str, values: object, kind: str) -> NDArray[np.generic]:
        array = np.asarray(values)
        if array.shape != (n,):
            raise StrategyError(strategy_id, f"{name} has shape {array.shape}, expected ({n},)")
        if array.dtype.kind not in kind:
            raise StrategyError(strategy_id, f"{name} is of {array.dtype}, expected one of {kind}")
        return array

    if not isinstance(signals, Signals):
        raise StrategyError(strategy_id, f"it returned {type(signals).__name__}, expected Signals")
    side = column("side", signals.side, "iuf").astype(np.int8)
    if not np.isin(side, (-1, 0, 1)).all():
        raise StrategyError(strategy_id, "a side is neither 1, -1 nor 0")
    score = column("score", signals.score, "iuf").astype(np.float64)
    qualified = side != 0
    for name, held in signals.features.items():
        if not isinstance(held, Held):
            raise StrategyError(strategy_id, f"feature {name!r} is not held against anything")
        column(f"feature {name!r}", held.values, "iufb")
        qualified = qualified & column(f"feature {name!r}, passed", held.passed, "b")
    strength = np.minimum(1.0, score / FULL_STRENGTH)
    if signals.strength is not None:
        strength = column("strength", signals.strength, "iuf").astype(np.float64)
    confidence = np.ones(n)
    if signals.confidence is not None:
        confidence = column("confidence", signals.confidence, "iuf").astype(np.float64)
    if signals.notional is not None:
        notional = column("notional", signals.notional, "iuf").astype(np.float64)
    lives = qualified if signals.lives is None else column("lives", signals.lives, "b")
    for name, values, most in (
        ("score", score, np.inf), ("strength", strength, 1.0), ("confidence", confidence, 1.0),
        ("notional", notional, np.inf),
    ):  # fmt: skip
        told = values[qualified]
        if not (np.isfinite(told).all() and (told >= 0).all() and (told <= most).all()):
            bad = told[~(np.isfinite(told) & (told >= 0) & (told <= most))][0]
            raise StrategyError(strategy_id, f"the {name} of a qualified signal is {bad}")
    return Checked(
        side, score, strength, confidence, notional, qualified, lives & (side != 0), signals.features
    )
