"""Other people's files, each read as its makers describe it."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog import Catalog
from catalog.imports.formats import Format, Reading, TimeUnit, read_file
from catalog.imports.ingest import ImportOptions, import_files
from catalog.schema import Kind
from engine.domain.errors import ConfigError, DataError, NotFoundError

MORNING_NS = 1_514_903_400_000_000_000


def read(path: Path | str, kind: Kind = Kind.TRADES, **reading: Any) -> list[dict[str, Any]]:
    """Return the raw rows of a file, its empty columns left out."""
    tables = read_file(str(path), kind, Format.AUTO, Reading(**reading))
    rows = pa.concat_tables(tables).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_csv_columns_go_by_name_and_mapping(tmp_path: Path, name: str) -> None:
    text = "sym,ts_event,last_px,size,note\nNA,1514903400000000001,172.5,100,x\nTRUE,2,1,1,y\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    first, second = read(path, columns={"symbol": "sym", "price": "last_px"})
    assert first == {
        "symbol": "NA",
        "ts_event": 1_514_903_400_000_000_001,
        "price": 172.5,
        "size": 100.0,
    }
    assert second["symbol"] == "TRUE"


@pytest.mark.parametrize(
    ("written", "reading"),
    [
        ("2018-01-02T14:30:00Z", {}),
        ("2018-01-02 14:30:00.000000000", {}),
        ("2018-01-02T09:30:00-05:00", {}),
        ("2018-01-02 09:30:00", {"timezone": "America/New_York"}),
        ("1514903400000", {"time_unit": TimeUnit.MILLISECOND}),
        ("1514903400", {"time_unit": TimeUnit.SECOND}),
    ],
)
def test_times_of_any_usual_writing_are_the_same_nanosecond(
    tmp_path: Path, written: str, reading: dict[str, Any]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"symbol,ts_event,price,size\nA,{written},1,1\n")
    assert read(path, **reading)[0]["ts_event"] == MORNING_NS


def test_parquet_timestamps_and_decimals_are_understood(tmp_path: Path) -> None:
    stamps = pa.array([MORNING_NS // 1_000], pa.timestamp("us", "UTC"))
    prices = pa.array(["172.500001"]).cast(pa.decimal128(20, 6))
    table = pa.table({"ts_event": stamps, "price": prices, "size": [1]})
    pq.write_table(table, tmp_path / "t.parquet")
    (row,) = read(tmp_path / "t.parquet", symbol="AAPL")
    assert row == {"symbol": "AAPL", "ts_event": MORNING_NS, "price": 172.500001, "size": 1.0}


def test_alpaca_samples_are_read(shared: Path, tmp_path: Path) -> None:
    samples = shared / "fixtures/alpaca/rest_samples/test_historical_stock_data.json"
    pages = json.loads(samples.read_text())
    counts = {"test_multisymbol_get_trades": 2, "test_multisymbol_quotes": 2, "test_get_bars": 2}
    for name, count in counts.items():
        page = tmp_path / f"{name}.json"
        page.write_text(json.dumps(pages[name][0], indent=1))
        kind = next(kind for kind in Kind if kind in pages[name][0])
        rows = read(page, kind)
        assert len(rows) == count
        assert rows[0]["symbol"] == "AAPL"
    trade = read(tmp_path / "test_multisymbol_get_trades.json")[0]
    assert trade["ts_event"] == 1_646_802_002_183_000_000
    assert (trade["conditions"], trade["trade_id"], trade["tape"]) == ("@TI", 151, "C")
    quote = read(tmp_path / "test_multisymbol_quotes.json", Kind.QUOTES)[0]
    assert quote["bid_size"] == 400, "sizes were round lots before 2025-11-03"


def test_alpaca_prints_that_were_taken_back_are_set_aside(tmp_path: Path, catalog: Catalog) -> None:
    def trade(**fields: Any) -> dict[str, Any]:
        return {"t": "2026-03-02T15:00:00.5Z", "x": "V", "p": 10.5, "s": 7, "z": "C"} | fields

    page = {
        "symbol": "AAPL",
        "trades": [trade(u="canceled"), trade(u="corrected"), trade(u="incorrect"), trade(c=None)],
        "next_page_token": None,
    }
    path = tmp_path / "pages.jsonl"
    path.write_text(json.dumps(page) + "\n" + json.dumps(page | {"trades": None}) + "\n")
    report = import_files(catalog, [str(path)], Kind.TRADES)
    assert report.rejected == {"canceled": 1, "incorrect": 1}
    assert report.stored_rows == 2
    assert catalog.tapes(date(2026, 3, 2)) == {"AAPL": "C"}


def test_a_page_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_text('{"quotes": {}, "next_page_token": null}')
    with pytest.raises(DataError, match="has no trades, only quotes"):
        read(path)


def test_lean_trades_carry_sale_conditions_and_suspicion(tmp_path: Path) -> None:
    text = "34200000.5,1725000,100,Q,80000021,0\n34200001,1725100,50,D,,1\n"
    first, second = read(_lean(tmp_path, "20180102_trade.zip", text))
    assert first == {
        "symbol": "AAPL",
        "ts_event": MORNING_NS + 500_000,
        "price": 172.5,
        "size": 100.0,
        "exchange": "Q",
        "conditions": "@FI",
    }
    assert second["flaw"] == "suspicious"


def test_lean_quotes_are_completed_with_the_other_side_at_their_exchange(tmp_path: Path) -> None:
    text = (
        "34200000,1725000,100,0,0,Q,1,0\n"
        "34200001,0,0,1726000,300,P,1,0\n"
        "34200002,0,0,1727000,200,Q,1,0\n"
    )
    rows = read(_lean(tmp_path, "20180102_quote.zip", text), Kind.QUOTES)
    sides = [(row["bid"], row["bid_size"], row["ask"], row["ask_size"]) for row in rows]
    assert sides == [(172.5, 100, 0, 0), (0, 0, 172.6, 300), (172.5, 100, 172.7, 200)]


def test_databento_trades_and_quotes_are_read(tmp_path: Path) -> None:
    dbn = pytest.importorskip("databento_dbn", reason="reading DBN needs the databento extra")
    header = dbn.Metadata(
        dataset="XNAS.ITCH",
        start=0,
        stype_in=dbn.SType.RAW_SYMBOL,
        stype_out=dbn.SType.INSTRUMENT_ID,
        schema=dbn.Schema.TBBO,
        symbols=["AAPL"],
        mappings=[
            SimpleNamespace(
                raw_symbol="AAPL",
                intervals=[
                    SimpleNamespace(
                        start_date=date(2018, 1, 2), end_date=date(2018, 1, 3), symbol="38"
                    )
                ],
            )
        ],
    ).encode()
    record = dbn.MBP1Msg(
        publisher_id=2,
        instrument_id=38,
        ts_event=MORNING_NS,
        price=172_500_000_000,
        size=100,
        action=dbn.Action.TRADE,
        side=dbn.Side.ASK,
        depth=0,
        ts_recv=MORNING_NS + 5,
        levels=dbn.BidAskPair(
            bid_px=172_490_000_000, ask_px=172_510_000_000, bid_sz=300, ask_sz=400
        ),
    )
    path = tmp_path / "t.dbn"
    path.write_bytes(header + bytes(record))
    (trade,) = read(path)
    assert (trade["symbol"], trade["price"], trade["size"]) == ("AAPL", 172.5, 100)
    assert (trade["ts_event"], trade["ts_init"]) == (MORNING_NS, MORNING_NS + 5)
    (quote,) = read(path, Kind.QUOTES)
    assert (quote["bid"], quote["ask"], quote["ask_size"]) == (172.49, 172.51, 400)
    path.write_bytes(header + bytes(record)[:-7])
    with pytest.raises(DataError, match="cut short"):
        read(path)


def test_every_file_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nowhere\.csv does not exist"):
        read(tmp_path / "nowhere.csv")
    for name, error, message in (
        ("t.parquet", DataError, "cannot be read as Parquet"),
        ("20180102_trade.zip", DataError, "cannot be read as a LEAN tick archive"),
        ("t.json", DataError, "is no page of Alpaca trades"),
        ("t.dbn", DataError, "cannot be read as DBN"),
        ("t.xyz", ConfigError, "--format"),
    ):
        (tmp_path / name).write_bytes(b"this is no market data, whatever its name says\n" * 9)
        with pytest.raises(error, match=message):
            read(tmp_path / name)


def test_a_missing_column_names_the_option_that_maps_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("symbol,ts_event,px,size\nA,1,1,1\n")
    with pytest.raises(ConfigError, match=r"has no column 'price' .*px.* --map price=NAME"):
        read(path)
    with pytest.raises(ConfigError, match="no column 'prize' to map"):
        read(path, columns={"prize": "px"})


def test_a_word_for_a_number_or_a_time_spoils_its_own_row_alone(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = ("A,7,1.5,1", "A,8,cheap,1", "A,9,2,lots", "A,noon,2,3", "A, 10 , 2.5 ,4")
    path.write_text("symbol,ts_event,price,size\n" + "\n".join(rows))
    found = [(row["ts_event"], row.get("price"), row.get("size")) for row in read(path)]
    assert found == [(7, 1.5, 1), (8, None, 1), (9, 2, None), (0, 2, 3), (10, 2.5, 4)]


def test_nautilus_takes_an_export_and_gives_it_back(
    catalog: Catalog, tmp_path: Path, day: date, tape: Any
) -> None:
    from catalog.export import Target, export
    from catalog.partition import write_partition

    whole = tape(500, ("AAPL", "A.B"))
    reversal = whole.slice(499).to_pylist()[0] | {"conditions": "!@"}
    taken_back = pa.Table.from_pylist([reversal]).cast(whole.schema)
    write_partition(catalog.fs, catalog.root, Kind.TRADES, day, "A", [whole, taken_back])
    report = export(catalog, tmp_path / "nautilus", Target.NAUTILUS, Kind.TRADES, [day])
    assert (report.rows, report.files, report.reversals_left_out) == (500, 2, 1)
    back = Catalog(str(tmp_path / "back"))
    import_files(back, [str(tmp_path / "nautilus")], Kind.TRADES, ImportOptions())
    ours = catalog.trades(day, ["AAPL", "A.B"], 0, 1 << 62)
    theirs = back.trades(day, ["AAPL", "A.B"], 0, 1 << 62)
    assert sorted(zip(theirs.ts_init, theirs.price, theirs.size, strict=True)) == sorted(
        zip(ours.ts_init[:-1], ours.price[:-1], ours.size[:-1], strict=True)
    )


def _lean(folder: Path, name: str, text: str) -> Path:
    path = folder / "aapl" / name
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("20180102_aapl.csv", text)
    return path
