"""Where a hub finds its shards, and how the alphabet is cut for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cluster.slots import Slots
from cluster.streams.port import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlace:
    """Where a hub finds its shards.

    Attributes
    ----------
    open : callable
        Returns the streams between hub and shards.
    shards : int
        So many are waited for before slots are given out.
    slots : Slots or None
        How the alphabet is cut; None for ``letters_per_shard``.
    """

    open: Callable[[], Streams]
    shards: int = 1
    slots: Slots | None = None
