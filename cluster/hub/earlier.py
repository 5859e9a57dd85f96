"""What earlier hubs of a run ordered, and what shards said under their orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cluster import names
from cluster.coding import unpacked_order, unpacked_report, unpacked_rest
from cluster.merge import ReportMerge
from cluster.orders import Assign
from cluster.streams.port import START, At, Streams
from engine.domain.candidate import BucketReport
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


async def earlier_reports(
    streams: Streams, run: str, merge: ReportMerge, orders: Sequence[Assign], until_ns: int
) -> list[BucketReport]:
    """Return the merged reports of the buckets that end before an instant, as far as they are kept.

    Parameters
    ----------
    merge : ReportMerge
        From the day's first bucket on, without orders.
    orders : sequence of Assign
        Of earlier hubs.
    until_ns : int
        End of the first bucket that is not wanted, UTC ns.

    Raises
    ------
    StreamsUnavailable
        The server does not answer.
    """
    for order in orders:
        merge.owners.give(order.slot, order.owner, order.since_ns)
    for order in orders:
        for data in await _all_of(streams, names.reports(run, order.slot, order.owner)):
            report = unpacked_report(data)
            if report.report.ts_event < until_ns:
                merge.take(report)
        for data in await _all_of(streams, names.rests(run, order.slot, order.owner)):
            rest = unpacked_rest(data)
            if rest.ts_event < until_ns:
                merge.take_rest(rest)
    merge.decided(0)
    merge.end()
    return merge.whole()


async def _all_of(streams: Streams, stream: str) -> Iterable[bytes]:
    found: list[bytes] = []
    after: At = START
    while entries := await streams.read({stream: after}, 0):
        found += [entry.data for entry in entries]
        after = entries[-1].at
    return found
