"""The strategies of a run, with their weights and parameters, from what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from app.strategies.days_before import days_before
from app.strategies.find import Found, find_strategy
from app.strategies.made import made_strategy
from app.strategies.workers import (
    RECORDED,
    AskedOutside,
    Limits,
    Stranger,
    StrategyProcesses,
    WatchedOutside,
    is_watched_outside,
)
from catalog import Catalog
from engine.domain.account import ACCELERATION
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble, checked_weights
from engine.domain.errors import ConfigError
from engine.domain.facts import Member
from engine.domain.parameters import Parameters
from engine.domain.strategy import Strategy
from engine.signals.settings import Settings
from engine.signals.whole_tape.signal_runner import MakeSource, Ranked, make_source
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy


@dataclass(frozen=True, slots=True)
class Hosted:
    """What a run hosts.

    ``watched_outside`` look after the trades of those that were found outside and do so themselves.
    """

    strategies: tuple[Strategy, ...]
    ensemble: Ensemble
    watched_outside: tuple[WatchedOutside, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the strategies, in order of precedence."""
        return tuple(each.strategy_id for each in self.strategies)

    @property
    def across_symbols(self) -> tuple[str, ...]:
        """Names of those that look across symbols, which need the whole tape on one machine."""
        return tuple(each.strategy_id for each in self.look_at_the_tape if each.across_symbols)

    def make_source(
        self,
        catalog: Catalog | None,
        limits: Limits = RECORDED,
        opened: list[str] | None = None,
    ) -> MakeSource:
        """Return who asks the strategies: those found outside in processes of their own.

        Parameters
        ----------
        catalog : Catalog, optional
            Holds what was known before a day.
        limits : Limits
            How long an answer is waited for.
        opened : list of str, optional
            Takes the files that strategies found outside open while they are asked.
        """
        outside = {each.strategy_id: each for each in self.ensemble.members if each.source}
        processes = StrategyProcesses()
        for watch in self.watched_outside:
            watch.start(limits)
        for watch in self.watched_outside:
            watch.ready()

        def elsewhere(asked: Sequence[Ranked], p: Settings) -> AskedOutside | None:
            strangers = [
                Stranger(rank, each.strategy_id, outside[each.strategy_id].source, parameters)
                for rank, each in asked
                if each.strategy_id in outside
                for parameters in (each.parameters.model_dump(mode="json"),)
            ]
            return AskedOutside(strangers, p, limits, processes, opened) if strangers else None

        return make_source(self.strategies, days_before(catalog), elsewhere)

    def expect_fit(self, params: Parameters) -> None:
        """Refuse strategies whose own parameters do not go with the account's.

        Raises
        ------
        ConfigError
            Together they break a rule, as that a target is as far as the stop.
        """
        for name in self.names:
            try:
                self.ensemble.parameters(name, params)
            except ConfigError as error:
                raise ConfigError(
                    f"strategy {name}, with the account's parameters: {error}"
                ) from error

    @property
    def look_at_the_tape(self) -> tuple[TapeStrategy, ...]:
        """Those whose signals are not the compiled scanner's."""
        return tuple(each for each in self.strategies if isinstance(each, TapeStrategy))


def hosted(
    names: Sequence[str] = (),
    weights: Mapping[str, float] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Hosted:
    """Return the strategies that were asked for, acceleration alone by default.

    Parameters
    ----------
    names : sequence of str
        Names or ``module:Class``, in order of precedence.
    weights : mapping of name to weight
        All 1 unless given; only their ratios count.
    values : mapping of ``name.parameter`` to value
        Parameters of the strategies' own, and of their brackets.

    Raises
    ------
    ConfigError
        A strategy cannot be found, or a weight or parameter is wrong.
    """
    found = [find_strategy(name) for name in names or (ACCELERATION,)]
    ids = [each.strategy_id for each in found]
    if twice := {name for name in ids if ids.count(name) > 1}:
        raise ConfigError(f"strategy {', '.join(sorted(twice))} is asked for twice")
    given = dict.fromkeys(ids, 1.0)
    for name, weight in (weights or {}).items():
        given[_named(name, found)] = weight
    checked_weights(given.values())
    own: dict[str, dict[str, Any]] = {name: {} for name in ids}
    for name, value in (values or {}).items():
        strategy, _, key = name.partition(".")
        own[_named(strategy, found)][key] = value
    total = sum(given.values())
    members: list[Member] = []
    strategies: list[Strategy] = []
    for each in found:
        parameters = _parameters(each, own[each.strategy_id])
        strategies.append(made_strategy(each, parameters))
        members.append(
            Member(
                strategy_id=each.strategy_id,
                source=each.source,
                weight=given[each.strategy_id] / total,
                is_on=True,
                parameters=parameters.own(),
                bracket=parameters.bracket(),
            )
        )
    ensemble = Ensemble(1, tuple(members))
    return _hosted(strategies, ACCELERATION_ALONE if _is_default(ensemble) else ensemble)


def hosted_again(ensemble: Ensemble) -> Hosted:
    """Return the strategies that the facts of a run name, so that it can go on.

    Raises
    ------
    ConfigError
        One cannot be found any more.
    """
    strategies: list[Strategy] = []
    for member in ensemble.members:
        found = find_strategy(member.source or member.strategy_id)
        parameters = _parameters(found, member.parameters | member.bracket)
        strategies.append(made_strategy(found, parameters))
    return _hosted(strategies, ensemble)


def _hosted(strategies: Sequence[Strategy], ensemble: Ensemble) -> Hosted:
    """Return what is hosted; strangers that look after their trades do so outside."""
    source = {each.strategy_id: each.source for each in ensemble.members}
    outside: list[WatchedOutside] = []
    for each in strategies:
        found = source.get(each.strategy_id, "")
        if found and isinstance(each, TapeStrategy) and is_watched_outside(type(each)):
            watch = WatchedOutside(each.strategy_id, found, each.parameters.model_dump(mode="json"))
            each.watches, each.react = watch.watches, watch.react
            outside.append(watch)
    return Hosted(tuple(strategies), ensemble, tuple(outside))


def _parameters(found: Found, values: Mapping[str, Any]) -> StrategyParameters:
    """Return a strategy's parameters with some values; those not given are its defaults."""
    model = StrategyParameters
    if issubclass(found.made_by, TapeStrategy):
        model = found.made_by.Parameters
    for key in values:
        if key not in model.model_fields:
            near = get_close_matches(key, model.model_fields, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(model.model_fields)}"
            raise ConfigError(f"strategy {found.strategy_id} has no parameter {key}: {hint}")
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        wrong = error.errors()[0]
        key = ".".join([found.strategy_id, *map(str, wrong["loc"])])
        raise ConfigError(f"{key}: {wrong['msg']}, found {wrong['input']!r}") from error


def _named(name: str, found: Sequence[Found]) -> str:
    """Return the id of a strategy of the run, called by its id or as it was asked for."""
    for each in found:
        if name in {each.strategy_id, each.source}:
            return each.strategy_id
    ids = ", ".join(each.strategy_id for each in found)
    raise ConfigError(f"strategy {name} is not one of this run: it hosts {ids}")


def _is_default(ensemble: Ensemble) -> bool:
    """Say whether it is acceleration alone, as a run without a word about strategies is."""
    return [(each.strategy_id, each.bracket) for each in ensemble.members] == [(ACCELERATION, {})]
