"""Parameters and strategies that take effect at a bucket."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.domain.facts.payload import Payload


class ParamChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter before and after, as JSON values."""

    name: str
    old: Any
    new: Any


class ParamsChanged(Payload, frozen=True, tag="params_changed"):
    """A new version of the parameters: all of its changes or none.

    ``effective_ns`` is the end of the bucket from which on it holds, ``who`` a person or service,
    as they say; ``stepped_up`` whether the door they came through had them prove it for this.
    """

    version: int
    effective_ns: int
    changes: tuple[ParamChange, ...]
    params_hash: str
    who: str
    because: str
    stepped_up: bool


class ParamsWithdrawn(Payload, frozen=True, tag="params_withdrawn"):
    """A scheduled version was taken back before it took effect."""

    version: int
    who: str
    because: str


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One strategy of a run.

    ``source`` is where it was found, ``module:Class``; empty for those that come with the engine.
    ``parameters`` are its own, as JSON values; ``bracket`` those of the account's that it replaces
    for its own trades.
    """

    strategy_id: str
    source: str
    weight: float
    is_on: bool
    parameters: dict[str, Any]
    bracket: dict[str, Any]


class EnsembleChanged(Payload, frozen=True, tag="ensemble_changed"):
    """The strategies of a run from one bucket on; a run of acceleration alone never says so.

    ``effective_ns`` is the end of the first bucket that is decided by it.
    """

    version: int
    effective_ns: int
    members: tuple[Member, ...]
    who: str
    because: str
