# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false, reportReturnType=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""Prints into the open buckets of their symbols and out again, and buckets as they close."""

from __future__ import annotations

import numpy as np

from engine.domain.fixed_point import SIZE_SCALE
from engine.domain.market_data.conditions import Updates
from engine.signals.kernel.compiled import called, inlined
from engine.signals.kernel.notional import added, micro_usd, notional_of
from engine.signals.settings import Settings
from engine.signals.state import Records, State, Symbols

HIGH_LOW, LAST = int(Updates.HIGH_LOW), int(Updates.LAST)
VOLUME, REVERSAL = int(Updates.VOLUME), int(Updates.REVERSAL)


@inlined
def add(bucket: Records, price: int, size: int, may: int) -> None:
    """Take a print into the open bucket of its symbol."""
    # Conditions are a coin's toss to the branch predictor: selects instead of branches.
    sets_price = (may & HIGH_LOW) != 0
    low = bucket.low
    lowest = price if low == 0 else min(low, price)
    bucket.high = max(bucket.high, price) if sets_price else bucket.high
    bucket.low = lowest if sets_price else low
    bucket.last = price if may & LAST else bucket.last
    if may & VOLUME:  # as nearly all
        high, low = notional_of(price, size)
        bucket.volume += size
        bucket.notional_high, bucket.notional = added(
            bucket.notional_high, bucket.notional, high, low
        )
        counted = np.int64(sets_price)
        bucket.vwap_volume += counted * size
        bucket.vwap_high, bucket.vwap_notional = added(
            bucket.vwap_high, bucket.vwap_notional, counted * high, np.uint64(counted) * low
        )


@inlined
def add_late(x: Symbols, i: int, price: int, size: int, may: int) -> None:
    """Take a print whose bucket is closed into what counts for the whole session."""
    if may & VOLUME:
        high, low = notional_of(price, size)
        x.session_volume[i] += size
        x.session_high[i], x.session_notional[i] = added(
            x.session_high[i], x.session_notional[i], high, low
        )
        if may & HIGH_LOW:
            x.vwap_volume[i] += size
            x.vwap_high[i], x.vwap_notional[i] = added(
                x.vwap_high[i], x.vwap_notional[i], high, low
            )
            average(x, i)


@inlined
def collect(s: State, b: int, first: int, end: int) -> int:
    """Write every symbol's bucket into the rings as it closes; return how many have one.

    A symbol begins with its first eligible print; before it, its cells are zero.
    """
    x = s.symbols
    slot = b & 1
    row = b & (s.ring_high.shape[0] - 1)
    volume_row = b & (s.ring_volume.shape[0] - 1)
    begun = 0
    for i in range(first, end):
        done = s.opened[slot, i]
        began = x.first_bucket[i]
        began = b if (began < 0) & (done.high > 0) else began
        has_begun = np.int64(began >= 0)
        last = done.last if done.last * has_begun > 0 else x.last[i]
        x.first_bucket[i] = began
        x.last[i] = last
        s.ring_high[row, i] = done.high
        s.ring_low[row, i] = done.low
        s.ring_last[row, i] = last
        s.ring_volume[volume_row, i] = done.volume * has_begun
        begun += has_begun
    return int(begun)


@inlined
def settle(s: State, p: Settings, b: int, first: int, end: int) -> None:
    """Take every closed bucket into what counts for the whole session, and empty it."""
    x = s.symbols
    slot = b & 1
    row = b & (s.ring_vwap.shape[0] - 1)
    for i in range(first, end):
        done = s.opened[slot, i]
        if done.volume != 0 and b >= p.open_bucket:
            _count_volume(x, i, done)
        reset(done)
        s.ring_vwap[row, i] = x.vwap[i]


@inlined
def _count_volume(x: Symbols, i: int, done: Records) -> None:
    x.session_volume[i] += done.volume
    x.session_high[i], x.session_notional[i] = added(
        x.session_high[i], x.session_notional[i], done.notional_high, done.notional
    )
    x.vwap_volume[i] += done.vwap_volume
    x.vwap_high[i], x.vwap_notional[i] = added(
        x.vwap_high[i], x.vwap_notional[i], done.vwap_high, done.vwap_notional
    )
    average(x, i)


@inlined
def average(x: Symbols, i: int) -> None:
    """Compute the VWAP of a symbol anew."""
    if x.vwap_volume[i] > 0:
        x.vwap[i] = micro_usd(x.vwap_high[i], x.vwap_notional[i]) / (x.vwap_volume[i] / SIZE_SCALE)


@inlined
def log(row: Records, symbol: int, ts_event: int, price: int, size: int, may: int) -> None:
    """Note a print of an open bucket, in case it is taken back."""
    row.symbol_id = symbol
    row.ts_event = ts_event
    row.price = price
    row.size = size
    row.updates = may


@called
def take_back(
    s: State, slot: int, symbol: int, ts_event: int, price: int, size: int, may: int
) -> bool:
    """Remove one print from an open bucket and rebuild the bucket from those that remain."""
    original = may & ~REVERSAL
    found = -1
    for k in range(s.log_count[slot] - 1, -1, -1):
        row = s.log[slot, k]
        if (
            row.symbol_id == symbol
            and row.ts_event == ts_event
            and row.price == price
            and row.size == size
            and row.updates == original
        ):
            found = k
            break
    if found < 0:
        return False
    s.log[slot, found].symbol_id = -1
    bucket = s.opened[slot, symbol]
    reset(bucket)
    for k in range(s.log_count[slot]):
        row = s.log[slot, k]
        if row.symbol_id == symbol:
            add(bucket, row.price, row.size, row.updates)
    return True


@inlined
def reset(bucket: Records) -> None:
    """Empty a bucket."""
    bucket.high = 0
    bucket.low = 0
    bucket.last = 0
    bucket.volume = 0
    bucket.notional = 0
    bucket.vwap_volume = 0
    bucket.vwap_notional = 0
    bucket.notional_high = 0
    bucket.vwap_high = 0
