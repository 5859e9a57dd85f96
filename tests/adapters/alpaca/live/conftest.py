"""Who serves the scene, and the stock that is traded in it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest

from catalog import Catalog
from engine.domain.fixed_point import decimal_price
from engine.domain.market_data.eligibility import moves_orders
from simulator.tape import Mode
from tests.adapters.alpaca.live.scene import CENT, OPEN, SECOND, Scene, Stock
from tests.simulator.server.conftest import DAY, market
from tests.simulator.server.served import Served, setting

__all__ = ["market"]


@pytest.fixture(autouse=True)
def collected_here() -> Iterator[None]:
    """Collect garbage in this thread alone: what is nautilus's dies where it was made."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def served(market: Catalog) -> Iterator[Served]:
    with Served(market, setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN)) as running:
        yield running


@pytest.fixture(scope="module")
def stock(market: Catalog) -> Stock:
    """Return the symbol with most prints around the time of these tests."""
    names = [row["symbol"] for row in market.instruments.table().to_pylist()]
    batch = market.trades(DAY, names, OPEN + 60 * SECOND, OPEN + 4_500 * SECOND)
    batch = batch.rows(moves_orders(batch, market.tapes(DAY)))
    number = int(np.bincount(batch.symbol_id).argmax())
    mine = batch.rows(batch.symbol_id == number)
    first = int(np.searchsorted(mine.ts_init, OPEN + 900 * SECOND))
    peak = int(mine.price[:first].argmax())
    high, low = (decimal_price(int(price)) for price in (mine.price[peak], mine.price[peak:].min()))
    return Stock(
        mine.symbols[number], high.quantize(CENT), int(mine.ts_init[peak]), low.quantize(CENT)
    )


@pytest.fixture
def scene(served: Served, stock: Stock) -> Scene:
    return Scene(served, stock)


@pytest.fixture
def running(market: Catalog) -> Iterator[Served]:
    with Served(market, setting(speed=20.0, start_ns=OPEN, paused=True)) as served:
        yield served
