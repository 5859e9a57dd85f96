"""Rows that no market sends are left out by the decoder; the log reports them."""

from __future__ import annotations

import asyncio
import logging

from adapters.alpaca.wire import FrameDecoder

_FLAWS = (
    "no_symbol", "bad_time", "price_not_a_number", "price_not_positive", "price_too_large",
    "size_not_exact", "size_not_whole", "size_not_positive", "size_too_large", "notional_too_large",
    "unreadable_messages",
)  # fmt: skip
_LOOK_SECS, _QUIET_SECS = 1.0, 60.0

_log = logging.getLogger(__name__)


async def tell_flaws(decoder: FrameDecoder) -> None:
    """Log which rows were left out, at most once a minute, until cancelled."""
    told = dict.fromkeys(_FLAWS, 0)
    while True:
        counters = decoder.counters
        counted = {flaw: counters[flaw] for flaw in _FLAWS}
        fresh = {flaw: counted[flaw] - told[flaw] for flaw in _FLAWS if counted[flaw] > told[flaw]}
        if fresh:
            told = counted
            named = (f"{count} {flaw}" for flaw, count in fresh.items())
            _log.warning("rows of the feed were left out: %s", ", ".join(named))
        await asyncio.sleep(_QUIET_SECS if fresh else _LOOK_SECS)
