# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""Prints into the open buckets of their symbols, and out again."""

from __future__ import annotations

from engine.domain.fixed_point import SIZE_SCALE
from engine.domain.market_data.conditions import Updates
from engine.signals.kernel.compiled import called, inlined
from engine.signals.kernel.notional import added, micro_usd, notional_of
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
        high, low = notional_of(price, size)
        bucket.volume += size
        bucket.notional_high, bucket.notional = added(
            bucket.notional_high, bucket.notional, high, low
        )
        if may & HIGH_LOW:
            bucket.vwap_volume += size
            bucket.vwap_high, bucket.vwap_notional = added(
                bucket.vwap_high, bucket.vwap_notional, high, low
            )


@inlined
def add_late(symbol: Records, price: int, size: int, may: int) -> None:
    """Take a print whose bucket is closed into what counts for the whole session."""
    if may & VOLUME:
        high, low = notional_of(price, size)
        symbol.session_volume += size
        symbol.session_high, symbol.session_notional = added(
            symbol.session_high, symbol.session_notional, high, low
        )
        if may & HIGH_LOW:
            symbol.vwap_volume += size
            symbol.vwap_high, symbol.vwap_notional = added(
                symbol.vwap_high, symbol.vwap_notional, high, low
            )
            average(symbol)


@inlined
def count_volume(x: Records, done: Records, in_session: bool) -> None:
    """Take a closed bucket into what counts for the whole session."""
    if in_session:
        x.session_volume += done.volume
        x.session_high, x.session_notional = added(
            x.session_high, x.session_notional, done.notional_high, done.notional
        )
        x.vwap_volume += done.vwap_volume
        x.vwap_high, x.vwap_notional = added(
            x.vwap_high, x.vwap_notional, done.vwap_high, done.vwap_notional
        )
        average(x)


@inlined
def average(x: Records) -> None:
    """Compute the VWAP anew."""
    if x.vwap_volume > 0:
        x.vwap = micro_usd(x.vwap_high, x.vwap_notional) / (x.vwap_volume / SIZE_SCALE)


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
