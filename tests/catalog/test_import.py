"""Files into the catalog: what goes in comes out, in order and only once."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog
from catalog.export import Target, export
from catalog.imports.ingest import ImportOptions, import_files
from catalog.schema import Kind
from engine.domain.errors import DataError
from engine.domain.fixed_point import SIZE_SCALE
from engine.domain.session import session


def test_all_recorded_days_are_stored_whole(shared: Path, tmp_path: Path) -> None:
    files = sorted(map(str, (shared / "data/ticks").glob("*/*.parquet")))
    catalog = Catalog(str(tmp_path / "catalog"))
    report = import_files(catalog, files, Kind.TRADES)
    rows = sum(pq.ParquetFile(path).metadata.num_rows for path in files)
    assert report.rows_in == rows > 160_000
    assert report.rejected == {"price_not_positive": 5}
    assert report.stored_rows == report.rows_out == rows - 5
    assert len(catalog.dates()) == len(files)
    again = import_files(catalog, files, Kind.TRADES)
    assert (again.stored, again.unchanged) == (0, report.stored)


def test_a_recorded_day_keeps_its_order_and_exact_prices(shared: Path, catalog: Catalog) -> None:
    path, day = shared / "data/ticks/highfrequency_xxx/2018-01-02.parquet", date(2018, 1, 2)
    import_files(catalog, [str(path)], Kind.TRADES)
    recorded: Any = pq.read_table(path)
    (batch,) = catalog.trade_batches(day, "X")
    assert batch.ts_event.tolist() == recorded["ts_event"].to_pylist()
    assert batch.size.tolist() == [n * SIZE_SCALE for n in recorded["size"].to_pylist()]
    assert [batch.conditions[i] for i in batch.condition_id] == recorded["conditions"].to_pylist()
    assert batch.price.tolist() == [round(p * 1_000_000) for p in recorded["price"].to_pylist()]
    manifest = catalog.partitions.manifest(Kind.TRADES, day, "X")
    assert manifest is not None
    outside = [ts for ts in recorded["ts_event"].to_pylist() if not _in_session(ts, day)]
    assert manifest.quality["outside_session"] == len(outside) > 0


@pytest.mark.parametrize("name", ["2008-01-04", "2018-01-02"])
def test_consolidated_quotes_are_the_best_over_all_venues(
    shared: Path, catalog: Catalog, name: str
) -> None:
    path = shared / f"data/quotes/highfrequency_xxx/{name}.parquet"
    import_files(catalog, [str(path)], Kind.QUOTES, ImportOptions(consolidate=True))
    best = catalog.quotes(date.fromisoformat(name), ["XXX"], 0, 1 << 62)
    assert len(best) > 40_000
    assert (best.bid > 0).all()
    assert (best.bid <= best.ask).all()
    found = zip(
        best.bid.tolist(), best.ask.tolist(), best.bid_size.tolist(), best.ask_size.tolist(),
        strict=True,
    )  # fmt: skip
    assert list(found) == _best_quotes(pq.read_table(path).to_pylist())


def test_venue_quotes_alone_count_their_flaws(shared: Path, catalog: Catalog) -> None:
    path = shared / "data/quotes/highfrequency_xxx/2018-01-02.parquet"
    quotes = pq.read_table(path)
    report = import_files(catalog, [str(path)], Kind.QUOTES)
    sides = [quotes[name].to_numpy() for name in ("bid", "ask", "bid_size", "ask_size")]
    both = (sides[0] > 0) & (sides[1] > 0) & (sides[2] > 0) & (sides[3] > 0)
    crossed = both & (sides[0] > sides[1])
    expected = {"one_sided": (~both).sum(), "crossed": crossed.sum()}
    assert report.rejected == {flaw: n for flaw, n in expected.items() if n}


@given(data=st.data())
def test_any_order_and_any_files_give_the_same_partitions(
    data: st.DataObject, tape: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shuffled")
    whole = tape(60, ("AAPL", "BAC"))
    stamps = pc.add(whole["ts_init"], pa.array(range(60)))
    whole = whole.set_column(2, whole.schema.field("ts_init"), stamps)
    order = data.draw(st.permutations(range(60)))
    cut = data.draw(st.integers(1, 59))
    plain = pa.Table.from_pylist(whole.to_pylist())
    pq.write_table(plain, folder / "whole.parquet")
    pq.write_table(plain.take(order[:cut]), folder / "one.parquet")
    pq.write_table(plain.take(order[cut:]), folder / "two.parquet")
    straight, shuffled = (Catalog(str(folder / name)) for name in ("straight", "shuffled"))
    import_files(straight, [str(folder / "whole.parquet")], Kind.TRADES)
    import_files(shuffled, [str(folder / "two.parquet"), str(folder / "one.parquet")], Kind.TRADES)
    day = date(2018, 1, 2)
    assert straight.letters(day) == ["A", "B"]
    assert straight.data_hash(day, ["A", "B"]) == shuffled.data_hash(day, ["A", "B"])


def test_an_export_to_csv_comes_back_byte_for_byte(
    catalog: Catalog, tmp_path: Path, day: date, tape: Any
) -> None:
    plain = pa.Table.from_pylist(tape(400, ("AAPL", "BAC", "brk")).to_pylist())
    pq.write_table(plain, tmp_path / "t.parquet")
    import_files(catalog, [str(tmp_path / "t.parquet")], Kind.TRADES)
    for target, name in ((Target.CSV, "csv.gz"), (Target.PARQUET, "parquet")):
        export(catalog, tmp_path / "out", target, Kind.TRADES, [day])
        back = Catalog(str(tmp_path / f"back_{target}"))
        import_files(back, [str(tmp_path / f"out/trades-{day}.{name}")], Kind.TRADES)
        assert back.data_hash(day, ["A", "B", "_"]) == catalog.data_hash(day, ["A", "B", "_"])


def test_new_symbols_are_added_beside_those_stored(
    catalog: Catalog, day: date, trades_file: Any
) -> None:
    import_files(catalog, [trades_file("one.parquet")], Kind.TRADES)
    more = trades_file("two.parquet", symbol=["AAPL"] * 3 + ["AMZN"] * 3,
                       ts_event=_stamps(3) * 2)  # fmt: skip
    report = import_files(catalog, [more], Kind.TRADES)
    assert report.stored_rows == 6
    found = catalog.trades(day, ["AAPL", "AMZN"], 0, 1 << 62)
    assert Counter(found.symbols[i] for i in found.symbol_id) == {"AAPL": 3, "AMZN": 3}
    manifest = catalog.partitions.manifest(Kind.TRADES, day, "A")
    assert manifest is not None
    assert manifest.source == ("one.parquet", "two.parquet")


def test_rows_that_differ_need_the_word_replace(
    catalog: Catalog, day: date, trades_file: Any
) -> None:
    both = trades_file(symbol=["AAPL", "AMZN"], ts_event=_stamps(2))
    import_files(catalog, [both], Kind.TRADES)
    before = catalog.data_hash(day, ["A"])
    other = trades_file("other.parquet", symbol=["AAPL"], price=[99.0], ts_event=_stamps(1))
    with pytest.raises(DataError, match=r"AAPL on 2018-01-02 \(1 row stored, 1 .* --replace"):
        import_files(catalog, [other], Kind.TRADES)
    assert catalog.data_hash(day, ["A"]) == before
    import_files(catalog, [other], Kind.TRADES, ImportOptions(replace=True))
    found = catalog.trades(day, ["AAPL", "AMZN"], 0, 1 << 62)
    prices = {found.symbols[i]: p for i, p in zip(found.symbol_id, found.price, strict=True)}
    assert prices == {"AAPL": 99_000_000, "AMZN": 172_500_000}


def test_rows_go_to_their_new_york_date(catalog: Catalog, trades_file: Any) -> None:
    late_evening = 1_514_955_599_000_000_000
    path = trades_file(ts_event=[late_evening, late_evening + 2_000_000_000], size=[1, 2])
    import_files(catalog, [path], Kind.TRADES)
    assert catalog.dates() == [date(2018, 1, 2), date(2018, 1, 3)]


def test_equal_prints_are_kept_and_counted(catalog: Catalog, day: date, trades_file: Any) -> None:
    path = trades_file(ts_event=_stamps(1) * 4, conditions=["@", "@", "!@", "@"])
    report = import_files(catalog, [path], Kind.TRADES)
    assert catalog.trade_count(day, "A") == 4
    assert (report.quality["duplicates"], report.quality["reversals"]) == (1, 1)


def _stamps(n: int) -> list[int]:
    return [1_514_903_400_000_000_000 + i * 1_000_000_000 for i in range(n)]


def _in_session(ts: int, day: date) -> bool:
    return session(day).open_ns <= ts < session(day).close_ns


def _best_quotes(rows: list[dict[str, Any]]) -> list[tuple[int, int, int, int]]:
    """Return bid, ask and sizes after each venue quote, the slow and plain way."""
    bids: dict[str, tuple[int, int]] = {}
    asks: dict[str, tuple[int, int]] = {}
    best: list[tuple[int, int, int, int]] = []
    for row in rows:
        bid, ask = (round(row[side] * 1_000_000) for side in ("bid", "ask"))
        has_bid, has_ask = (bid > 0 and row["bid_size"] > 0), (ask > 0 and row["ask_size"] > 0)
        if has_bid and has_ask and bid > ask:
            continue
        venue = row["exchange"]
        bids.pop(venue, None)
        asks.pop(venue, None)
        if has_bid:
            bids[venue] = bid, row["bid_size"]
            asks = {name: quote for name, quote in asks.items() if quote[0] >= bid}
        if has_ask:
            asks[venue] = ask, row["ask_size"]
            bids = {name: quote for name, quote in bids.items() if quote[0] <= ask}
        if bids and asks:
            top, low = max(bids.values()), min(asks.values(), key=lambda q: (q[0], -q[1]))
            best.append((top[0], low[0], top[1], low[1]))
    return best
