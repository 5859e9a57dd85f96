"""What nautilus forgets of a live day, on a cache that a simulated venue has filled."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType,
    AggressorSide,
    Equity,
    InstrumentId,
    Money,
    OmsType,
    OrderSide,
    Price,
    Quantity,
    Symbol,
    TradeId,
    TraderId,
    TradeTick,
    Venue,
)
from nautilus_trader.trading import Strategy

from engine.domain.session import NANOS_PER_SECOND
from engine.runtime.bridge.values import currency_of
from engine.runtime.live.cache_purger import CachePurger

START = 1_789_738_200 * NANOS_PER_SECOND
OVER, HELD = (InstrumentId.from_str(f"{symbol}.XNAS") for symbol in ("OVER", "HELD"))
PRINTS = ((OVER, 100.0), (HELD, 100.0), (OVER, 104.0), (HELD, 100.0))


class OneBracketEach(Strategy):
    """Enters each symbol at its first print."""

    def on_start(self) -> None:
        """Subscribe to both."""
        self.entered: set[InstrumentId] = set()
        for stock in (OVER, HELD):
            self.subscribe_trades(stock)

    def on_trade(self, trade: TradeTick) -> None:
        """Send a bracket, once."""
        if trade.instrument_id not in self.entered:
            self.entered.add(trade.instrument_id)
            bracket = self.order_factory.bracket(
                trade.instrument_id, OrderSide.BUY, Quantity(100, 0), tp_price=Price(103, 2),
                tp_post_only=False, sl_trigger_price=Price(98.5, 2),
            )  # fmt: skip
            self.submit_order_list(bracket)


@pytest.fixture
def engine() -> Iterator[BacktestEngine]:
    made = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("TRADECTL-001"),
            run_analysis=False,
            logging=LoggerConfig(bypass_logging=True),
        )
    )
    nothing = Decimal(0)
    made.add_venue(
        Venue("XNAS"), OmsType.NETTING, AccountType.MARGIN, [Money(100_000, currency_of("USD"))],
        base_currency=currency_of("USD"), fee_model=MakerTakerFeeModel(nothing, nothing),
    )  # fmt: skip
    for stock in (OVER, HELD):
        symbol = Symbol(stock.symbol.value)
        made.add_instrument(Equity(stock, symbol, currency_of("USD"), 2, Price(0.01, 2), 0, 0))
    made.add_strategy(OneBracketEach())
    made.add_data([_print(*row, second) for second, row in enumerate(PRINTS)])
    made.run()
    yield made
    made.dispose()


def _print(stock: InstrumentId, price: float, second: int) -> TradeTick:
    ts = START + second * NANOS_PER_SECOND
    side, name = AggressorSide.NO_AGGRESSOR, TradeId(str(second))
    return TradeTick(stock, Price(price, 2), Quantity(500, 0), side, name, ts, ts)


def test_what_is_long_over_is_forgotten_and_an_open_bracket_is_kept_whole(
    engine: BacktestEngine,
) -> None:
    cache = engine.cache
    forgetting = CachePurger(cache)
    assert [len(cache.orders(instrument_id=stock)) for stock in (OVER, HELD)] == [3, 3]
    assert cache.positions_closed_count() == 1

    forgetting.look(START + 300 * NANOS_PER_SECOND)
    assert cache.orders_total_count() == 6, "a late update still finds its order"

    forgetting.look(START + 700 * NANOS_PER_SECOND)
    assert {order.instrument_id for order in cache.orders()} == {HELD}
    assert len(cache.orders()) == 3
    (position,) = cache.positions()
    assert position.instrument_id == HELD
    assert position.is_open
