"""Recorded and synthetic days in a real catalog, and parameters under which they bring trades."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from catalog import Catalog
from catalog.imports.ingest import ImportOptions, import_files
from catalog.schema import Kind
from catalog.synth import synthesize

SYNTHETIC_DAY = date(2026, 9, 18)


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return a catalog with one synthetic day: 40 symbols, quotes, a halt."""
    catalog = Catalog(str(tmp_path_factory.mktemp("synthetic")))
    synthesize(catalog, SYNTHETIC_DAY, symbols=40, trades=80_000, seed=11, quotes=True)
    return catalog


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return a catalog with a smaller one, for the engine that plays every tick of it."""
    catalog = Catalog(str(tmp_path_factory.mktemp("small")))
    synthesize(catalog, SYNTHETIC_DAY, symbols=24, trades=20_000, seed=11, quotes=True)
    return catalog


@pytest.fixture(scope="session")
def recorded(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Catalog]:
    """Return a function from the name of a recorded series to a catalog of it."""
    kept: dict[str, Catalog] = {}

    def catalog_of(series: str) -> Catalog:
        if series not in kept:
            catalog = Catalog(str(tmp_path_factory.mktemp(series)))
            trades = sorted(map(str, (shared / "data" / "ticks" / series).glob("*.parquet")))
            import_files(catalog, trades, Kind.TRADES)
            quotes = sorted(map(str, (shared / "data" / "quotes" / series).glob("*.parquet")))
            if quotes:
                import_files(catalog, quotes, Kind.QUOTES, ImportOptions(consolidate=True))
            kept[series] = catalog
        return kept[series]

    return catalog_of
