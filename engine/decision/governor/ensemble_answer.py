"""A command about the strategies of a run → the ensemble from the next bucket on, or declined."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from engine.domain.commands import SetWeights, SwitchStrategy
from engine.domain.ensemble import Ensemble
from engine.domain.errors import ConfigError


class EnsembleRefusal(StrEnum):
    """Why the strategies stay as they are."""

    NO_SUCH_STRATEGY = "no_such_strategy"
    STRATEGY_FAILED = "strategy_failed"
    WRONG_WEIGHT = "wrong_weight"
    ALREADY_SO = "already_so"


def changed_ensemble(
    wish: SwitchStrategy | SetWeights, ensemble: Ensemble, failed: Collection[str]
) -> Ensemble | tuple[EnsembleRefusal, str]:
    """Return the ensemble that a command asks for, or why it is refused and in words.

    Parameters
    ----------
    failed : collection of str
        Strategies that went wrong in this run: they say nothing any more.
    """
    names = [each.strategy_id for each in ensemble.members]
    asked = [wish.strategy_id] if isinstance(wish, SwitchStrategy) else list(wish.weights)
    unknown = [name for name in asked if name not in names]
    if unknown:
        why = f"this run has no strategy {', '.join(unknown)}; it has {', '.join(names)}"
        return EnsembleRefusal.NO_SUCH_STRATEGY, why
    if isinstance(wish, SwitchStrategy):
        return _switched(wish, ensemble, failed)
    try:
        after = ensemble.weighed(wish.weights)
    except ConfigError as error:
        return EnsembleRefusal.WRONG_WEIGHT, str(error)
    if after.members == ensemble.members:
        return EnsembleRefusal.ALREADY_SO, "these weights are in force already"
    return after


def _switched(
    wish: SwitchStrategy, ensemble: Ensemble, failed: Collection[str]
) -> Ensemble | tuple[EnsembleRefusal, str]:
    name = wish.strategy_id
    if wish.is_on and name in failed:
        why = f"{name} went wrong in this run and says nothing any more: mend it, start another run"
        return EnsembleRefusal.STRATEGY_FAILED, why
    if ensemble.is_on(name) == wish.is_on:
        return EnsembleRefusal.ALREADY_SO, f"{name} is {'on' if wish.is_on else 'off'}"
    return ensemble.switched(name, is_on=wish.is_on)
