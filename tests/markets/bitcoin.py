"""Beside the tests: an instrument unlike any US stock, and a day on which its grid changes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from engine.domain.account import TradingAccount
from engine.domain.markets.instrument import Instrument, InstrumentKind, TimeInForce
from engine.domain.markets.tick_grid import PriceGrid, TickGrid
from engine.domain.session import Calendar

BYBIT = TradingAccount("BYBIT", "main", "USDT")
COARSE, FINE = TickGrid.of(("0", "0.5")), TickGrid.of(("0", "0.1"))
FINE_SINCE = date(2026, 9, 18)

BITCOIN = Instrument(
    key="BTCUSDT.BYBIT",
    symbol="BTCUSDT",
    venue=BYBIT.venue,
    venue_symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    settle="USDT",
    kind=InstrumentKind.SPOT,
    prices=PriceGrid.dated((date(2020, 1, 1), COARSE), (FINE_SINCE, FINE)),
    price_decimals=6,
    size_decimals=6,
    size_step=Decimal("0.000001"),
    min_quantity=Decimal("0.000048"),
    min_notional=Decimal(5),
    calendar=Calendar.ALWAYS,
    shortable=False,
    fractionable=True,
    min_stop_distance=Decimal("0.1"),
    time_in_force=TimeInForce.GTC,
    aliases=("btc", "xbt"),
)
