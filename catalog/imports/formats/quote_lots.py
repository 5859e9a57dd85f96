"""Sizes of quotes that the consolidated tape gave in round lots, in shares."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_SHARES_SINCE_NS = 1_762_146_000_000_000_000
_ROUND_LOT = 100
"""Quote sizes are shares since 2025-11-03 (New York), round lots before."""


def in_shares(quotes: pa.Table) -> pa.Table:
    """Return raw quotes of the consolidated tape with sizes in shares."""
    in_lots = pc.less(quotes["ts_event"], pa.scalar(_SHARES_SINCE_NS))
    for name in ("bid_size", "ask_size"):
        lots = quotes[name]
        shares = pc.if_else(in_lots, pc.multiply(lots, _ROUND_LOT), lots)
        quotes = quotes.set_column(quotes.schema.get_field_index(name), name, shares)
    return quotes
