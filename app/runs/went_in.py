"""What went into a run: its parameters and its strategies, as it began."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

from app.runs.kept_runs import Kept, KeptInDirectory
from engine.domain.account import ACCELERATION
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble
from engine.domain.ensemble_values import ensemble_hash, ensemble_values
from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, EnsembleChanged
from engine.domain.parameters.versions import desk_history

_AT_START = 8
"""Facts among which the parameters and strategies of a start are."""


class WentIn(NamedTuple):
    """What a run began with.

    Attributes
    ----------
    params : dict
        The account's parameters, JSON; empty where a run has recorded none yet.
    ensemble : Ensemble
        Its strategies.
    """

    params: dict[str, Any]
    ensemble: Ensemble

    @property
    def strategies_hash(self) -> str:
        """The same for the same strategies, weights and parameters of theirs."""
        return ensemble_hash(self.ensemble)

    @property
    def strategies(self) -> dict[str, Any]:
        """The strategies as named values."""
        return ensemble_values(self.ensemble)


def went_in(run: Kept) -> WentIn:
    """Return what a run began with, by its first facts; raises ``JournalError``."""
    if not isinstance(run, KeptInDirectory):
        payloads = _first_payloads(run)
        history = desk_history(payloads)
        params = {} if history is None else history.first.model_dump(mode="json")
        return WentIn(params, _ensemble(payloads))
    manifest = run.run.manifest
    if manifest.ensemble:
        return WentIn(manifest.params, Ensemble(1, manifest.ensemble))
    if manifest.weights.keys() == {ACCELERATION}:
        return WentIn(manifest.params, ACCELERATION_ALONE)
    return WentIn(manifest.params, _of_journal(run))


def differing(runs: Sequence[WentIn]) -> list[str]:
    """Return the parameters and values of strategies that are not the same in all of some runs.

    A parameter that a run does not know, of an earlier version say, makes no difference; a strategy
    that it does not have does.
    """
    names = dict.fromkeys(name for each in runs for name in (*each.params, *each.strategies))
    return [name for name in names if _differs(name, runs)]


def _differs(name: str, runs: Sequence[WentIn]) -> bool:
    known = [each.params[name] for each in runs if name in each.params]
    of_strategies = [each.strategies.get(name) for each in runs]
    values = known or of_strategies
    return any(value != values[0] for value in values)


def _of_journal(run: KeptInDirectory) -> Ensemble:
    try:
        return _ensemble(_first_payloads(run))
    except JournalError:
        return ACCELERATION_ALONE  # the journal is gone, and nothing else tells


def _first_payloads(run: Kept) -> list[AnyPayload]:
    return [fact.payload for fact in islice(run.journal()[0].facts(), _AT_START)]


def _ensemble(payloads: Sequence[AnyPayload]) -> Ensemble:
    first = next((each for each in payloads if isinstance(each, EnsembleChanged)), None)
    return ACCELERATION_ALONE if first is None else Ensemble.of(first)
