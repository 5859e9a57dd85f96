"""Halts and resumes, as the exchange announced them."""

from __future__ import annotations

import msgspec


class TradingStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From ``ts_event`` on a symbol is halted or trades again; ``ts_init`` is the arrival."""

    symbol: str
    ts_event: int
    ts_init: int
    halted: bool
    reason: str
