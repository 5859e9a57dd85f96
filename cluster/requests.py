"""What a person asks of a hub about its shards."""

from __future__ import annotations

import msgspec


class Drain(msgspec.Struct, frozen=True, tag="drain"):
    """Move all slots of a shard elsewhere, so that it can be stopped."""

    shard: str


class Move(msgspec.Struct, frozen=True, tag="move"):
    """Move slots, as typed, to a shard, and leave them there."""

    letters: str
    shard: str


type Request = Drain | Move
