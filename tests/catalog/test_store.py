"""The catalog as the engine reads it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog
from catalog.partition import write_partition
from catalog.schema import INSTRUMENTS, ROW_GROUP_ROWS, SCHEMAS, Kind
from engine.domain.errors import DataError, NotFoundError
from engine.domain.fixed_point import SIZE_SCALE
from engine.domain.market_data.recorded import MarketData, letter_of

SYMBOLS = ("AAPL", "AMZN", "BAC", "C", "brk")


@pytest.fixture(scope="module")
def stored(tape: Any) -> tuple[MarketData, pa.Table]:
    """Return a catalog in memory of four letters, and all its rows by letter."""
    catalog, whole = Catalog("memory://store"), tape(3_000, SYMBOLS, seed=3)
    letters = np.array([letter_of(symbol) for symbol in whole["symbol"].to_pylist()])
    parts = [whole.filter(pa.array(letters == letter)) for letter in sorted({*letters})]
    for part in parts:
        letter = letter_of(part["symbol"][0].as_py())
        day = date(2018, 1, 2)
        write_partition(catalog.fs, catalog.root, Kind.TRADES, day, letter, [part])
    return catalog, pa.concat_tables(parts)


@given(
    symbols=st.sets(st.sampled_from((*SYMBOLS, "ZZZ"))),
    span=st.tuples(st.integers(-1, 10_001), st.integers(-1, 10_001)),
)
def test_a_look_up_finds_exactly_the_rows_of_its_symbols_and_span(
    symbols: set[str], span: tuple[int, int], stored: tuple[MarketData, pa.Table]
) -> None:
    market, rows = stored
    start, end = (1_514_903_400_000_000_000 + edge * 1_000_000 for edge in sorted(span))
    batch = market.trades(date(2018, 1, 2), sorted(symbols), start, end)
    expected = [
        (
            row["symbol"],
            row["ts_event"],
            row["ts_init"],
            int(row["size"] * SIZE_SCALE),
            row["conditions"],
        )
        for row in sorted(rows.to_pylist(), key=lambda row: row["ts_init"])
        if row["symbol"] in symbols and start <= row["ts_init"] < end
    ]
    found = zip(
        [batch.symbols[i] for i in batch.symbol_id],
        batch.ts_event.tolist(),
        batch.ts_init.tolist(),
        batch.size.tolist(),
        [batch.conditions[i] for i in batch.condition_id],
        strict=True,
    )
    assert list(found) == expected
    assert batch.symbols == tuple(sorted(symbols))


def test_a_look_up_over_several_row_groups_joins_them(
    catalog: Catalog, day: date, tape: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROW_GROUP_ROWS, Kind.TRADES, 100)
    whole = tape(1_000)
    write_partition(catalog.fs, catalog.root, Kind.TRADES, day, "A", [whole])
    assert [len(batch) for batch in catalog.trade_batches(day, "A")] == [100] * 10
    batch = catalog.trades(day, ["AAPL", "AMZN"], 0, 1 << 62)
    assert batch.ts_init.tolist() == whole["ts_init"].to_pylist()
    assert catalog.trade_count(day, "A") == 1_000


def test_dates_and_letters_are_those_that_have_trades(stored: tuple[MarketData, pa.Table]) -> None:
    market, _ = stored
    assert market.dates() == [date(2018, 1, 2)]
    assert market.letters(date(2018, 1, 2)) == ["A", "B", "C", "_"]
    assert market.letters(date(2018, 1, 3)) == []
    assert not market.has_quotes(date(2018, 1, 2))


def test_a_missing_catalog_or_letter_says_what_to_do(catalog: Catalog, day: date) -> None:
    with pytest.raises(NotFoundError, match="tradectl catalog import"):
        Catalog.open(catalog.root)
    with pytest.raises(NotFoundError, match=r"no trades of letter Q .* 2018-01-02"):
        list(catalog.trade_batches(day, "Q"))
    assert len(catalog.trades(day, ["QQQ"], 0, 1 << 62)) == 0
    assert len(catalog.quotes(day, ["QQQ"], 0, 1 << 62)) == 0


def test_a_truncated_part_is_refused_by_name(catalog: Catalog, day: date, tape: Any) -> None:
    path = _write(catalog, day, tape(1_000))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match=r"part-0\.parquet has .* its manifest says .* import"):
        list(catalog.trade_batches(day, "A"))
    with pytest.raises(DataError, match=r"part-0\.parquet"):
        catalog.trades(day, ["AAPL"], 0, 1 << 62)


def test_a_flipped_bit_is_refused_while_reading(catalog: Catalog, day: date, tape: Any) -> None:
    path = _write(catalog, day, tape(1_000))
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"part-0\.parquet is damaged .* --quarantine"):
        list(catalog.trade_batches(day, "A"))


def test_a_lost_part_is_refused_rather_than_passed_over(
    catalog: Catalog, day: date, tape: Any
) -> None:
    _write(catalog, day, tape(10)).unlink()
    assert catalog.letters(day) == ["A"]
    with pytest.raises(DataError, match="is missing"):
        list(catalog.trade_batches(day, "A"))
    with pytest.raises(DataError, match="is missing"):
        catalog.trades(day, ["AAPL"], 0, 1 << 62)


def test_an_open_catalog_sees_a_part_that_was_replaced(
    catalog: Catalog, day: date, tape: Any
) -> None:
    _write(catalog, day, tape(10))
    assert len(catalog.trades(day, ["AAPL", "AMZN"], 0, 1 << 62)) == 10
    _write(catalog, day, tape(20))
    assert len(catalog.trades(day, ["AAPL", "AMZN"], 0, 1 << 62)) == 20


def test_the_data_hash_is_of_the_letters_asked_for(catalog: Catalog, day: date, tape: Any) -> None:
    _write(catalog, day, tape(10))
    before = catalog.data_hash(day, ["A"])
    assert before == Catalog(catalog.root).data_hash(day, ["A", "A", "B"])
    empty = catalog.data_hash(day, ["B"])
    _write(catalog, day, tape(11))
    assert catalog.data_hash(day, ["A"]) != before
    assert catalog.data_hash(day, ["B"]) == empty
    catalog.instruments.add_tapes({"AAPL": "C"})
    assert catalog.data_hash(day, ["B"]) != empty


def test_tapes_are_added_to_what_is_known_of_a_symbol(catalog: Catalog, day: date) -> None:
    rows = [{"symbol": "IBM", "tape": "A", "exchange": "N", "name": "IBM"}]
    catalog.instruments.add(pa.Table.from_pylist(rows, INSTRUMENTS))
    catalog.instruments.add_tapes({"AAPL": "C", "IBM": "B"})
    assert catalog.tapes(day) == {"AAPL": "C", "IBM": "B"}
    assert catalog.instruments.table().to_pylist()[1] == {
        "symbol": "IBM",
        "tape": "B",
        "exchange": "N",
        "name": "IBM",
    }


def test_halts_come_in_order_of_arrival(catalog: Catalog, day: date) -> None:
    schema = SCHEMAS[Kind.STATUSES]
    for letter, symbol, ts in (("A", "AAPL", 7), ("B", "BAC", 5)):
        halt = {"symbol": symbol, "ts_event": ts, "ts_init": ts, "action": "halt", "reason": "LUDP"}
        rows = [halt, halt | {"ts_init": ts + 10, "action": "resume"}]
        table = pa.Table.from_pylist(rows).cast(schema)
        write_partition(catalog.fs, catalog.root, Kind.STATUSES, day, letter, [table])
    found = [(status.symbol, status.ts_init, status.halted) for status in catalog.statuses(day)]
    assert found == [("BAC", 5, True), ("AAPL", 7, True), ("BAC", 15, False), ("AAPL", 17, False)]


def test_a_derived_table_comes_back_with_its_meta(catalog: Catalog, day: date) -> None:
    table = pa.table({"symbol": ["B", "A"], "ac_z": [1.5, float("nan")], "window": [[1], [2, 3]]})
    catalog.computed.write("candidates", "abc", day, table, {"digest": "d", "n": 2})
    found = catalog.computed.read("candidates", "abc", day)
    assert found is not None
    assert found[0].select(["symbol", "window"]) == table.select(["symbol", "window"])
    assert found[1] == {"digest": "d", "n": 2}
    assert catalog.computed.read("candidates", "other", day) is None


def _write(catalog: Catalog, day: date, table: pa.Table) -> Path:
    write_partition(catalog.fs, catalog.root, Kind.TRADES, day, "A", [table])
    return Path(catalog.root) / f"trades/date={day}/letter=A/part-0.parquet"
