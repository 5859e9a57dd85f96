"""Sizes of prints are exact to 1e-6 share at rest, and what was stored before stays readable."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog
from catalog.export import Target, export
from catalog.imports.formats import Format
from catalog.imports.ingest import ImportOptions, import_files
from catalog.layout import MANIFEST
from catalog.partition import write_part
from catalog.schema import SCHEMAS, SIZE, Kind
from catalog.spool.bodies import BodyReader, BodyWriter
from catalog.sql import query
from engine.domain.errors import DataError
from engine.domain.fixed_point import exact_shares, fixed_sizes, is_exact_size
from engine.domain.market_data.trades import TradeBatch

DAY = date(2026, 9, 18)
AT = 1_789_739_100_000_000_000
WRITTEN = ["100", "0.25", "150.5", "0.000001", "1000.75", "999999999.999999"]
SET_ASIDE = {"0": "size_not_positive", "-0.5": "size_not_positive", "0.1234567": "size_not_exact",
             "0.0000004": "size_not_exact", "some": "size_not_exact"}  # fmt: skip
FIXED = [100_000_000, 250_000, 150_500_000, 1, 1_000_750_000, 999_999_999_999_999]


def sizes(catalog: Catalog) -> list[int]:
    return catalog.trades(DAY, ["KO"], 0, 1 << 62).size.tolist()


def version(catalog: Catalog, letter: str) -> int | None:
    manifest = catalog.partitions.manifest(Kind.TRADES, DAY, letter)
    return manifest and manifest.schema_version


def csv_of(written: list[str]) -> str:
    rows = [f"KO,{AT + n * 10**9},61.5,{size},@" for n, size in enumerate(written)]
    return "\n".join(["symbol,ts_event,price,size,conditions", *rows, ""])


@pytest.fixture
def held(tmp_path: Path) -> Catalog:
    """Return a catalog of sizes that were written as text, flawed ones among them."""
    path = tmp_path / "sizes.csv"
    path.write_text(csv_of([*WRITTEN, *SET_ASIDE]))
    catalog = Catalog(str(tmp_path / "held"))
    report = import_files(catalog, [str(path)], Kind.TRADES)
    assert report.rejected == {"size_not_exact": 3, "size_not_positive": 2}
    return catalog


@given(units=st.integers(1, 10**15))
def test_no_size_is_lost_between_text_float_and_fixed_point(units: int) -> None:
    shares = np.array([float(str(Decimal(units).scaleb(-6)))])
    assert is_exact_size(shares).all()
    assert fixed_sizes(shares).tolist() == [units]
    assert exact_shares(units) == Decimal(units).scaleb(-6)


def test_text_columns_and_pages_are_imported_exactly(held: Catalog, tmp_path: Path) -> None:
    assert sizes(held) == FIXED
    exact = pa.array([Decimal(size) for size in WRITTEN], pa.decimal128(38, 9))
    columns = {"symbol": ["KO"] * 6, "ts_event": [AT + n for n in range(6)], "price": [61.5] * 6}
    page = {"trades": {"KO": [
        {"t": f"2026-09-18T13:45:0{n}Z", "p": 61.5, "s": float(size)}
        for n, size in enumerate(WRITTEN)
    ]}}  # fmt: skip
    pq.write_table(pa.table({**columns, "size": exact}), tmp_path / "decimal.parquet")
    pq.write_table(pa.table({**columns, "size": exact.cast("f8")}), tmp_path / "float.parquet")
    (tmp_path / "page.json").write_text(json.dumps(page))
    lean = tmp_path / "ko" / "20260918_trade.zip"
    lean.parent.mkdir()
    with zipfile.ZipFile(lean, "w") as archive:
        ticks = [f"3510000{n},615000,{size},P,00000001,0" for n, size in enumerate(WRITTEN)]
        archive.writestr("20260918_ko_Trade_Tick.csv", "\n".join([*ticks, ""]))
    for name in ("decimal.parquet", "float.parquet", "page.json", "ko/20260918_trade.zip"):
        catalog = Catalog(str(tmp_path / "of" / name.replace(".", "-")))
        import_files(catalog, [str(tmp_path / name)], Kind.TRADES)
        assert sizes(catalog) == FIXED, name


def test_sizes_in_half_the_bits_are_the_numbers_they_were_made_from(tmp_path: Path) -> None:
    said = [0.1, 150.3, 0.000001, 1_000_000.0]
    table: dict[str, Any] = {
        "symbol": ["KO"] * 4,
        "ts_event": [AT + n for n in range(4)],
        "price": [61.5] * 4,
    }
    pq.write_table(
        pa.table({**table, "size": pa.array(said, pa.float32())}), tmp_path / "a.parquet"
    )
    catalog = Catalog(str(tmp_path / "catalog"))
    import_files(catalog, [str(tmp_path / "a.parquet")], Kind.TRADES)
    assert sizes(catalog) == [100_000, 150_300_000, 1, 1_000_000_000_000]


@pytest.mark.parametrize("target", list(Target))
def test_what_is_exported_comes_back_the_same(
    held: Catalog, target: Target, tmp_path: Path
) -> None:
    export(held, tmp_path / "out", target, Kind.TRADES, [DAY])
    back = Catalog(str(tmp_path / "back"))
    nautilus = target is Target.NAUTILUS
    form = Format.NAUTILUS if nautilus else Format.AUTO
    files = [tmp_path / "out"] if nautilus else sorted((tmp_path / "out").iterdir())
    import_files(back, [str(path) for path in files], Kind.TRADES, ImportOptions(form=form))
    assert sizes(back) == FIXED
    if target is Target.CSV:
        rows = pd.read_csv(files[0], dtype=str)
        assert rows["size"].tolist() == WRITTEN, "as they were written"


def test_sql_says_shares(held: Catalog) -> None:
    answer = query(held, "select size from trades order by ts_event", 10)
    assert [size for (size,) in answer.rows] == [Decimal(size) for size in WRITTEN]


@pytest.fixture
def before(tmp_path: Path) -> Catalog:
    """Return a catalog as it was written when sizes were whole shares (schema version 1)."""
    catalog = Catalog(str(tmp_path / "before"))
    schema = SCHEMAS[Kind.TRADES]
    whole = schema.set(schema.get_field_index("size"), pa.field("size", pa.int32(), nullable=False))
    texts: dict[str, Any] = {name: pa.array([code] * 3).dictionary_encode()
                             for name, code in (("symbol", "KO"), ("exchange", ""),
                                                ("conditions", "@"))}  # fmt: skip
    numbers = {"ts_event": [AT, AT + 1, AT + 2], "ts_init": [AT, AT + 1, AT + 2],
               "price": [Decimal("61.5")] * 3, "size": [100, 7, 250],
               "trade_id": [1, 2, 3]}  # fmt: skip
    arrays = {name: pa.array(values, whole.field(name).type) for name, values in numbers.items()}
    table = pa.table([{**texts, **arrays}[name] for name in whole.names], schema=whole)
    folder = f"{catalog.root}/trades/date={DAY}/letter=K"
    manifest = write_part(catalog.fs, folder, whole, [table])
    path = Path(folder) / MANIFEST
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"schema_version": 1}))
    assert manifest.rows == 3
    return catalog


def test_a_catalog_from_before_is_read_searched_and_added_to(
    before: Catalog, tmp_path: Path
) -> None:
    assert sizes(before) == [100_000_000, 7_000_000, 250_000_000]
    (batch,) = before.trade_batches(DAY, "K")
    assert batch.size.dtype == np.int64
    total = "select sum(size), typeof(any_value(size)) from trades"
    assert query(before, total, 1).rows == [(Decimal(357), "DECIMAL(18,6)")]
    stored = before.partitions.manifest(Kind.TRADES, DAY, "K")
    export(before, tmp_path / "out", Target.CSV, Kind.TRADES, [DAY])
    (again,) = (tmp_path / "out").iterdir()
    assert pd.read_csv(again)["size"].tolist() == [100, 7, 250]
    import_files(before, [str(again)], Kind.TRADES)
    assert before.partitions.manifest(Kind.TRADES, DAY, "K") == stored, "the same rows again"
    path = tmp_path / "more.csv"
    path.write_text(csv_of(["0.25"]).replace("KO", "PG"))
    import_files(before, [str(path)], Kind.TRADES)
    assert query(before, total, 1).rows == [(Decimal("357.25"), "DECIMAL(18,6)")], "both versions"
    assert version(before, "K") == 1
    assert version(before, "P") == 2
    path.write_text(csv_of(["0.25"]).replace("KO", "KR"))
    import_files(before, [str(path)], Kind.TRADES)
    assert sizes(before) == [100_000_000, 7_000_000, 250_000_000], "beside what is added"
    assert version(before, "K") == 2


def test_sql_adds_volumes_of_scans_kept_before_and_since(held: Catalog) -> None:
    for key, volume in (("a", pa.array([7])), ("b", pa.array([Decimal("0.25")], SIZE))):
        held.computed.write("candidates", key, DAY, pa.table({"volume": volume}), {})
    assert query(held, "select sum(volume) from candidates", 1).rows == [(Decimal("7.25"),)]


def test_a_catalog_from_later_is_refused_by_name(before: Catalog) -> None:
    path = Path(before.root) / f"trades/date={DAY}/letter=K/{MANIFEST}"
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 3'))
    with pytest.raises(DataError, match="newer tradectl"):
        sizes(before)


def test_a_spool_from_before_says_whole_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, ts = np.zeros(2, np.int32), np.array([AT, AT + 1])
    made = TradeBatch(ids, ("KO",), ts, ts, ts * 0 + 61_500_000, np.array([7, 100]), ids, ("@",))
    writer = BodyWriter(Kind.TRADES)
    schema = writer._schema  # noqa: SLF001  (as it was)
    position = schema.get_field_index("size")
    monkeypatch.setattr(writer, "_schema", schema.set(position, pa.field("size", pa.int32())))
    body = writer.body([made]).to_pybytes()
    assert BodyReader().trades(body).size.tolist() == [7_000_000, 100_000_000]
    exact = BodyWriter(Kind.TRADES).body([made]).to_pybytes()
    assert BodyReader().trades(exact).size.tolist() == [7, 100]
