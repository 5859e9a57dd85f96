"""The strategies of a run: which are on, and with what weight."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from engine.domain.account import ACCELERATION
from engine.domain.errors import ConfigError
from engine.domain.facts import EnsembleChanged, Member
from engine.domain.parameters import Parameters, parameters_from

ENGINE = "engine"
"""Who switches a strategy off that went wrong."""


class Ensemble(msgspec.Struct, frozen=True):
    """What holds from one bucket on.

    Attributes
    ----------
    members : tuple of Member
        In order of precedence, those that are off too.
    """

    version: int
    members: tuple[Member, ...]

    @classmethod
    def of(cls, change: EnsembleChanged) -> Self:
        """Return the ensemble that a fact tells of."""
        return cls(change.version, change.members)

    @property
    def on(self) -> tuple[Member, ...]:
        """The members that are switched on."""
        return tuple(each for each in self.members if each.is_on)

    def is_on(self, strategy_id: str) -> bool:
        """Say whether a strategy is hosted and switched on."""
        return any(each.strategy_id == strategy_id for each in self.on)

    def rank(self, strategy_id: str) -> int:
        """Return a member's place in the order of precedence."""
        return [each.strategy_id for each in self.members].index(strategy_id)

    def weight(self, strategy_id: str) -> float:
        """Return the weight of a member that is on; those of all that are on add up to 1."""
        on = self.on
        total = sum(each.weight for each in on)
        own = next(each.weight for each in on if each.strategy_id == strategy_id)
        return own / total if total > 0 else 1 / len(on)

    def parameters(self, strategy_id: str, params: Parameters) -> Parameters:
        """Return the account's parameters with what a member has of its own in their place."""
        own = next(each.bracket for each in self.members if each.strategy_id == strategy_id)
        return _own_parameters(params.model_dump_json(), tuple(own.items())) if own else params

    def switched(self, strategy_id: str, *, is_on: bool) -> Self:
        """Return the next version, with one member switched on or off."""
        return self._next(
            replace(each, is_on=is_on) if each.strategy_id == strategy_id else each
            for each in self.members
        )

    def weighed(self, weights: Mapping[str, float]) -> Self:
        """Return the next version with other weights; only their ratios count, 1 unless named.

        Raises
        ------
        ConfigError
            One is negative or no number, or those of all that are on are 0.
        """
        given = [weights.get(each.strategy_id, 1.0) for each in self.members]
        checked_weights(given)
        checked_weights(
            weight for each, weight in zip(self.members, given, strict=True) if each.is_on
        )
        total = sum(given)
        return self._next(
            replace(each, weight=weight / total)
            for each, weight in zip(self.members, given, strict=True)
        )

    def _next(self, members: Iterable[Member]) -> Self:
        return replace(self, version=self.version + 1, members=tuple(members))

    def without(self, failed: Iterable[str]) -> Self:
        """Return the same with some members switched off."""
        off = set(failed)
        if not off:
            return self
        return self._next(
            replace(each, is_on=False) if each.strategy_id in off else each for each in self.members
        )

    def changed(self, effective_ns: int, who: str, because: str) -> EnsembleChanged:
        """Return the fact that this ensemble holds from the bucket that ends then."""
        return EnsembleChanged(self.version, effective_ns, self.members, who, because)


ACCELERATION_ALONE = Ensemble(
    1,
    (Member(ACCELERATION, "", 1.0, is_on=True, parameters={}, bracket={}),),
)
"""What a run hosts unless something else is asked for; journals say nothing of it."""


@lru_cache(maxsize=64)
def _own_parameters(params: str, own: tuple[tuple[str, Any], ...]) -> Parameters:
    """Return parameters with a strategy's own values; its position is not above the account's.

    Raises
    ------
    ConfigError
        They break a rule between parameters.
    """
    account, values = json.loads(params), dict(own)
    if "position_notional" in values:
        both = account["position_notional"], values["position_notional"]
        values["position_notional"] = str(min(Decimal(str(each)) for each in both))
    return parameters_from(account | values)


def checked_weights(weights: Iterable[float]) -> None:
    """Refuse weights that are no weights.

    Raises
    ------
    ConfigError
        One is negative or no number, or all are 0.
    """
    told = list(weights)
    if not all(0 <= each < float("inf") for each in told) or not any(told):
        raise ConfigError(f"weights {told}: expected numbers of 0 or more, one of them above 0")
