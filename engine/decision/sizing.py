"""How much, by the tightest of several limits."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.decision.bracket_prices import BracketPrices
from engine.domain.fixed_point import Shares
from engine.domain.markets.instrument import Instrument
from engine.domain.parameters import Parameters


class SizeLimit(StrEnum):
    """What may bound the size of a trade; of equal limits the first is named."""

    TICK_GRID = "tick_grid"
    POSITION_NOTIONAL = "position_notional"
    RISK_PER_TRADE = "risk_per_trade_percent"
    EQUITY = "equity"
    VOLUME_SHARE = "max_volume_share_percent"
    OPEN_NOTIONAL = "max_open_notional"


class Size(msgspec.Struct, frozen=True):
    """In whole size steps, zero when the limit that binds does not allow one."""

    quantity: Decimal
    limit: SizeLimit


def bracket_size(
    prices: BracketPrices,
    params: Parameters,
    instrument: Instrument,
    session_volume: Shares,
    *,
    equity: Decimal,
    open_notional: Decimal,
) -> Size:
    """Return the largest size that every limit allows.

    Parameters
    ----------
    session_volume : Shares
        Shares traded since the open. It stands for the average daily volume, which the tape of
        one day cannot know.
    equity, open_notional : Decimal
        Quote currency. All open trades together stay within equity: the engine does not borrow.
    """
    if not prices.has_room:
        return Size(Decimal(0), SizeLimit.TICK_GRID)
    risk = params.risk_per_trade_percent * equity / 100
    limits = {
        SizeLimit.POSITION_NOTIONAL: params.position_notional / prices.entry,
        SizeLimit.RISK_PER_TRADE: risk / prices.stop_distance,
        SizeLimit.EQUITY: (equity - open_notional) / prices.entry,
    }
    if params.max_volume_share_percent is not None:
        share = params.max_volume_share_percent / 100
        limits[SizeLimit.VOLUME_SHARE] = share * session_volume
    if params.concurrent_trading:
        room = params.max_open_notional - open_notional
        limits[SizeLimit.OPEN_NOTIONAL] = room / prices.entry
    limit = min(limits, key=limits.__getitem__)
    return Size(instrument.floored(max(Decimal(0), limits[limit])), limit)
