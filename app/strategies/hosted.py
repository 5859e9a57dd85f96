"""The strategies of a run, with their weights and parameters, from what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from app.strategies.built_in import BUILT_IN
from app.strategies.days_before import days_before
from app.strategies.find import find_strategies
from app.strategies.found import Found
from app.strategies.outside_strategy import OutsideStrategy
from app.strategies.parameters import parameters_with
from app.strategies.workers import (
    RECORDED,
    AskedOutside,
    Limits,
    Looks,
    Stranger,
    StrategyProcesses,
    made_outside,
)
from engine.domain.account import ACCELERATION
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble, checked_weights
from engine.domain.errors import ConfigError
from engine.domain.facts import Member
from engine.domain.parameters import Parameters
from engine.domain.strategy import Strategy
from engine.signals.settings import Settings
from engine.signals.whole_tape.signal_runner import MakeSource, Ranked, make_source
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy

if TYPE_CHECKING:
    from catalog import Catalog


@dataclass(frozen=True, slots=True)
class Hosted:
    """What a run hosts; strangers among the strategies live in ``processes`` of their own."""

    strategies: tuple[Strategy, ...]
    ensemble: Ensemble
    processes: StrategyProcesses = field(default_factory=StrategyProcesses)

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
        looks: Mapping[str, Looks] | None = None,
        *,
        watches: bool = True,
    ) -> MakeSource:
        """Return who asks the strategies: those found outside in processes of their own.

        Parameters
        ----------
        catalog : Catalog, optional
            Holds what was known before a day.
        limits : Limits
            How long an answer is waited for.
        looks : mapping of name to Looks, optional
            Takes what strangers' processes read, start or connect to.
        watches : bool
            Whether there are trades that they may have to look after.
        """
        outside = [each for each in self.strategies if isinstance(each, OutsideStrategy)]
        watching = [each.watch for each in outside if each.watch is not None] if watches else []
        for watch in watching:
            watch.start(limits)
        for watch in watching:
            watch.ready()

        def elsewhere(asked: Sequence[Ranked], p: Settings) -> AskedOutside | None:
            strangers = [
                Stranger(rank, each.strategy_id, each.source, each.values)
                for rank, each in asked
                if isinstance(each, OutsideStrategy)
            ]
            if not strangers:
                return None
            return AskedOutside(strangers, p, limits, self.processes, looks)

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
    processes = StrategyProcesses()
    found = find_strategies(names or (ACCELERATION,), processes)
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
        made = _made(each, own[each.strategy_id], processes)
        strategies.append(made.strategy)
        members.append(
            Member(
                strategy_id=each.strategy_id,
                source=each.source,
                weight=given[each.strategy_id] / total,
                is_on=True,
                parameters=made.own,
                bracket=made.bracket,
            )
        )
    ensemble = Ensemble(1, tuple(members))
    whole = ACCELERATION_ALONE if _is_default(ensemble) else ensemble
    return Hosted(tuple(strategies), whole, processes)


def hosted_again(ensemble: Ensemble, processes: StrategyProcesses | None = None) -> Hosted:
    """Return the strategies that the facts of a run name, so that it can go on.

    Raises
    ------
    ConfigError
        One cannot be found any more.
    """
    if processes is None:
        processes = StrategyProcesses()
    found = find_strategies(
        [each.source or each.strategy_id for each in ensemble.members], processes
    )
    strategies = [
        _made(each, member.parameters | member.bracket, processes).strategy
        for each, member in zip(found, ensemble.members, strict=True)
    ]
    return Hosted(tuple(strategies), ensemble, processes)


class _Made(NamedTuple):
    """A strategy, its own parameters, and what replaces the account's; both as JSON."""

    strategy: Strategy
    own: dict[str, Any]
    bracket: dict[str, Any]


def _made(found: Found, values: Mapping[str, Any], processes: StrategyProcesses) -> _Made:
    """Return a strategy with some values of its parameters; a stranger's is made outside."""
    if found.source:
        made = made_outside(found.source, values, processes)
        return _Made(OutsideStrategy(found, made), made.own, made.bracket)
    made_by = BUILT_IN[found.strategy_id]
    if issubclass(made_by, TapeStrategy):
        parameters = parameters_with(made_by.Parameters, found.strategy_id, values)
        return _Made(made_by(parameters), parameters.own(), parameters.bracket())
    parameters = parameters_with(StrategyParameters, found.strategy_id, values)
    return _Made(made_by(), parameters.own(), parameters.bracket())


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
