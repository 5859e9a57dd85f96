"""Frames of the market-data stream: what is sent is what is read, in any encoding."""

from __future__ import annotations

import hashlib
import itertools
import random
import string
from pathlib import Path

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.wire import (
    Bar,
    Clock,
    FrameDecoder,
    Imbalance,
    News,
    Notice,
    PriceBand,
    StreamError,
    Subscription,
    market_kernel,
    print_memory,
)
from engine.domain.errors import DataError
from engine.domain.market_data.status import TradingStatus
from tests.adapters.alpaca.wire.frames import (
    ARRIVED,
    Row,
    json_frame,
    msgpack_frame,
    odd_frame,
    prints_of,
    quotes,
    quotes_of,
    said_print,
    said_quote,
    to_msgpack,
    trades,
)

T0 = 1_789_000_000_123_456_789
PRINT: Row = {
    "T": "t",
    "i": 7,
    "S": "AAPL",
    "x": "D",
    "p": 126.55,
    "s": 100,
    "c": ["@", "I"],
    "t": T0,
}


@pytest.fixture(scope="module")
def decoder() -> FrameDecoder:
    return FrameDecoder()


@given(rows=st.lists(trades() | quotes(), max_size=30), seed=st.integers(0, 2**32))
def test_rows_come_back_from_msgpack_in_any_format_and_from_json(
    decoder: FrameDecoder, rows: list[Row], seed: int
) -> None:
    for frame in (msgpack_frame(rows), odd_frame(rows, seed), json_frame(rows)):
        read = decoder.decode(frame, ARRIVED)
        assert prints_of(read) == [said_print(row, ARRIVED) for row in rows if row["T"] == "t"]
        assert quotes_of(read) == [said_quote(row, ARRIVED) for row in rows if row["T"] == "q"]
        assert (read.statuses, read.others, read.control) == ((), (), ())


@given(rows=st.lists(trades(received=True), max_size=20))
def test_rows_arrive_when_they_say_and_never_earlier_than_the_one_above(rows: list[Row]) -> None:
    decoder = FrameDecoder(received_at=True)
    expected = list(itertools.accumulate((row["r"] for row in rows), max))
    read = [
        one
        for frame in (msgpack_frame(rows[:7]), json_frame(rows[7:]))
        for one in prints_of(decoder.decode(frame, 1))
    ]
    assert [ts_init for _, _, ts_init, *_ in read] == expected


def test_a_row_without_an_arrival_of_its_own_comes_with_the_row_above() -> None:
    decoder = FrameDecoder(received_at=True)
    said = [{**PRINT, "r": T0 + 5}, PRINT]
    assert [row[2] for row in prints_of(decoder.decode(msgpack_frame([PRINT]), 99))] == [99]
    assert [row[2] for row in prints_of(decoder.decode(msgpack_frame(said), 99))] == [T0 + 5] * 2
    halt = {"T": "s", "S": "A", "t": T0, "sc": "H", "r": T0 + 9}
    assert decoder.decode(msgpack_frame([halt]), 99).statuses[0].ts_init == T0 + 9


def test_arrivals_do_not_go_back_with_the_clock(decoder: FrameDecoder) -> None:
    last = prints_of(decoder.decode(msgpack_frame([PRINT]), ARRIVED + 10))[0][2]
    assert prints_of(decoder.decode(msgpack_frame([PRINT]), ARRIVED))[0][2] == last


def test_tables_are_the_same_tuples_until_they_grow() -> None:
    decoder = FrameDecoder()
    first = decoder.decode(msgpack_frame([PRINT]), ARRIVED).trades
    again = decoder.decode(msgpack_frame([PRINT, PRINT]), ARRIVED).trades
    grown = decoder.decode(msgpack_frame([{**PRINT, "S": "MSFT", "c": ["T"]}]), ARRIVED).trades
    assert first is not None
    assert again is not None
    assert grown is not None
    assert first.symbols is again.symbols
    assert first.conditions is again.conditions
    assert grown.symbols == ("AAPL", "MSFT")
    assert grown.conditions == ("@I", "T")
    assert (first.symbol_id.dtype, first.condition_id.dtype) == (np.int32,) * 2
    assert first.size.dtype == np.int64
    assert first.price.tolist() == [126_550_000], "a later frame leaves an earlier batch alone"


def test_frames_that_are_added_come_together_and_one_that_cannot_be_read_takes_none_along() -> None:
    decoder, halt = FrameDecoder(), {"T": "s", "S": "A", "t": T0, "sc": "H"}
    rows = [[{**PRINT, "i": k, "s": 10 * k}] for k in (1, 2, 3)]
    decoder.add(msgpack_frame(rows[0]), ARRIVED)
    with pytest.raises(DataError):
        decoder.add(msgpack_frame([*rows[1], *rows[1]])[:-3], ARRIVED + 1)
    decoder.add(msgpack_frame([halt]), ARRIVED + 2)
    decoder.add(json_frame(rows[2]), ARRIVED + 3)
    assert decoder.added == 3
    together = decoder.take()
    said = [(row[4], row[2]) for row in prints_of(together)]
    assert said == [(10, ARRIVED), (30, ARRIVED + 3)]
    assert [(each.symbol, each.ts_init) for each in together.statuses] == [("A", ARRIVED + 2)]
    assert decoder.added == 0
    assert decoder.take().trades is None


def test_symbols_that_are_expected_are_known_before_they_come() -> None:
    decoder = FrameDecoder(symbols=["MSFT", "AAPL", "MSFT", "é", "X" * 33])
    first = decoder.decode(msgpack_frame([PRINT]), ARRIVED).trades
    other = decoder.decode(msgpack_frame([{**PRINT, "S": "NVDA"}]), ARRIVED).trades
    assert first is not None
    assert other is not None
    assert first.symbols == ("MSFT", "AAPL")
    assert first.symbol_id.tolist() == [1]
    assert other.symbols == ("MSFT", "AAPL", "NVDA")


def test_more_rows_than_there_was_room_for_all_come_back() -> None:
    rows = [{**PRINT, "i": 1 + k, "s": 1 + k} for k in range(20_000)]
    read = FrameDecoder().decode(msgpack_frame(rows), ARRIVED)
    assert [row[4] for row in prints_of(read)] == [row["s"] for row in rows]


def test_a_correction_takes_the_print_back_as_it_was_and_adds_the_right_one() -> None:
    decoder = FrameDecoder()
    correction = {
        "T": "c", "S": "AAPL", "x": "D", "oi": 7, "op": 126.55, "os": 100, "oc": ["@", "I"],
        "ci": 8, "cp": 126.5, "cs": 90.25, "cc": ["@"], "t": T0 + 5, "z": "C",
    }  # fmt: skip
    taken_back = {"p": 126.5, "s": 90.25, "a": "C", "t": T0 + 9}
    cancel = {"T": "x", "S": "AAPL", "x": "D", "i": 8, **taken_back}
    read = decoder.decode(msgpack_frame([PRINT, correction, cancel]), ARRIVED)
    assert prints_of(read) == [
        ("AAPL", T0, ARRIVED, 126_550_000, 100, "@I"),
        ("AAPL", T0, ARRIVED, 126_550_000, 100, "!@I"),
        ("AAPL", T0, ARRIVED, 126_500_000, 90.25, "@"),
        ("AAPL", T0, ARRIVED, 126_500_000, 90.25, "!@"),
    ]
    assert decoder.counters["reversals_unmatched"] == 0


@pytest.mark.parametrize(
    "changed", [{"i": 9}, {"x": "Q"}, {"p": 126.56}, {"s": 100.000001}, {"S": "MSFT"}, {"i": 0}]
)
def test_a_cancel_of_a_print_that_was_not_seen_is_taken_at_its_word(changed: Row) -> None:
    decoder = FrameDecoder()
    decoder.decode(msgpack_frame([PRINT]), ARRIVED)
    cancel = {"T": "x", "S": "AAPL", "x": "D", "i": 7, "p": 126.55, "s": 100, "a": "E", "t": T0 + 9}
    (row,) = prints_of(decoder.decode(msgpack_frame([cancel | changed]), ARRIVED))
    assert (row[1], row[5]) == (T0 + 9, "!")
    assert decoder.counters["reversals_unmatched"] == 1


def _cancel(k: int, symbol: str) -> Row:
    return {"T": "x", "S": symbol, "x": "D", "i": 1 + k, "p": 126.55, "s": 100, "a": "C", "t": T0}


def test_of_a_symbol_the_latest_prints_of_two_minutes_can_be_taken_back() -> None:
    decoder = FrameDecoder()
    most, long = print_memory.REMEMBERED, print_memory.REMEMBERED_NS

    def conditions_of(cancelled: Row, arrived: int) -> str:
        return prints_of(decoder.decode(msgpack_frame([cancelled]), arrived))[0][5]

    others = msgpack_frame([{**PRINT, "i": 1 + k, "S": f"S{k % 500}"} for k in range(20_000)])
    decoder.decode(msgpack_frame([{**PRINT, "i": 1 + k} for k in range(most + 40)]), ARRIVED)
    for k in range(20):
        decoder.decode(others, ARRIVED + k)
    assert conditions_of(_cancel(most + 39, "AAPL"), ARRIVED + 20) == "!@I"
    assert conditions_of(_cancel(40, "AAPL"), ARRIVED + long) == "!@I"
    assert conditions_of(_cancel(39, "AAPL"), ARRIVED + long) == "!"
    assert conditions_of(_cancel(40, "AAPL"), ARRIVED + long + 2_000_000) == "!"
    memory = decoder._state.memory  # noqa: SLF001  (what it takes is seen nowhere else)
    room = len(memory.prints)
    assert most + 400_000 < room <= print_memory.MOST_ROOM
    for k in range(60):
        decoder.decode(others, ARRIVED + long * (2 + k))
    assert len(decoder._state.memory.prints) == room, "what is too old makes room"  # noqa: SLF001


def test_a_decoder_of_all_letters_reads_what_one_for_each_letter_does() -> None:
    """However many prints of others lie between a print and what takes it back."""
    chance, letters = random.Random(5), string.ascii_uppercase
    one, each = FrameDecoder(), {letter: FrameDecoder() for letter in letters}
    chatter = [{**PRINT, "S": f"{letter}X{k % 7}"} for letter in letters for k in range(1_200)]
    frames = {letter: msgpack_frame([row for row in chatter if row["S"][0] == letter])
              for letter in letters}  # fmt: skip
    together, sent, passed, longest = msgpack_frame(chatter), [], 0, 0
    matched = dict.fromkeys("cx", 0)
    for _ in range(12):
        said: list[Row] = []
        for _ in range(300):
            kind = chance.choice("tttcx" if sent else "t")
            if kind == "t":
                symbol = chance.choice(letters) + chance.choice(letters)
                row = {**PRINT, "i": chance.getrandbits(40) + 1, "S": symbol,
                       "p": chance.randint(1, 9_999) / 100, "s": chance.randint(1, 9 * 10**8) / 1e6,
                       "c": chance.choice([["@"], ["T"], []]), "t": T0 + passed}  # fmt: skip
                sent.append((passed, row))
            else:
                at, old = sent.pop(chance.randrange(len(sent)))
                longest = max(longest, passed - at)
                row = {"T": kind, "S": old["S"], "x": old["x"], "t": T0 + passed + 1, "z": "C"}
                if kind == "x":
                    row |= {"i": old["i"], "p": old["p"], "s": old["s"], "a": "C"}
                else:
                    new = {**old, "i": chance.getrandbits(40) + 1, "s": old["s"] + 1}
                    row |= {f"o{name}": old[name] for name in "ipsc"}
                    row |= {f"c{name}": new[name] for name in "ipsc"}
                    sent.append((passed, new))
                matched[kind] += 1
            said.append(row)
        read = prints_of(one.decode(msgpack_frame(said), ARRIVED))
        one.decode(together, ARRIVED)
        passed += len(chatter)
        for letter, decoder in each.items():
            own = msgpack_frame([row for row in said if row["S"][0] == letter])
            expected = prints_of(decoder.decode(own, ARRIVED))
            assert [row for row in read if row[0][0] == letter] == expected
            decoder.decode(frames[letter], ARRIVED)
    assert longest > 1 << 18
    assert min(matched.values()) > 500
    assert one.counters["reversals_unmatched"] == 0
    assert all(decoder.counters["reversals_unmatched"] == 0 for decoder in each.values())


def test_rare_messages_are_read_from_both_encodings() -> None:
    bar = {"S": "SPY", "o": 1.5, "h": 2, "l": 1.25, "c": 1.75, "v": 10, "n": 3, "vw": 1.6, "t": T0}
    status = {"T": "s", "S": "F", "sm": "text", "rc": "LUDP", "rm": "pause", "z": "A", "t": T0}
    rows = [
        {"T": "b", **bar},
        {"T": "u", **bar},
        {"T": "d", **bar},
        {**status, "sc": "P"},
        {**status, "sc": "T"},
        {**status, "sc": "Q"},
        {"T": "l", "S": "F", "u": 3.24, "d": 2.65, "i": "B", "t": T0},
        {"T": "i", "S": "F", "p": 9.12, "t": T0},
        {"T": "error", "code": 406, "msg": "connection limit exceeded"},
        {
            "T": "subscription",
            "trades": ["F"],
            "updatedBars": None,
            "cancelErrors": ["F"],
            "new": 1,
        },
        {"T": "clock", "t": T0, "u": 3},
    ]
    figures = (1_500_000, 2_000_000, 1_250_000, 1_750_000, 10, 1_600_000, 3)
    for frame in (msgpack_frame(rows), json_frame(rows), odd_frame(rows, 1)):
        read = FrameDecoder().decode(frame, ARRIVED)
        assert read.trades is read.quotes is None
        assert read.statuses == (
            TradingStatus("F", T0, ARRIVED, halted=True, reason="LUDP"),
            TradingStatus("F", T0, ARRIVED, halted=False, reason="LUDP"),
        )
        assert read.others == (
            Bar("SPY", T0, ARRIVED, "minute", *figures),
            Bar("SPY", T0, ARRIVED, "updated", *figures),
            Bar("SPY", T0, ARRIVED, "day", *figures),
            Notice("F", T0, ARRIVED, "Q", "text", "LUDP", "pause"),
            PriceBand("F", T0, ARRIVED, 3_240_000, 2_650_000, "B"),
            Imbalance("F", T0, ARRIVED, 9_120_000),
        )
        assert read.control == (
            StreamError(406, "connection limit exceeded"),
            Subscription(trades=("F",), cancel_errors=("F",)),
            Clock(T0, 3),
        )


def test_news_has_times_in_either_form() -> None:
    article = {"T": "n", "id": 24843171, "headline": "H", "symbols": ["A", "B"], "content": None}
    stamp = msgpack.Timestamp.from_unix_nano
    binary = to_msgpack([{**article, "created_at": stamp(T0), "updated_at": stamp(T0 + 1)}])
    written = json_frame(
        [
            {
                **article,
                "created_at": "2026-09-10T12:00:00Z",
                "updated_at": "2026-09-10T08:00:01-04:00",
            }
        ]
    )
    (first,) = FrameDecoder().decode(binary, ARRIVED).others
    (second,) = FrameDecoder().decode(written, ARRIVED).others
    assert isinstance(first, News)
    assert isinstance(second, News)
    assert (first.created_at, first.ts_event, first.symbols) == (T0, T0 + 1, ("A", "B"))
    assert second.ts_event - second.created_at == 1_000_000_000


def test_what_is_unknown_is_passed_over_and_counted() -> None:
    decoder = FrameDecoder()
    rows = [
        {"T": "Z", "S": "A"},
        {"T": "teapot"},
        {"S": "no type"},
        {"T": 5},
        {},
        {**PRINT, "new": {"deep": [1, {"er": [None] * 40}]}, "b": b"bytes", "y": 1.5, 7: "key"},
        {"T": "b", "S": "no prices", "t": T0},
    ]
    frame = to_msgpack([1, None, "text", [PRINT], *map(dict, rows)])
    read = decoder.decode(msgpack_frame([]), ARRIVED)
    assert prints_of(read) == []
    read = decoder.decode(frame, ARRIVED)
    assert read.others == ()
    counters = decoder.counters
    assert counters["unknown_messages"] == 9
    assert counters["unknown_fields"] == 4
    assert counters["unreadable_messages"] == 1
    assert counters["bad_time"] == 1, "an integer is no time of a binary frame"


def test_trade_ids_and_sizes_beyond_what_fits_are_no_trouble() -> None:
    decoder = FrameDecoder()
    huge = {**PRINT, "i": 2**64 - 1}
    assert len(prints_of(decoder.decode(msgpack_frame([huge]), ARRIVED))) == 1
    text = json_frame([PRINT]).replace('"i":7', f'"i":{2**70}')
    assert prints_of(decoder.decode(text, ARRIVED)) == []
    assert decoder.counters["unknown_messages"] == 1


@pytest.mark.parametrize(
    ("frame", "finding"),
    [
        pytest.param(b"", "is empty", id="no bytes"),
        pytest.param("", "is empty", id="no text"),
        (b"\x81\xa1T\xa1t", "0x81 at byte 0"),
        (b"\xc0", "0xc0 at byte 0"),
        (b"\xdd\x00\x00", "ends after 3 bytes within the value that starts at byte 0"),
        (b"\x91", "ends after 1 bytes within the value that starts at byte 1"),
        (b"\xdd\xff\xff\xff\xff\x80", "within the value that starts at byte 6"),
        (b"\x91\xdf\xff\xff\xff\xff", "within the value that starts at byte 6"),
        (b"\x91\xc1", "has byte 0xc1 at byte 1"),
        (b"\x90\x90", "goes on after its array ends at byte 1"),
        (b"\x91\x81\xa1T\xa1t\x00", "goes on after its array ends at byte 6"),
        (b'{"T":"t"}', "is a JSON dict"),
        ("[1,", "neither msgpack nor JSON"),
        ('[{"T":"t","p":NaN}]', "neither msgpack nor JSON"),
        pytest.param("[" * 100_000, "neither msgpack nor JSON", id="too deep"),
        (b"\x7f\xff", "neither msgpack nor JSON"),
        ("[\udc80]", "neither msgpack nor JSON"),
    ],
)
def test_a_malformed_frame_is_refused_with_what_was_found_where(
    frame: bytes | str, finding: str
) -> None:
    decoder = FrameDecoder()
    with pytest.raises(DataError, match=finding):
        decoder.decode(frame, ARRIVED)
    assert decoder.counters["malformed_frames"] == 1
    assert prints_of(decoder.decode(msgpack_frame([PRINT]), ARRIVED)), "the next frame is read"


def test_a_frame_beyond_all_measure_is_refused() -> None:
    with pytest.raises(DataError, match="expected up to 67,108,864"):
        FrameDecoder().decode(b"\x90" + bytes(64 << 20), ARRIVED)


def test_sizes_in_round_lots_become_shares() -> None:
    quote = {"T": "q", "S": "A", "bp": 1.0, "bs": 2, "ap": 1.5, "as": 3, "t": T0}
    (row,) = quotes_of(FrameDecoder(quote_lot=100).decode(msgpack_frame([quote]), ARRIVED))
    assert row[-2:] == (200, 300)


def test_what_is_compiled_is_thrown_away_when_a_step_of_the_walk_changes() -> None:
    kernel = Path(market_kernel.__file__)
    walk = ("market_fields", "market_flaws", "market_state", "msgpack_walk")
    steps = ("interned", *walk, "print_memory")
    sources = b"".join((kernel.parent / f"{step}.py").read_bytes() for step in steps)
    found = hashlib.sha256(sources).hexdigest()
    assert found == market_kernel.STEPS_SHA256, f"write {found} there"
