"""What a hub tells its shards to do; numbered in the stream of its epoch."""

from __future__ import annotations

import msgspec

from cluster.reports import Owner
from engine.domain.facts import ParamsChanged, ParamsWithdrawn


class Assign(msgspec.Struct, frozen=True, tag="assign"):
    """Work a slot: report of every bucket that ends at ``since_ns`` (UTC ns) or later.

    What lies before is replayed from the relay, so that the scanner is where it would be.
    """

    shard: str
    slot: str
    owner: Owner
    since_ns: int


class Release(msgspec.Struct, frozen=True, tag="release"):
    """Work a slot no longer: another shard has reported of it."""

    slot: str
    owner: Owner


class Watch(msgspec.Struct, frozen=True, tag="watch"):
    """Watch an open trade on the tape: tell when a print passes its stop or its target.

    Prices are 1e-6 USD; ``side`` is 1 for long, -1 for short.
    """

    slot: str
    trade_id: str
    symbol: str
    side: int
    stop: int
    target: int


class Unwatch(msgspec.Struct, frozen=True, tag="unwatch"):
    """Watch a trade no longer."""

    trade_id: str


class Change(msgspec.Struct, frozen=True, tag="change"):
    """Take in a fact about the parameters."""

    fact: ParamsChanged | ParamsWithdrawn


type Order = Assign | Release | Watch | Unwatch | Change


class ExitAlert(msgspec.Struct, frozen=True):
    """What a shard saw of a trade that it watches: a print at or beyond a level.

    ``level`` is ``stop`` or ``target``; ``price`` 1e-6 USD; times UTC ns.
    """

    slot: str
    owner: Owner
    trade_id: str
    level: str
    price: int
    ts_event: int
    ts_init: int
