"""Rows that cannot be true: the stream judges them as the catalog's import does."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgpack
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.wire import FrameDecoder
from catalog.imports.flaws import FLAWS, SOUND, find_flaws
from catalog.imports.formats.raw import RAW_SCHEMAS
from catalog.schema import Kind
from engine.domain.fixed_point import fixed_prices
from tests.adapters.alpaca.wire.frames import ARRIVED, Row, prints_of, quotes_of, to_msgpack

SOUND_PRINT: Row = {"S": "AAPL", "p": 126.55, "s": 100, "t": ARRIVED}
SOUND_QUOTE: Row = {"S": "AAPL", "bp": 1.0, "bs": 2, "ap": 1.5, "as": 3, "t": ARRIVED}

any_price = st.one_of(
    st.sampled_from([0.0, -0.0, 0.00001, -1.0, 1e6, 1_000_001, 1e200, math.nan, math.inf, None]),
    st.floats(0.0001, 1_000_000),
    st.integers(-1, 1_000_000),
)
any_size = st.one_of(
    st.sampled_from([0, -1, 0.5, 1_000_000_000, 1_000_000_001, 2**64 - 1, math.nan, "1", None]),
    st.integers(1, 1_000_000),
    st.integers(1, 1000).map(float),
    st.integers(1, 10**15).map(lambda units: units / 1e6),
    st.sampled_from([0.25, 150.5, 1e-6, 1e-7, 0.1234567, 0.1 + 0.2, -0.5, 999_999_999.999999]),
)
any_symbol = st.one_of(
    st.sampled_from(
        ["AAPL", "BRK.B", "BACpL", "..", "/etc/x", "=cmd|x", "A\n", "A\0", "", " ", None, 7]
    ),
    st.text("AbZ09./:_^$+=#*- |\n\0é", max_size=8),
    st.integers(30, 34).map(lambda n: "A" * n),
)
any_time = st.sampled_from([ARRIVED, 157_766_400_000_000_000, 157_766_399_999_999_999, 1, None])


def sent(kind: str, rows: list[Row]) -> bytes:
    stamp = msgpack.Timestamp.from_unix_nano
    timed = [{**row, "t": stamp(row["t"]) if row["t"] else None} for row in rows]
    return to_msgpack([{"T": kind, **row} for row in timed])


def as_raw(kind: Kind, rows: list[Row], names: dict[str, str]) -> pa.Table:
    """Return rows as the importer would have read them: what is no number is null."""
    columns: dict[str, list[Any]] = {name: [None] * len(rows) for name in RAW_SCHEMAS[kind].names}
    for name, key in names.items():
        wanted = (int, float) if RAW_SCHEMAS[kind].field(name).type != pa.string() else str
        columns[name] = [row[key] if isinstance(row[key], wanted) else None for row in rows]
        if pa.types.is_floating(RAW_SCHEMAS[kind].field(name).type):
            columns[name] = [None if value is None else float(value) for value in columns[name]]
    columns["ts_event"] = [0 if value is None else value for value in columns["ts_event"]]
    return pa.table(columns, schema=RAW_SCHEMAS[kind])


@given(
    rows=st.lists(
        st.fixed_dictionaries({"S": any_symbol, "p": any_price, "s": any_size, "t": any_time})
    )
)
def test_prints_have_the_flaws_that_the_import_finds(rows: list[Row]) -> None:
    names = {"symbol": "S", "ts_event": "t", "price": "p", "size": "s"}
    flaws = find_flaws(as_raw(Kind.TRADES, rows, names), Kind.TRADES)
    decoder = FrameDecoder()
    read = prints_of(decoder.decode(sent("t", rows), ARRIVED))
    sound = [row for row, flaw in zip(rows, flaws, strict=True) if flaw == SOUND]
    fixed = fixed_prices(np.array([row["p"] for row in sound], np.float64)).tolist()
    assert [row[3:5] for row in read] == [
        (price, pytest.approx(row["s"], rel=3e-16)) for row, price in zip(sound, fixed, strict=True)
    ]
    assert_counted(decoder, flaws)


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "S": any_symbol,
                "bp": any_price,
                "bs": any_size,
                "ap": any_price,
                "as": any_size,
                "t": any_time,
            }
        )
    )
)
def test_quotes_have_the_flaws_that_the_import_finds(rows: list[Row]) -> None:
    names = {
        "symbol": "S", "ts_event": "t", "bid": "bp", "ask": "ap", "bid_size": "bs", "ask_size": "as"
    }  # fmt: skip
    flaws = find_flaws(as_raw(Kind.QUOTES, rows, names), Kind.QUOTES)
    decoder = FrameDecoder()
    read = quotes_of(decoder.decode(sent("q", rows), ARRIVED))
    sound = [row for row, flaw in zip(rows, flaws, strict=True) if flaw == SOUND]
    bids = fixed_prices(np.array([row["bp"] for row in sound], np.float64)).tolist()
    asks = fixed_prices(np.array([row["ap"] for row in sound], np.float64)).tolist()
    assert [row[3:] for row in read] == [
        (bid, ask, row["bs"], row["as"]) for row, bid, ask in zip(sound, bids, asks, strict=True)
    ]
    assert_counted(decoder, flaws)


def assert_counted(decoder: FrameDecoder, flaws: Any) -> None:
    expected = Counter(FLAWS[flaw].value for flaw in flaws if flaw != SOUND)
    found = {flaw.value: decoder.counters.get(flaw.value, 0) for flaw in FLAWS}
    assert {name: n for name, n in found.items() if n} == expected


@pytest.mark.parametrize("price", [1e-7, 4e-7, 5e-7])
def test_a_price_that_rounds_to_nothing_is_none(price: float) -> None:
    decoder = FrameDecoder()
    assert prints_of(decoder.decode(sent("t", [SOUND_PRINT | {"p": price}]), ARRIVED)) == []
    assert decoder.counters["price_not_positive"] == 1
    assert quotes_of(decoder.decode(sent("q", [SOUND_QUOTE | {"bp": price}]), ARRIVED)) == []
    assert decoder.counters["one_sided"] == 1


@pytest.mark.parametrize(
    "codes",
    [["!"], ["@", "!I"], 7, [7], {"a": 1}, ["é"], ["\n"], ["@"] * 32],
    ids=["mark", "mark inside", "number", "numbers", "map", "letter", "control", "many"],
)
def test_conditions_that_cannot_be_kept_spoil_their_print_alone(codes: Any) -> None:
    decoder = FrameDecoder()
    rows = [SOUND_PRINT | {"c": codes}, SOUND_PRINT | {"c": ["@"]}]
    assert [row[5] for row in prints_of(decoder.decode(sent("t", rows), ARRIVED))] == ["@"]
    assert decoder.counters["bad_conditions"] == 1


@pytest.mark.parametrize(
    ("codes", "joined"),
    [(None, ""), ("@TI", "@TI"), ([], ""), (["@ ", "I"], "@ I"), (["@"] * 31, "@" * 31)],
    ids=["null", "text", "none", "wide", "most"],
)
def test_conditions_are_joined_whatever_holds_them(codes: Any, joined: str) -> None:
    frame = sent("t", [SOUND_PRINT | {"c": codes}])
    assert [row[5] for row in prints_of(FrameDecoder().decode(frame, ARRIVED))] == [joined]


def test_a_correction_into_nonsense_still_takes_the_print_back() -> None:
    decoder = FrameDecoder()
    said = {"S": "A", "op": 1.0, "os": 5, "oc": ["@"], "cp": math.nan, "cs": 5, "t": ARRIVED}
    assert [row[5] for row in prints_of(decoder.decode(sent("c", [said]), ARRIVED))] == ["!@"]
    assert decoder.counters["price_not_a_number"] == 1


def test_more_symbols_than_any_market_has_are_left_out_and_counted() -> None:
    decoder = FrameDecoder()
    for start in range(0, 70_000, 10_000):
        rows = [SOUND_PRINT | {"S": f"S{k}"} for k in range(start, start + 10_000)]
        decoder.decode(sent("t", rows), ARRIVED)
    counters = decoder.counters
    assert counters["trades"] == 65_536
    assert counters["table_full"] == 70_000 - 65_536
    last = decoder.decode(sent("t", [SOUND_PRINT | {"S": "S65535"}]), ARRIVED)
    assert [row[0] for row in prints_of(last)] == ["S65535"]


def test_long_symbols_that_begin_alike_are_told_apart() -> None:
    names = [f"AVERYLONGTICKERINDEED.{k:03d}" for k in range(300)]
    rows = [SOUND_PRINT | {"S": name} for name in names + names]
    decoder = FrameDecoder()
    read = decoder.decode(sent("t", rows), ARRIVED)
    assert [row[0] for row in prints_of(read)] == names + names
    too_long = decoder.decode(sent("t", [SOUND_PRINT | {"S": "A" * 33}]), ARRIVED)
    assert prints_of(too_long) == []
    assert decoder.counters["no_symbol"] == 1
