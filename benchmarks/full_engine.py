"""Every tick of a day an event: our full engine beside nautilus alone with the same ticks."""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import CacheConfig, LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import AccountType, Currency, Money, OmsType, TraderId, Venue

from catalog import Catalog
from engine.domain.market_data.eligibility import fillable, moves_orders
from engine.domain.market_data.halts import Halts
from engine.domain.markets.instrument import ALPACA_STOCKS
from engine.domain.parameters import Parameters
from engine.domain.session import Session, session
from engine.journal import MemoryJournal
from engine.runtime import Engine, run_backtest
from engine.runtime.bridge.ticks import quote_ticks, trade_ticks
from engine.runtime.bridge.values import nautilus_instrument
from strategies import Acceleration

_CASH = 100_000


def ours(catalog: Catalog, day: date, symbols: list[str]) -> tuple[int, float]:
    """Run the full engine on a day; return how many ticks were events, and the CPU seconds."""
    started = time.process_time()
    outcome = run_backtest(
        catalog,
        [day],
        Parameters(),
        strategies=[Acceleration()],
        journal=MemoryJournal(),
        starting_balance=Decimal(_CASH),
        engine=Engine.FULL,
        symbols=symbols,
    )
    return outcome.days[0].ticks, time.process_time() - started


def alone(catalog: Catalog, hours: Session, symbols: list[str]) -> tuple[int, float]:
    """Replay the same ticks through nautilus's engine with nothing on it; they are made before."""
    span = hours.day, symbols, hours.pre_market_ns, hours.close_ns
    tapes, halts = catalog.tapes(hours.day), Halts(catalog.statuses(hours.day))
    quotes, trades = catalog.quotes(*span), catalog.trades(*span)
    ticks = [
        quote_ticks(quotes.rows(fillable(quotes) & ~halts.covers(quotes)), ALPACA_STOCKS),
        trade_ticks(
            trades.rows(moves_orders(trades, tapes) & ~halts.covers(trades)), ALPACA_STOCKS
        ),
    ]
    usd = Currency.from_str("USD")
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("BENCH-001"),
            run_analysis=False,
            cache=CacheConfig(tick_capacity=2, bar_capacity=2),
            logging=LoggerConfig(bypass_logging=True),
        )
    )
    engine.add_venue(
        Venue(ALPACA_STOCKS.venue),
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money(_CASH, usd)],
        base_currency=usd,
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
    )
    for symbol in symbols:
        engine.add_instrument(nautilus_instrument(ALPACA_STOCKS.find(symbol)))
    started = time.process_time()
    for stream in ticks:
        engine.add_data(stream, validate=False, sort=False)
    engine.sort_data()
    engine.run()
    secs = time.process_time() - started
    engine.dispose()
    return sum(map(len, ticks)), secs


def compare(root: str, day: date) -> dict[str, float]:
    """Run both on all symbols of a day."""
    catalog = Catalog.open(root)
    batches = (b for letter in catalog.letters(day) for b in catalog.trade_batches(day, letter))
    symbols = sorted({name for batch in batches for name in batch.symbols})
    theirs, their_secs = alone(catalog, session(day), symbols)
    ticks, secs = ours(catalog, day, symbols)
    return {
        "ticks": ticks,
        "ticks_per_sec": ticks / secs,
        "alone_per_sec": theirs / their_secs,
    }


if __name__ == "__main__":
    print(json.dumps(compare(sys.argv[1], date.fromisoformat(sys.argv[2]))))
