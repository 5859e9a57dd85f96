"""Scale on paper: what a day costs relay, shards, streams and hub, from measured constants.

Nothing here measures anything; ``benchmarks.scale_page`` writes it down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WORST_SECOND_SHARE = 0.00068
"""Of a day's rows, in its worst second: of our synthetic day."""
OPENING_MINUTE_SHARE = 0.011
"""The same, in the minute behind the open."""
BUCKET_SECS = 5.0
DAYS_A_MONTH = 21
LETTERS = 26
DAY_SECS = 23_400


@dataclass(frozen=True, slots=True)
class Costs:
    """Measured constants; where they come from stands in the page.

    Attributes
    ----------
    relay_cores, relay_us : float
        Of a relay with 26 receivers: whatever comes, and per row.
    find_us : float
        To find the rows of one slot in a row of the spool, at the relay.
    frame_us : float
        At a shard per message that comes, whatever is in it.
    row_us : float
        At a shard per row.
    close_us : float
        At a shard per slot and bucket.
    slot_us, candidate_us : float
        At the hub to take and merge one slot's report, and one candidate in it.
    row_bytes, stored_bytes : float
        Of a row as it comes, and in the catalog.
    slot_bytes, candidate_bytes : float
        Of a report over the streams.
    entry_us : float
        At the streams' server per entry that is written and read.
    shard_mib : float
        Of a shard, all symbols of its slots warm.
    """

    relay_cores: float = 0.16
    relay_us: float = 0.49
    find_us: float = 0.15
    frame_us: float = 350.0
    row_us: float = 3.0
    close_us: float = 2_000.0
    slot_us: float = 7.0
    candidate_us: float = 24.0
    row_bytes: float = 82.0
    stored_bytes: float = 14.0
    slot_bytes: float = 183.0
    candidate_bytes: float = 3_200.0
    entry_us: float = 130.0
    shard_mib: float = 430.0


@dataclass(frozen=True, slots=True)
class Prices:
    """Assumed, in USD a month: one's own are put in their place."""

    core: float = 12.0
    gib_stored: float = 0.02
    gib_sent: float = 0.01
    feed: float = 99.0


@dataclass(frozen=True, slots=True)
class Market:
    """A day of rows: trades and quotes, and what a bucket of it holds.

    ``candidates`` are those that a bucket has with all gates open.
    """

    name: str
    rows: float
    symbols: int
    slots: int
    candidates: int

    @property
    def opening_rate(self) -> float:
        """Rows a second in the opening minute."""
        return self.rows * OPENING_MINUTE_SHARE / 60

    @property
    def worst_rate(self) -> float:
        """Rows in the worst second."""
        return self.rows * WORST_SECOND_SHARE


@dataclass(frozen=True, slots=True)
class Scale:
    """What a market takes.

    ``opening`` figures are of the opening minute, ``worst`` ones of the worst second.
    """

    relay_cores_opening: float
    relay_cores_worst: float
    shard_cores_opening: float
    shards: int
    backlog_secs: float
    replay_secs: float
    streams_bytes_bucket: float
    streams_share: float
    merge_ms: float
    bytes_second_worst: float
    bytes_day: float
    dollars: float


MARKETS = (
    Market("the synthetic day of the benchmarks", 26.5e6, 11_000, 26, 776),
    Market("all US trades, as many best quotes", 200e6, 11_000, 26, 776),
    Market("all US trades and quotes", 1.1e9, 11_000, 26, 776),
    Market("the same and all options", 51.1e9, 1_511_000, 676, 106_000),
)
FLUSH_SECS = 0.003
"""For so long a relay collects rows: that often a receiver is sent something, at most."""
FULL = 0.7
"""Share of a core up to which a shard is filled."""


def scale(market: Market, costs: Costs, prices: Prices) -> Scale:
    """Return what a market takes."""
    shards = shards_for(market, costs)
    per_shard = shard_cores(market.opening_rate / shards, market.slots / shards, costs)
    worst = shard_cores(market.worst_rate / shards, market.slots / shards, costs)
    bytes_day = market.rows * costs.row_bytes
    cores = shards + math.ceil(relay_cores(market.worst_rate, costs)) + 2
    stored = market.rows * costs.stored_bytes * DAYS_A_MONTH / 2**30
    sent = 2 * bytes_day * DAYS_A_MONTH / 2**30
    bucket = market.slots * costs.slot_bytes + market.candidates * costs.candidate_bytes
    return Scale(
        relay_cores(market.opening_rate, costs),
        relay_cores(market.worst_rate, costs),
        per_shard,
        shards,
        max(0.0, worst - 1.0),
        replay_secs(market, max(shards, LETTERS), costs),
        bucket,
        2 * market.slots * costs.entry_us / 1e6 / BUCKET_SECS,
        merge_ms(market.slots, market.candidates, costs),
        market.worst_rate * costs.row_bytes,
        bytes_day,
        cores * prices.core + stored * prices.gib_stored + sent * prices.gib_sent + prices.feed,
    )


def relay_cores(rate: float, costs: Costs) -> float:
    """Return the cores of a relay with 26 receivers at so many rows a second."""
    return costs.relay_cores + rate * costs.relay_us / 1e6


def relay_saturates(costs: Costs) -> float:
    """Return the rows a second at which a relay fills the one core that it can use."""
    return (1.0 - costs.relay_cores) / costs.relay_us * 1e6


def shard_cores(rate: float, slots: float, costs: Costs) -> float:
    """Return the cores of one shard: messages, rows and closes."""
    messages = min(rate, 1 / FLUSH_SECS)
    used = messages * costs.frame_us + rate * costs.row_us + slots * costs.close_us / BUCKET_SECS
    return used / 1e6


def shards_for(market: Market, costs: Costs) -> int:
    """Return how many shards keep up in the opening minute, none filled over ``FULL``."""
    count = 1
    while shard_cores(market.opening_rate / count, market.slots / count, costs) > FULL:
        count += 1
    return count


def replay_secs(market: Market, shards: int, costs: Costs) -> float:
    """Return how long the slots of a shard that dies at the close are replayed.

    The relay finds their rows once for each shard that takes some of them over.
    """
    takers = max(1, min(shards - 1, market.slots // shards))
    finding = takers * market.rows * costs.find_us / 1e6
    taking = market.rows / shards / takers * costs.row_us / 1e6
    return max(finding, taking)


def merge_ms(slots: int, candidates: int, costs: Costs) -> float:
    """Return the hub's processor time to take and merge one bucket, ms."""
    return (slots * costs.slot_us + candidates * costs.candidate_us) / 1e3


def streams_saturate(costs: Costs) -> float:
    """Return the slots at which the server between fills its one core."""
    return BUCKET_SECS * 1e6 / (2 * costs.entry_us)


def hub_saturates(slots: int, costs: Costs, most_ms: float = 50.0) -> float:
    """Return the candidates a bucket with which merging takes ``most_ms``."""
    return (most_ms * 1e3 - slots * costs.slot_us) / costs.candidate_us
