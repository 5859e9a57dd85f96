"""Which shard works which slots, by measured load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cluster.slots import Slots
from cluster.splitting import cut_to
from engine.domain.errors import ConfigError

_MOVE_ABOVE = 1.2
"""Slots move once a shard carries more than so many times the mean: a move costs a replay."""

_SPLIT_ABOVE = 0.5
"""A slot above this share of a mean shard is cut before a day, to be placed well."""

type Placement = Mapping[str, str]
"""Shard by slot, both by name."""


class Load(NamedTuple):
    """What was measured of a slot or a place: each print costs, and at a close each symbol."""

    prints: float
    symbols: float


def weights(loads: Mapping[str, Load]) -> dict[str, float]:
    """Return each slot's share of the work: half by prints, half by symbols; they add up to 1."""
    prints = fsum(each.prints for each in loads.values()) or 1.0
    symbols = fsum(each.symbols for each in loads.values()) or 1.0
    return {
        name: (each.prints / prints + each.symbols / symbols) / 2 for name, each in loads.items()
    }


def cut_for(slots: Slots, load: NDArray[np.float64], shards: int) -> Slots:
    """Return slots cut so small that so many shards can be loaded alike.

    Parameters
    ----------
    load : float64 array, shape (676,)
        Share of the work by place, as of the day before.
    """
    return cut_to(slots, load, _SPLIT_ABOVE * float(load.sum()) / shards)


def placed(
    weight: Mapping[str, float], shards: Sequence[str], now: Placement | None = None
) -> dict[str, str]:
    """Return which shard is to work each slot: as it is now, unless that is worth a move.

    Slots of nobody, or of a shard that is gone, go to the lightest shard, the heaviest slots first.
    Then, while one shard carries a fifth more than the mean, the slot goes to the lightest shard
    that makes the two most alike. The same loads and shards give the same answer everywhere.

    Parameters
    ----------
    weight : mapping of slot to weight
    shards : sequence of str
        Those that live.
    now : mapping of slot to shard, optional
        Who works them now.

    Raises
    ------
    ConfigError
        There is no shard.
    """
    if not shards:
        raise ConfigError("no shard to work the slots: start one with `tradectl live --role shard`")
    alive = sorted(set(shards))
    found = {slot: at for slot, at in (now or {}).items() if slot in weight and at in alive}
    carried = {shard: fsum(_of(found, shard, weight)) for shard in alive}
    for slot in _heaviest_first(weight.keys() - found.keys(), weight):
        lightest = min(alive, key=lambda shard: (carried[shard], shard))
        found[slot] = lightest
        carried[lightest] += weight[slot]
    mean = sum(carried.values()) / len(alive)
    while (move := _move(found, carried, weight, mean)) is not None:
        slot, to = move
        carried[found[slot]] -= weight[slot]
        carried[to] += weight[slot]
        found[slot] = to
    return dict(sorted(found.items()))


def _move(
    found: Placement, carried: Mapping[str, float], weight: Mapping[str, float], mean: float
) -> tuple[str, str] | None:
    """Return the slot to move and whereto; None while nothing is worth it."""
    heaviest = max(carried, key=lambda shard: (carried[shard], shard))
    lightest = min(carried, key=lambda shard: (carried[shard], shard))
    if carried[heaviest] <= _MOVE_ABOVE * mean:
        return None
    best, least = None, carried[heaviest]
    for slot in _heaviest_first((name for name, at in found.items() if at == heaviest), weight):
        after = max(carried[heaviest] - weight[slot], carried[lightest] + weight[slot])
        if after < least * (1 - 1e-12):
            best, least = slot, after
    return None if best is None else (best, lightest)


def _of(found: Placement, shard: str, weight: Mapping[str, float]) -> list[float]:
    return [weight[slot] for slot, at in sorted(found.items()) if at == shard]


def _heaviest_first(slots: Iterable[str], weight: Mapping[str, float]) -> list[str]:
    return sorted(slots, key=lambda slot: (-weight[slot], slot))
