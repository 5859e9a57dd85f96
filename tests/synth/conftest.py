"""One small synthetic day, made once, as the demo makes it."""

from __future__ import annotations

import pandas as pd
import pytest

from catalog import Catalog
from catalog.schema import Kind
from catalog.synth import SynthReport, synthesize
from tests.synth.tapes import DAY, frame


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the catalog that holds the small day."""
    return Catalog(str(tmp_path_factory.mktemp("small-day")))


@pytest.fixture(scope="session")
def report(catalog: Catalog) -> SynthReport:
    """Make the small day and return what was written."""
    return synthesize(catalog, DAY, symbols=60, trades=300_000, seed=1)


@pytest.fixture(scope="session")
def tape(catalog: Catalog, report: SynthReport) -> pd.DataFrame:
    """Return the small day's prints."""
    assert report.trades >= 300_000
    return frame(catalog, Kind.TRADES)


@pytest.fixture(scope="session")
def quotes(catalog: Catalog, report: SynthReport) -> pd.DataFrame:
    """Return the small day's quotes."""
    assert report.quotes > 0
    return frame(catalog, Kind.QUOTES)
