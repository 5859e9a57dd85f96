"""``tradectl live --role hub``: decide and trade what shards report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from app.cluster.place import ClusterPlace


def hub_place(redis: str | None, shards: int, letters: str | None) -> ClusterPlace:
    """Return where a hub finds its shards.

    Parameters
    ----------
    letters : str, optional
        How the alphabet is cut, as ``A-C,D,S1,S2,…``; by ``letters_per_shard`` without it.

    Raises
    ------
    ConfigError
        The cut leaves letters out, or there is no server between hub and shards.
    """
    from app.cluster.found import server_address
    from app.cluster.place import ClusterPlace
    from cluster.slots import Slots, slots_of
    from cluster.streams.redis import RedisStreams

    if shards < 1:
        raise ConfigError(f"--shards is {shards}, expected 1 or more to wait for")
    cut = None if letters is None else slots_of(letters)
    address = server_address(redis)
    return ClusterPlace(
        open=lambda: RedisStreams(address), shards=shards, slots=None if cut is None else Slots(cut)
    )
