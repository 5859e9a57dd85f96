"""Roof: one small synthetic day, served on a free port of this machine."""

from __future__ import annotations

from datetime import date

import pytest

from catalog import Catalog
from catalog.synth import synthesize
from simulator.tape import Block, DayReader

DAY = date(2026, 9, 18)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the catalog of a small synthetic day with quotes, a halt and corrections."""
    catalog = Catalog(str(tmp_path_factory.mktemp("day")))
    synthesize(catalog, DAY, symbols=24, trades=120_000, seed=5, quotes=True)
    return catalog


@pytest.fixture(scope="session")
def reader(market: Catalog) -> DayReader:
    """Return a reader of the small day."""
    return DayReader(market, DAY)


@pytest.fixture(scope="session")
def blocks(reader: DayReader) -> list[Block]:
    """Return the small day's blocks."""
    return list(reader.blocks())
