"""The alternative: nautilus's own engine replaying every print, with 5-second bars on all symbols.

It carries a stretch of the day, not the day: the prints are Python objects there.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import CacheConfig, LoggerConfig
from nautilus_trader.data import DataEngineConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType,
    AggressorSide,
    Bar,
    BarType,
    Currency,
    Equity,
    InstrumentId,
    Money,
    OmsType,
    Price,
    Quantity,
    Symbol,
    TradeId,
    TraderId,
    TradeTick,
    Venue,
)
from nautilus_trader.trading import Strategy

from catalog import Catalog
from engine.domain.fixed_point import SIZE_SCALE
from engine.domain.session import session


class Bars(Strategy):
    """Asks for 5-second bars of every symbol and does nothing with them."""

    def __init__(self, instruments: list[InstrumentId]) -> None:
        super().__init__()
        self.instruments = instruments
        self.seen = 0

    def on_start(self) -> None:
        """Subscribe."""
        for instrument in self.instruments:
            self.subscribe_bars(BarType.from_str(f"{instrument}-5-SECOND-LAST-INTERNAL"))

    def on_bar(self, bar: Bar) -> None:  # noqa: ARG002
        """Count."""
        self.seen += 1


def replay(root: str, day: date, start_secs: int, secs: int) -> dict[str, float]:
    """Replay the prints that arrive from ``start_secs`` after the open on, for ``secs``."""
    catalog = Catalog.open(root)
    first = session(day).open_ns + start_secs * 10**9
    usd, venue = Currency.from_str("USD"), Venue("ALPACA")
    symbols = sorted(
        {
            name
            for letter in catalog.letters(day)
            for b in catalog.trade_batches(day, letter)
            for name in b.symbols
        }
    )
    prints = catalog.trades(day, symbols, first, first + secs * 10**9)
    ids = [InstrumentId.from_str(f"{name}.ALPACA") for name in prints.symbols]
    columns = (prints.symbol_id, prints.price, prints.size, prints.ts_event, prints.ts_init)
    started = time.perf_counter()
    ticks = [
        TradeTick(
            ids[symbol],
            Price.from_raw(price * 10**10, 6),
            Quantity(max(size // SIZE_SCALE, 1), 0),
            AggressorSide.NO_AGGRESSOR,
            TradeId(str(k)),
            ts_event,
            ts_init,
        )
        for k, (symbol, price, size, ts_event, ts_init) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    ]
    made = time.perf_counter()
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("BENCH-001"),
            run_analysis=False,
            cache=CacheConfig(tick_capacity=16, bar_capacity=16),
            data_engine=DataEngineConfig(time_bars_build_with_no_updates=False),
            logging=LoggerConfig(bypass_logging=True),
        )
    )
    engine.add_venue(
        venue,
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money(1_000_000, usd)],
        base_currency=usd,
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
    )
    for instrument, name in zip(ids, prints.symbols, strict=True):
        engine.add_instrument(
            Equity(instrument, Symbol(name), usd, 6, Price.from_str("0.000001"), 0, 0)
        )
    bars = Bars(ids)
    engine.add_strategy(bars)
    engine.add_data(ticks)
    loaded = time.perf_counter()
    engine.run()
    done = time.perf_counter()
    engine.dispose()
    return {
        "trades": len(ticks),
        "symbols": len(ids),
        "bars": bars.seen,
        "objects_secs": made - started,
        "load_secs": loaded - made,
        "run_secs": done - loaded,
    }


if __name__ == "__main__":
    print(json.dumps(replay(sys.argv[1], date.fromisoformat(sys.argv[2]), *map(int, sys.argv[3:]))))
