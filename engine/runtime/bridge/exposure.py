"""Where the venue still holds something of ours."""

from __future__ import annotations

from nautilus_trader.common import Cache


def live_symbols(cache: Cache) -> set[str]:
    """Return the symbols with an open or travelling order, or a position."""
    holders = cache.orders_open() + cache.orders_inflight() + cache.positions_open()
    return {holder.instrument_id.symbol.value for holder in holders}
