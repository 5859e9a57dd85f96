"""Beside the look-alike: a recorded day small enough to be asked for whole."""

from __future__ import annotations

from datetime import date

from catalog import Catalog, StoredReference
from catalog.synth import synthesize
from engine.domain.markets.reference import Article, CorporateAction
from engine.domain.session import session

DAY = date(2018, 9, 18)
"""Before quote sizes were shares; long over."""

CLOSE = session(DAY).close_ns
MINUTE = 60_000_000_000


def record(root: str) -> Catalog:
    """Store the day with its news and corporate actions, and return its catalog."""
    catalog = Catalog(root)
    synthesize(catalog, DAY, symbols=60, trades=60_000, seed=11, quotes=True)
    reference = StoredReference(catalog)
    reference.add_news([_article(n) for n in range(120)], "made up")
    reference.add_corporate_actions([dividend("AAPL", 1), dividend("MSFT", 2), RENAMED], "made up")
    return catalog


def _article(n: int) -> Article:
    at = CLOSE - (120 - n) * MINUTE
    return Article(
        id=n,
        created_at=at,
        updated_at=at + 500_000_000,
        headline=f"Headline {n}",
        summary="What happened",
        author="Nobody",
        source="made up",
        url=f"https://example.com/{n}",
        content="<p>All of it</p>" if n % 2 else "",
        symbols=("AAPL", "MSFT") if n % 3 else ("QQQ",),
        images=(("thumb", f"https://example.com/{n}.png"),),
    )


def dividend(symbol: str, number: int) -> CorporateAction:
    """Return a made-up dividend."""
    identity = f"11cfd108-292e-4cc6-bfbf-5999cdbc40{number:02}"
    detail = {
        "id": identity,
        "symbol": symbol,
        "cusip": "037833100",
        "rate": 0.125,
        "special": False,
        "foreign": False,
        "process_date": DAY.isoformat(),
        "ex_date": DAY.isoformat(),
    }
    return CorporateAction(
        id=identity, kind="cash_dividend", process_date=DAY, symbols=(symbol,), detail=detail
    )


RENAMED = CorporateAction(
    id="5a774c35-edec-4532-a812-a56d0bbb623a",
    kind="name_change",
    process_date=DAY,
    symbols=("OLDIE", "QQQ"),
    detail={
        "id": "5a774c35-edec-4532-a812-a56d0bbb623a",
        "old_symbol": "OLDIE",
        "old_cusip": "G11537100",
        "new_symbol": "QQQ",
        "new_cusip": "Y9390M103",
        "process_date": DAY.isoformat(),
    },
)
