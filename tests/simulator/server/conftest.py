"""One small synthetic day, served on a free port of this machine."""

from __future__ import annotations

from datetime import date

import pytest

from catalog import Catalog, StoredReference
from catalog.synth import synthesize
from engine.domain.markets.reference import Article
from engine.domain.session import NANOS_PER_SECOND, session
from simulator.tape import Block, DayReader

DAY = date(2026, 9, 18)
ARTICLES = 60


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the catalog of a small synthetic day with quotes, a halt, corrections and news."""
    catalog = Catalog(str(tmp_path_factory.mktemp("day")))
    synthesize(catalog, DAY, symbols=24, trades=120_000, seed=5, quotes=True)
    StoredReference(catalog).add_news([_article(n) for n in range(ARTICLES)], "made up")
    return catalog


def _article(n: int) -> Article:
    """Return an article of the second half-hour; every third names nobody."""
    at = session(DAY).open_ns + (1_800 + 30 * n) * NANOS_PER_SECOND + 123_456_789
    return Article(
        id=n + 1,
        created_at=at,
        updated_at=at + NANOS_PER_SECOND,
        headline=f"Headline {n}",
        summary=f"What happened at {n}",
        author="Nobody",
        source="made up",
        url=f"https://example.com/{n}",
        content="<p>All of it</p>",
        symbols=((), ("AAPL",), ("MSFT", "SPY"))[n % 3],
    )


@pytest.fixture(scope="session")
def reader(market: Catalog) -> DayReader:
    """Return a reader of the small day."""
    return DayReader(market, DAY)


@pytest.fixture(scope="session")
def blocks(reader: DayReader) -> list[Block]:
    """Return the small day's blocks."""
    return list(reader.blocks())
