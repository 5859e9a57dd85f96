# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""Prints into the open buckets of their symbols, and out again."""

from __future__ import annotations

from engine.domain.conditions import Updates
from engine.signals.kernel.compiled import compiled, inlined
from engine.signals.state import Records, State

HIGH_LOW, LAST = int(Updates.HIGH_LOW), int(Updates.LAST)
VOLUME, REVERSAL = int(Updates.VOLUME), int(Updates.REVERSAL)


@inlined
def add(bucket: Records, price: int, size: int, may: int) -> None:
    """Take a print into the open bucket of its symbol."""
    if may & HIGH_LOW:
        bucket.high = max(bucket.high, price)
        bucket.low = price if bucket.low == 0 else min(bucket.low, price)
    if may & LAST:
        bucket.last = price
    if may & VOLUME:
        bucket.volume += size
        bucket.notional += price * size
        if may & HIGH_LOW:
            bucket.vwap_volume += size
            bucket.vwap_notional += price * size


@inlined
def add_late(symbol: Records, price: int, size: int, may: int) -> None:
    """Take a print whose bucket is closed into what counts for the whole session."""
    if may & VOLUME:
        symbol.session_volume += size
        symbol.session_notional += price * size
        if may & HIGH_LOW:
            symbol.vwap_volume += size
            symbol.vwap_notional += price * size


@inlined
def count_volume(x: Records, done: Records, in_session: bool) -> None:
    """Take a closed bucket into what counts for the whole session."""
    if in_session:
        x.session_volume += done.volume
        x.session_notional += done.notional
        x.vwap_volume += done.vwap_volume
        x.vwap_notional += done.vwap_notional


@inlined
def log(row: Records, symbol: int, ts_event: int, price: int, size: int, may: int) -> None:
    """Note a print of an open bucket, in case it is taken back."""
    row.symbol_id = symbol
    row.ts_event = ts_event
    row.price = price
    row.size = size
    row.updates = may


@compiled
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
