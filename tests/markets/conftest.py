"""Who serves the contract of markets: one look-alike with many accounts, one recorded day."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from catalog import Catalog
from catalog.synth import synthesize
from simulator.exchange import fill_mode
from simulator.server import Holder
from tests.markets.places import CASH, START, AlpacaPlace, PaperPlace, Place, busiest
from tests.simulator.server.conftest import DAY
from tests.simulator.server.served import Served, setting

HOLDERS = tuple(Holder(f"HOLDER{n}", f"secret-of-{n}", CASH) for n in range(60))
_numbers = count()


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the catalog of a day on which few symbols trade much, with quotes."""
    catalog = Catalog(str(tmp_path_factory.mktemp("market")))
    synthesize(catalog, DAY, symbols=4, trades=60_000, seed=5, quotes=True)
    return catalog


@pytest.fixture(scope="session")
def served(market: Catalog) -> Iterator[Served]:
    """Yield a look-alike whose time stands until a test lets it pass."""
    begin = setting(fills=fill_mode("size_limited"), holders=HOLDERS, paused=True, start_ns=START)
    with Served(market, begin) as running:
        yield running


@pytest.fixture(scope="session")
def busy(market: Catalog) -> str:
    """Return a symbol that trades all the time."""
    return busiest(market)


@pytest.fixture(params=["alpaca", "paper"])
def place(
    request: pytest.FixtureRequest, market: Catalog, busy: str, tmp_path: Path
) -> Iterator[Place]:
    """Yield a new account of each market in turn."""
    gc.disable()  # what is nautilus's dies in the thread that made it, not in the server's
    if request.param == "alpaca":
        running: Served = request.getfixturevalue("served")
        yield AlpacaPlace(running, HOLDERS[next(_numbers)], busy)
    else:
        yield PaperPlace(market, tmp_path / "paper.jsonl", busy)
    gc.collect()
    gc.enable()
