"""Ticks read late and in pieces are the ticks of the whole day."""

from __future__ import annotations

import random
from bisect import bisect_right
from operator import attrgetter

import numpy as np
import pytest
from nautilus_trader.model import QuoteTick, TradeTick

from catalog import Catalog
from engine.domain.fixed_point import SIZE_SCALE
from engine.domain.market_data.eligibility import fillable, moves_orders
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch
from engine.domain.markets.instrument import ALPACA_STOCKS
from engine.domain.session import NANOS_PER_SECOND, session
from engine.runtime.backtest.hydration import Hydration
from engine.runtime.bridge.ticks import quote_ticks, trade_ticks
from tests.runtime.conftest import SYNTHETIC_DAY

HOURS = session(SYNTHETIC_DAY)

type Day = dict[str, tuple[list[QuoteTick], list[TradeTick]]]


@pytest.fixture(scope="module")
def day(synthetic: Catalog) -> Day:
    """Return all ticks of the busiest symbols."""
    halts = Halts(synthetic.statuses(SYNTHETIC_DAY))
    tapes = synthetic.tapes(SYNTHETIC_DAY)
    ticks: Day = {}
    for symbol in ("SPY", "QQQ", "IWM"):
        span = SYNTHETIC_DAY, [symbol], HOURS.pre_market_ns, HOURS.close_ns + 1
        quotes, trades = synthetic.quotes(*span), synthetic.trades(*span)
        ticks[symbol] = (
            quote_ticks(quotes.rows(fillable(quotes) & ~halts.covers(quotes)), ALPACA_STOCKS),
            trade_ticks(
                trades.rows(moves_orders(trades, tapes) & ~halts.covers(trades)), ALPACA_STOCKS
            ),
        )
    return ticks


def test_stretches_put_together_are_the_day(synthetic: Catalog, day: Day) -> None:
    hydration = Hydration(synthetic, HOURS, Halts(synthetic.statuses(SYNTHETIC_DAY)), ALPACA_STOCKS)
    cuts = sorted(random.Random(3).sample(range(HOURS.open_ns, HOURS.close_ns), 400))
    quotes: list[QuoteTick] = []
    trades: list[TradeTick] = []
    for start, end in zip([HOURS.pre_market_ns, *cuts], [*cuts, HOURS.close_ns + 1], strict=True):
        more_quotes, more_trades = hydration.stretch(["QQQ"], start, end)
        quotes += more_quotes
        trades += more_trades

    assert (quotes, trades) == day["QQQ"]
    assert trades
    assert hydration.ticks == len(quotes) + len(trades)


def test_the_last_ticks_are_the_last_and_come_in_order(synthetic: Catalog, day: Day) -> None:
    hydration = Hydration(synthetic, HOURS, Halts(synthetic.statuses(SYNTHETIC_DAY)), ALPACA_STOCKS)
    arrived = attrgetter("ts_event")
    chance = random.Random(4)
    for now in (chance.randrange(HOURS.open_ns, HOURS.close_ns) for _ in range(200)):
        symbol = chance.choice(list(day))
        expected = [
            ticks[count - 1]
            for ticks in day[symbol]
            if (count := bisect_right(ticks, now, key=arrived))
        ]

        found = hydration.last([symbol], now)
        assert sorted(map(arrived, expected)) == list(map(arrived, found))
        assert {str(tick).rsplit(",", 1)[0] for tick in found} == {
            str(tick).rsplit(",", 1)[0] for tick in expected
        }
        assert {tick.ts_init for tick in found} <= {now}


def test_prints_of_a_halt_move_no_orders() -> None:
    ts = np.arange(6) * NANOS_PER_SECOND
    ids = np.array([0, 0, 1, 0, 0, 0], np.int32)
    zeros = np.zeros(6, np.int32)
    batch = TradeBatch(ids, ("AAA", "BBB"), ts, ts, ts + 1, ts * 0 + SIZE_SCALE, zeros, ("",))
    halts = Halts(
        [
            TradingStatus("AAA", int(ts[1]), int(ts[1]), halted=True, reason=""),
            TradingStatus("AAA", int(ts[4]), int(ts[4]), halted=False, reason=""),
            TradingStatus("AAA", int(ts[5]), int(ts[5]), halted=True, reason=""),
        ]
    )

    assert halts.covers(batch).tolist() == [False, True, False, True, False, True]
    assert [status.symbol for status in halts.resume_all(9)] == ["AAA"]


def test_only_prints_that_set_a_last_price_move_orders() -> None:
    codes = ("", "@", "I", "M", "T", "!")
    n = len(codes)
    ones, ids = np.ones(n, np.int64), np.arange(n, dtype=np.int32)
    batch = TradeBatch(ids * 0, ("AAA",), ones, ones, ones, ones * SIZE_SCALE, ids, codes)

    assert moves_orders(batch, {}).tolist() == [True, True, False, False, True, False]
    assert not len(moves_orders(batch.rows(slice(0, 0)), {}))
