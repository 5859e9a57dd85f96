"""How far the market went while the trades of a day were open, once they are over."""

from __future__ import annotations

from engine.accounting import measure
from engine.domain.halts import Halts
from engine.domain.market import MarketData
from engine.hub.desk import Desk


def measure_trades(desk: Desk, market: MarketData, ts: int) -> None:
    """Record the MAE and MFE of the day's trades that are over."""
    day = desk.session.day
    tapes, halts = market.tapes(day), Halts(market.statuses(day))
    for trade in desk.day_trades():
        measured = measure(trade, market, tapes, halts)
        if measured is not None:
            desk.measured(measured, ts)
