"""Files that were once refused, crashed on or read wrongly, each with its right answer."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from catalog import Catalog
from catalog.schema import Kind
from cli.catalog import command as commands

CASES = Path(__file__).with_name("cases")
DAY = date(2026, 9, 18)
AT = 1_789_739_100_000_000_000
USAGE, BAD_DATA = 2, 3

type Imported = tuple[int, dict[str, Any], Catalog]


@pytest.fixture
def bring(tmp_path: Path) -> Any:
    """Return an importer of one file: exit code, the one JSON object, and the catalog after it."""

    def call(file: Path | str, *options: str) -> Imported:
        root = tmp_path / "catalog"
        line = ["import", str(file), *options, "--catalog", str(root), "--json"]
        result = CliRunner().invoke(commands.app, line)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.stderr
        (answer,) = map(json.loads, result.stdout.splitlines())
        return result.exit_code, answer, Catalog(str(root))

    return call


def stored(catalog: Catalog, kind: Kind = Kind.TRADES) -> list[dict[str, Any]]:
    return [
        row
        for day, letter in catalog.partitions.stored(kind)
        for table in catalog.partitions.tables(kind, day, letter)
        for row in table.to_pylist()
    ]


def csv_file(folder: Path, *lines: str, header: str = "symbol,ts_event,price,size") -> Path:
    path = folder / "rows.csv"
    path.write_bytes("\n".join([header, *lines, ""]).encode("utf-8", "surrogateescape"))
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_of_two_columns_of_one_name_one_has_to_be_named(bring: Any, ending: str) -> None:
    file = CASES / f"two_columns_of_one_name.{ending}"
    code, answer, _ = bring(file)
    assert code == USAGE
    assert "2 columns 'price'" in answer["message"]
    assert "--map price=price#2" in answer["message"]
    code, _, catalog = bring(file, "--map", "price=price#2")
    assert code == 0
    assert [float(row["price"]) for row in stored(catalog)] == [61.6, 61.7]


MAPPED = ("symbol=ticker", "ts_event=participant_timestamp", "ts_init=sip_timestamp")


@pytest.mark.parametrize("maps", [(), MAPPED])
def test_a_flat_file_of_polygon_is_known(bring: Any, maps: tuple[str, ...]) -> None:
    options = [word for each in maps for word in ("--map", each)]
    code, answer, catalog = bring(CASES / "polygon_flat_file.csv", *options)
    assert (code, answer["rows_out"], answer["warnings"]) == (0, 40, [])
    assert answer["quality"]["unknown_conditions"] == 0
    assert catalog.tapes(DAY) == {"KO": "A"}
    rows = stored(catalog)
    assert {row["conditions"] for row in rows} == {"TI"}
    assert (rows[0]["ts_event"], rows[0]["ts_init"]) == (AT, AT + 300_000)


def test_prints_that_polygon_took_back_are_set_aside(bring: Any, tmp_path: Path) -> None:
    header = "ticker,participant_timestamp,sip_timestamp,price,size,conditions,correction,tape"
    lines = [f"KO,{AT + n},{AT + n},61.5,1,,{c},3" for n, c in enumerate((0, 1, 7, 8, 10, 11, 12))]
    code, answer, _ = bring(csv_file(tmp_path, *lines, header=header))
    assert (code, answer["rejected"]) == (0, {"incorrect": 3, "canceled": 2})


@pytest.mark.parametrize(
    ("said", "tape"),
    [("A", "A"), ("c", "C"), ("1", "A"), ("2", "B"), ("3", "C"), ("UTP", "C"), ("utp", "C"),
     ("X", None), ("7", None)],
)  # fmt: skip
def test_a_tape_is_a_letter_or_unknown(
    bring: Any, tmp_path: Path, said: str, tape: str | None
) -> None:
    file = csv_file(tmp_path, f"KO,{AT},61.5,100,{said}", header="symbol,ts_event,price,size,tape")
    code, answer, catalog = bring(file)
    assert code == 0
    assert catalog.tapes(DAY).get("KO") == tape
    assert [each["code"] for each in answer["warnings"]] == ["unknown_tapes"] * (tape is None)


def test_conditions_written_as_lists_are_lists(bring: Any) -> None:
    file = CASES / "conditions_as_list_text.csv"
    code, answer, catalog = bring(file, "--map", "ts_event=timestamp")
    assert (code, answer["quality"]["unknown_conditions"], answer["warnings"]) == (0, 0, [])
    assert {row["conditions"] for row in stored(catalog)} == {"@F", "@"}


@pytest.mark.parametrize(
    ("written", "codes"),
    [("'@,F'", "@F"), ('["@","F"]', "@F"), ("(@;F)", "@F"), ("@TI", "@TI"), ("[]", ""),
     ("['@TI']", "@TI"), ("@ T", "@ T"), ("!@F", "!@F")],
)  # fmt: skip
def test_every_unambiguous_list_is_read(
    bring: Any, tmp_path: Path, written: str, codes: str
) -> None:
    rows = {"symbol": ["KO"], "ts_event": [AT], "price": [61.5], "size": [1]}
    said = written.strip("'") if written.startswith("'") else written
    pq.write_table(pa.table(rows | {"conditions": [said]}), tmp_path / "t.parquet")
    code, _, catalog = bring(tmp_path / "t.parquet")
    assert (code, [row["conditions"] for row in stored(catalog)]) == (0, [codes])


def test_a_column_of_lists_is_read(bring: Any, tmp_path: Path) -> None:
    rows: dict[str, Any] = {"symbol": ["KO"] * 3, "ts_event": [AT, AT + 1, AT + 2]}
    rows |= {"price": [61.5] * 3, "size": [1] * 3, "conditions": [["@", "T"], None, []]}
    pq.write_table(pa.table(rows), tmp_path / "t.parquet")
    _, _, catalog = bring(tmp_path / "t.parquet")
    assert [row["conditions"] for row in stored(catalog)] == ["@T", "", ""]


@pytest.mark.parametrize("resolution", ["second", "minute", "hour", "daily"])
def test_bars_of_lean_are_no_ticks(bring: Any, tmp_path: Path, resolution: str) -> None:
    own = CASES / "lean/equity/usa/minute/ko/20260918_trade.zip"
    for folder, inner in (
        (resolution, "20260918_ko.csv"),
        ("tick", f"20260918_ko_{resolution.title()}_trade.csv"),
    ):
        path = tmp_path / folder / "ko" / "20260918_trade.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(inner, "34200000,615000,615100,614900,615000,200\n")
        for file in (path, own):
            code, answer, catalog = bring(file)
            assert (code, catalog.dates()) == (USAGE, [])
            assert "are no ticks" in answer["message"]


def test_quotes_of_lean_are_pairs_of_rows(bring: Any, tmp_path: Path) -> None:
    rows = (
        "34200000,615000,100,0,0,P,1,0",  # a pair over two exchanges …
        "34200000,0,0,615100,300,Q,1,0",
        "34200001,616000,100,0,0,Q,1,0",  # … the next one, which halves would cross with the first
        "34200001,0,0,616200,200,P,1,0",
        "34200002,0,0,616300,400,P,1,0",  # an ask alone: the bid of its exchange stays
        "34200003,616100,500,0,0,P,1,0",  # a bid whose ask is of another moment, and is flawed
        "34200004,0,0,cheap,500,P,1,0",
    )
    path = tmp_path / "tick" / "ko" / "20260918_quote.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("20260918_ko_Quote_Tick.csv", "\n".join(rows))
    code, answer, catalog = bring(path, "--kind", "quotes")
    found = [
        tuple(float(row[name]) for name in ("bid", "bid_size", "ask", "ask_size"))
        for row in stored(catalog, Kind.QUOTES)
    ]
    assert (code, answer["rejected"]) == (0, {"price_not_a_number": 1})
    assert found == [
        (61.5, 100, 61.51, 300),
        (61.6, 100, 61.62, 200),
        (61.5, 100, 61.63, 400),
        (61.61, 500, 61.63, 400),
    ]


def test_lines_that_end_in_carriage_returns_are_refused(bring: Any, tmp_path: Path) -> None:
    file = tmp_path / "cr.csv"
    file.write_bytes(b"symbol,ts_event,price,size\rKO,1789739100000000000,10,100\r")
    code, answer, _ = bring(file)
    assert code == BAD_DATA
    assert "end lines with a line feed" in answer["message"]


def test_an_archive_that_is_packed_like_a_bomb_is_not_read(bring: Any, tmp_path: Path) -> None:
    path = tmp_path / "tick" / "ko" / "20260918_trade.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("20260918_ko_Trade_Tick.csv", b"0" * (80 << 20))
    code, answer, _ = bring(path)
    assert code == BAD_DATA
    assert "no archive of ticks is packed like that" in answer["message"]


@pytest.mark.parametrize(
    ("name", "rejected", "rows"),
    [
        ("one_sentinel_time.parquet", {"bad_time": 1}, 2),
        ("undefined_time.dbn", {"bad_time": 1}, 2),
        ("below_half_a_millionth.csv", {"price_not_positive": 1}, 2),
    ],
)
def test_a_cell_that_cannot_be_costs_its_row_alone(
    bring: Any, name: str, rejected: dict[str, int], rows: int
) -> None:
    if name.endswith("dbn"):
        pytest.importorskip("databento_dbn", reason="reading DBN needs the databento extra")
    code, answer, catalog = bring(CASES / name)
    assert (code, answer["rejected"], len(stored(catalog))) == (0, rejected, rows)
    assert [each["code"] for each in answer["warnings"]] == ["set_aside"]


def test_a_side_of_a_quote_below_half_a_millionth_is_none(bring: Any, tmp_path: Path) -> None:
    header = "symbol,ts_event,bid,ask,bid_size,ask_size"
    lines = (f"KO,{AT},0.0000004,1,1,1", f"KO,{AT + 1},0.0000006,1,1,1")
    code, answer, _ = bring(csv_file(tmp_path, *lines, header=header), "--kind", "quotes")
    assert (code, answer["rejected"], answer["rows_out"]) == (0, {"one_sided": 1}, 1)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([AT // 1000, 2**62], pa.timestamp("us")),
        pa.array([AT // 1_000_000, -(2**62)], pa.timestamp("ms", "UTC")),
        pa.array([AT // 10**9, 2**40], pa.timestamp("s")),
        pa.array([AT, 2**64 - 1], pa.uint64()),
        pa.array([float(AT), float("inf")]),
        pa.array([float(AT), None]),
        pa.array([str(AT), "9" * 30]),
        pa.array(["2026-09-18T13:45:00Z", "9999-12-31T00:00:00Z"]),
        pa.array(["2026-09-18 13:45:00", str(2**63)]),
        pa.array([str(AT), "soon"]).dictionary_encode(),
        pa.array([str(AT).encode(), b"\xff"]),
    ],
    ids=str,
)
def test_no_time_of_any_type_refuses_its_file(bring: Any, tmp_path: Path, column: Any) -> None:
    rows = {"symbol": ["KO"] * 2, "price": [61.5] * 2, "size": [100] * 2}
    pq.write_table(pa.table(rows | {"ts_event": column}), tmp_path / "t.parquet")
    code, answer, catalog = bring(tmp_path / "t.parquet")
    assert (code, answer["rejected"]) == (0, {"bad_time": 1})
    assert [row["ts_event"] // 10**6 for row in stored(catalog)] == [AT // 10**6]


def test_each_time_is_read_by_its_own_spelling(bring: Any, tmp_path: Path) -> None:
    written = ("2026-09-18 09:45:00", str(AT + 10**9), "2026-09-18T13:45:02Z",
               "2026-09-18T09:45:03-04:00", f"{AT + 4 * 10**9}.75")  # fmt: skip
    lines = (f"KO,{each},61.5,100" for each in written)
    code, answer, catalog = bring(csv_file(tmp_path, *lines), "--tz", "America/New_York")
    assert (code, answer["rejected"]) == (0, {})
    assert [row["ts_event"] - AT for row in stored(catalog)] == [n * 10**9 for n in range(5)]


def test_tickers_are_trimmed_and_exact(bring: Any) -> None:
    code, answer, catalog = bring(CASES / "padded_tickers.csv")
    assert (code, answer["rejected"]) == (0, {"no_symbol": 1})
    names = [row["symbol"] for row in stored(catalog)]
    assert sorted(names) == ["BACpL", "BF-B", "BRK.B", "BRK/B", "KO", "KO", "KO", "KO", "brk.b"]


@pytest.mark.parametrize(
    "name", ["..", "/etc/x", "=cmd|' /C calc'!A0", "K\0O", "K\nO", "-x", "A..B", "1234", "K O",
             "A" * 33, "Ä", "\u200bKO"]
)  # fmt: skip
def test_what_is_no_symbol_is_set_aside(bring: Any, tmp_path: Path, name: str) -> None:
    rows = {"symbol": [name, "KO"], "ts_event": [AT] * 2, "price": [61.5] * 2, "size": [100] * 2}
    pq.write_table(pa.table(rows), tmp_path / "t.parquet")
    code, answer, catalog = bring(tmp_path / "t.parquet")
    assert (code, answer["rejected"]) == (0, {"no_symbol": 1})
    assert [row["symbol"] for row in stored(catalog)] == ["KO"]


def test_a_saturday_is_no_newest_date(bring: Any) -> None:
    code, _, catalog = bring(CASES / "test_symbol_on_a_saturday.csv")
    assert (code, len(stored(catalog)), catalog.dates()) == (0, 2, [])
    _, _, catalog = bring(CASES / "padded_tickers.csv")
    assert catalog.dates() == [DAY]


@pytest.mark.parametrize(
    ("line", "flaw"),
    [
        ('KO,{at},61.5,"100', "bad_line"),
        ('"KO,{at},61.5,100', "bad_line"),
        ("KO,{at},61.5,100,more", "bad_line"),
        ("KO,{at},61.5", "bad_line"),
        ("K\udcff,{at},61.5,100", "bad_line"),
        ("K\0O,{at},61.5,100", "bad_line"),
        ('KO,{at},6"1.5,100', "bad_line"),
        (",{at},61.5,100", "no_symbol"),
    ],
)
def test_a_line_that_is_no_row_takes_no_other_with_it(
    bring: Any, tmp_path: Path, line: str, flaw: str
) -> None:
    sound = [f"KO,{AT + n},61.5,100" for n in range(1, 5)]
    lines = (*sound[:2], line.format(at=AT), f'"KO",{AT + 9},"61.5",100', *sound[2:])
    code, answer, catalog = bring(csv_file(tmp_path, *lines))
    assert (code, answer["rejected"], len(stored(catalog))) == (0, {flaw: 1}, 5)
    (row,) = pq.read_table(f"{catalog.root}/{answer['quarantine']}").to_pylist()
    assert row["row"] == 3


def test_columns_that_nobody_needs_are_not_read(bring: Any, tmp_path: Path) -> None:
    rows = 330_000  # more than 16 MiB, in which the notes are empty
    notes = ["" if n < rows - 9 else "word" for n in range(rows)]
    stamps = range(AT, AT + rows)
    lines = (f"KO,{ts},61.500000000000000,100.000000,{note}"
             for ts, note in zip(stamps, notes, strict=True))  # fmt: skip
    file = csv_file(tmp_path, *lines, header="symbol,ts_event,price,size,note")
    assert file.stat().st_size > 16 << 20
    code, answer, _ = bring(file)
    assert (code, answer["rows_out"], answer["rejected"]) == (0, rows, {})


def test_a_row_of_a_page_that_is_none_takes_no_other_with_it(bring: Any, tmp_path: Path) -> None:
    sound = {"t": "2026-09-18T13:45:00Z", "p": 61.5, "s": 100, "x": "V", "c": ["@"], "z": "A"}
    wrong: list[Any] = [{"p": "61.5"}, {"t": 7}, {"c": "@"}, {"i": "x"}]
    rows = [sound, *(sound | each for each in wrong), 7, None, sound | {"i": 2**70}]
    (tmp_path / "page.json").write_text(json.dumps({"trades": {"KO": rows}}))
    code, answer, _ = bring(tmp_path / "page.json")
    assert (code, answer["rows_out"], answer["rejected"]) == (0, 2, {"bad_line": 6})


@pytest.mark.parametrize("content", ["[" * 100_000, '{"trades":' + "[" * 100_000])
def test_a_page_without_end_is_refused(bring: Any, tmp_path: Path, content: str) -> None:
    (tmp_path / "page.json").write_text(content)
    code, answer, _ = bring(tmp_path / "page.json")
    assert (code, answer["error"]) == (BAD_DATA, "DataError")


def quotes_of(exchanges: str, folder: Path) -> Path:
    header = "symbol,ts_event,bid,ask,bid_size,ask_size,exchange"
    lines = (f"KO,{AT + n},61.5,61.6,100,100,{each}" for n, each in enumerate(exchanges))
    return csv_file(folder, *lines, header=header)


def test_what_is_doubtful_is_said_and_kept(bring: Any, tmp_path: Path) -> None:
    def codes(file: Path, *options: str) -> list[str]:
        _, answer, catalog = bring(file, *options)
        kind = Kind(answer["kind"])
        kept = catalog.partitions.manifest(kind, DAY, "K")
        said = [each["code"] for each in answer["warnings"]]
        assert kept is not None
        assert [str(each.code) for each in kept.warnings] == said
        return said

    quotes = ("--kind", "quotes", "--replace")
    assert codes(quotes_of("QNQ", tmp_path), *quotes) == ["venue_quotes"]
    assert codes(quotes_of("QQQQ", tmp_path), *quotes) == []
    assert codes(quotes_of("QNPQ", tmp_path), *quotes, "--no-consolidate") == []
    assert codes(quotes_of("QNPQN", tmp_path), *quotes, "--consolidate") == []
    minutes = [f"KO,{AT + n * 60 * 10**9},61.5,100" for n in range(25)]
    assert codes(csv_file(tmp_path, *minutes), "--replace") == ["minutes_as_ticks"]
    seconds = [f"KO,{AT + n * 10**9},61.5,100" for n in range(25)]
    assert codes(csv_file(tmp_path, *seconds), "--replace") == []
    header = "symbol,ts_event,price,size,conditions"
    numbered = [f'KO,{AT + n},61.5,100,"12,37"' for n in range(3)]
    unknown = csv_file(tmp_path, *numbered, header=header)
    assert codes(unknown, "--replace") == ["unknown_conditions"]
    assert codes(unknown) == ["unknown_conditions"], "also when it changes nothing"


def test_warnings_of_an_import_hold_as_long_as_any_of_its_rows(bring: Any, tmp_path: Path) -> None:
    bring(quotes_of("QNQ", tmp_path), "--kind", "quotes")
    other = quotes_of("QQ", tmp_path)
    other.write_text(other.read_text().replace("KO,", "KEY,"))
    _, _, catalog = bring(other, "--kind", "quotes")
    manifest = catalog.partitions.manifest(Kind.QUOTES, DAY, "K")
    assert manifest is not None
    assert [str(each.code) for each in manifest.warnings] == ["venue_quotes"]


def test_what_an_import_says_of_symbols_takes_back_what_was_said_of_them(
    bring: Any, tmp_path: Path
) -> None:
    """Also where the rows come out as they are stored; a symbol beside them keeps its warning."""

    def said(*quoted: tuple[str, str], options: tuple[str, ...] = ()) -> dict[str, int]:
        header = "symbol,ts_event,bid,ask,bid_size,ask_size,exchange,tape"
        lines = (
            f"{symbol},{AT + n},61.5,61.6,100,100,{venue},{tape}"
            for symbol, tape in quoted
            for n, venue in enumerate("QNQ")
        )
        _, _, catalog = bring(
            csv_file(tmp_path, *lines, header=header), "--kind", "quotes", *options
        )
        manifest = catalog.partitions.manifest(Kind.QUOTES, DAY, "K")
        assert manifest is not None
        return {str(each.code): each.rows for each in manifest.warnings}

    assert said(("KO", "?")) == {"venue_quotes": 3, "unknown_tapes": 3}
    assert said(("KEY", "A")) == {"venue_quotes": 6, "unknown_tapes": 3}
    assert said(("KO", "A"), options=("--consolidate",)) == {"venue_quotes": 3}
    assert said(("KO", "A")) == {"venue_quotes": 6}
    assert said(("KO", "A"), ("KEY", "A"), options=("--no-consolidate",)) == {}


def test_recorded_quotes_of_venues_are_doubted(shared: Path, bring: Any) -> None:
    file = shared / "data/quotes/highfrequency_xxx/2018-01-02.parquet"
    assert pc.count_distinct(pq.read_table(file)["exchange"]).as_py() > 1
    _, answer, _ = bring(file, "--kind", "quotes")
    assert [each["code"] for each in answer["warnings"]] == ["venue_quotes"]
