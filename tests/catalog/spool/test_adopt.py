"""A spool becomes a day of the catalog, once and the same however often it is adopted."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import Catalog
from catalog.adopt import adopt
from catalog.schema import Kind
from catalog.spool import Spooled, SpoolWriter
from engine.domain.errors import DataError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import session
from tests.catalog.spool.tape import DAY, HEADING, frames, of_kind, rows
from tests.catalog.spool.test_spool import never, spool


def stored(catalog: Catalog) -> dict[tuple[str, str], str]:
    """Return the digest of every partition."""
    found = {}
    for kind in Kind:
        for day, letter in catalog.partitions.stored(kind):
            manifest = catalog.partitions.manifest(kind, day, letter)
            assert manifest is not None
            found[kind, letter] = manifest.sha256
    return found


def test_a_spool_becomes_a_day_by_arrival(tmp_path: Path) -> None:
    arrived = list(frames(90, seed=11))
    spool(tmp_path / "spool", arrived)
    catalog = Catalog(str(tmp_path / "catalog"))
    adopted = adopt(catalog, Spooled(tmp_path / "spool"))
    assert [report.kind for report in adopted.reports] == ["trades", "quotes", "statuses"]
    assert not any(report.rejected for report in adopted.reports)
    assert catalog.dates() == [DAY]
    names, hours = ["AAA", "BBB", "CCC", "DDD", "EEE", "ZZZ"], session(DAY)
    for kind, read in ((TradeBatch, catalog.trades), (QuoteBatch, catalog.quotes)):
        sent = rows(of_kind(arrived, kind))
        assert sorted(rows([read(DAY, names, 0, hours.close_ns)])) == sorted(sent)
        for name in names:
            mine = [row for row in sent if row[0] == name]
            assert rows([read(DAY, [name], 0, hours.close_ns)]) == mine
    assert rows([catalog.statuses(DAY)]) == rows(of_kind(arrived, tuple))
    assert catalog.tapes(DAY) == {"AAA": "A", "BBB": "C"}


def test_adopting_twice_changes_nothing(tmp_path: Path) -> None:
    spool(tmp_path / "spool", list(frames(90, seed=12)))
    catalog = Catalog(str(tmp_path / "catalog"))
    adopt(catalog, Spooled(tmp_path / "spool"))
    before = stored(catalog)
    adopt(catalog, Spooled(tmp_path / "spool"))
    assert stored(catalog) == before != {}


def test_a_run_that_went_on_is_adopted_anew(tmp_path: Path) -> None:
    whole = list(frames(120, seed=13))
    early, late = tmp_path / "early", tmp_path / "late"
    spool(early, whole[:60])
    catalog, other = Catalog(str(tmp_path / "catalog")), Catalog(str(tmp_path / "other"))
    adopt(catalog, Spooled(early))
    spool(early, whole[60:])
    adopt(catalog, Spooled(early))
    spool(late, whole)
    adopt(other, Spooled(late))
    assert stored(catalog) == stored(other) != {}


def test_rows_from_elsewhere_are_not_replaced_unasked(tmp_path: Path) -> None:
    catalog = Catalog(str(tmp_path / "catalog"))
    spool(tmp_path / "one", list(frames(60, seed=14)))
    adopt(catalog, Spooled(tmp_path / "one"))
    other = tmp_path / "two"
    foreign = HEADING.__class__("another", DAY, "sip", {})
    with SpoolWriter(other, foreign, never) as writer:
        for batch in frames(60, seed=15):
            writer.add(batch)
    before = stored(catalog)
    with pytest.raises(DataError, match="--replace"):
        adopt(catalog, Spooled(other))
    assert stored(catalog) == before
    adopt(catalog, Spooled(other), replace=True)
    assert stored(catalog) != before


def test_a_spool_in_which_nothing_arrived_is_refused(tmp_path: Path) -> None:
    spool(tmp_path / "spool", [])
    with pytest.raises(DataError, match="nothing arrived in run paper-2026-09-18"):
        adopt(Catalog(str(tmp_path / "catalog")), Spooled(tmp_path / "spool"))
