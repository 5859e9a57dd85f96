"""Names of streams and values: ``{run}`` in front, so that one server can carry several runs."""

from __future__ import annotations

from cluster.reports import Owner

HUB = "tradectl:hub"
"""Value: which hub is in charge, as ``HubClaim``."""
NONCE = "tradectl:nonce"
"""Value: chance, written by whoever finds none; gone or another one, the server has lost all."""


def setup(run: str, epoch: int) -> str:
    """Return the name of the value that tells shards of the day, ``DaySetup``."""
    return f"{run}:setup:{epoch}"


def requests(run: str) -> str:
    """Return the name of the stream of what people ask of a run's hub; ids are (time in ms, 0)."""
    return f"{run}:requests"


def orders(run: str, epoch: int) -> str:
    """Return the name of the stream of a hub's orders to shards."""
    return f"{run}:cmd:{epoch}"


def reports(run: str, slot: str, owner: Owner) -> str:
    """Return the name of the stream of a slot's reports under one order; ids are (end in ms, 0)."""
    return f"{run}:rep:{slot}:{owner.epoch}-{owner.number}"


def rests(run: str, slot: str, owner: Owner) -> str:
    """Return the name of the stream of what decisions do not wait for."""
    return f"{run}:rest:{slot}:{owner.epoch}-{owner.number}"


def exits(run: str, slot: str, owner: Owner) -> str:
    """Return the name of the stream of a slot's exit alerts."""
    return f"{run}:exit:{slot}:{owner.epoch}-{owner.number}"


def buckets(run: str, slot: str) -> str:
    """Return the name of the stream of a slot's newest buckets, for charts."""
    return f"{run}:bkt:{slot}"


NODES = "tradectl:node:"
"""Beginning of the values in which nodes tell how they are, ``NodeState``."""


def node(name: str) -> str:
    """Return the name of the value in which a node tells how it is."""
    return f"{NODES}{name}"


def held(run: str) -> tuple[str, str, str]:
    """Return the names of the values of a run's positions, latest prices and weights."""
    return f"{run}:positions", f"{run}:prices", f"{run}:weights"
