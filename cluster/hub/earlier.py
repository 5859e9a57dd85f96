"""What earlier hubs of a run ordered: shards may have reported under it to nobody."""

from __future__ import annotations

from collections.abc import Iterable

from cluster import names
from cluster.coding import unpacked_order
from cluster.orders import Assign
from cluster.streams.port import START, At, Streams
from engine.domain.errors import DataError


async def earlier_orders(streams: Streams, run: str, epoch: int) -> list[Assign]:
    """Return which shards worked which slots before an epoch, in the order it was said.

    Empty where the server has lost it.

    Raises
    ------
    StreamsUnavailable
        The server does not answer.
    """
    found: list[Assign] = []
    for earlier in range(epoch):
        for data in await _all_of(streams, names.orders(run, earlier)):
            try:
                order = unpacked_order(data)
            except DataError:
                continue  # of another version of tradectl, which this hub has replaced
            if isinstance(order, Assign):
                found.append(order)
    return found


async def _all_of(streams: Streams, stream: str) -> Iterable[bytes]:
    found: list[bytes] = []
    after: At = START
    while entries := await streams.read({stream: after}, 0):
        found += [entry.data for entry in entries]
        after = entries[-1].at
    return found
