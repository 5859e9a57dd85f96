"""Rows found and copied as they came, against msgspec reading the same frames."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.data.heard_prints import HeardPrints
from adapters.alpaca.wire import FrameDecoder, rows_kernel
from adapters.alpaca.wire.rows import RowFinder
from engine.domain.errors import DataError
from tests.adapters.alpaca.wire.frames import ARRIVED, json_frame, msgpack_frame, quotes, trades
from tests.adapters.alpaca.wire.hostile_frames import ROWS, damaged

frames = st.lists(st.lists(trades() | quotes(), max_size=6).map(msgpack_frame), max_size=4)


def messages(frame: bytes) -> list[msgspec.Raw]:
    """Return the messages of a frame, each as the bytes it came in."""
    return msgspec.msgpack.decode(frame, type=list[msgspec.Raw])


def said(raw: msgspec.Raw) -> tuple[str, str]:
    """Return type and symbol of a message."""
    read = msgspec.msgpack.decode(raw, type=dict[str, object])
    return str(read["T"]), str(read["S"])


@given(frames, st.sampled_from("ABCM"))
def test_a_receiver_gets_the_rows_it_wants_byte_by_byte_and_in_order(
    sent: list[bytes], letter: str
) -> None:
    finder = RowFinder()
    found = finder.find(sent)
    rows = [raw for frame in sent for raw in messages(frame)]
    assert [bytes(raw) for raw in messages(found.frame)] == [bytes(raw) for raw in rows]
    wanted = finder.wanted(
        lambda channel, names: np.array([channel == "trades" and name >= letter for name in names])
    )
    n, body = found.copied(wanted)
    mine = [raw for raw in rows if said(raw)[0] == "t" and said(raw)[1] >= letter]
    assert [bytes(raw) for raw in messages(finder.framed(n, body))] == [bytes(raw) for raw in mine]
    newest, n_quotes = found.newest(
        finder.wanted(lambda channel, names: np.full(len(names), channel == "quotes"))
    )
    last = {said(raw)[1]: bytes(raw) for raw in rows if said(raw)[0] == "q"}
    assert {finder.symbols[number]: row for number, row in newest.items()} == last
    assert n_quotes == sum(said(raw)[0] == "q" for raw in rows)


@given(frames, frames)
def test_rows_that_are_joined_are_those_found_together(
    one: list[bytes], other: list[bytes]
) -> None:
    finder = RowFinder()
    joined = finder.find(one).joined([finder.find(other)])
    together = finder.find(one + other)
    assert joined.frame == together.frame
    assert joined.rows.tolist() == together.rows.tolist()
    chosen = np.arange(len(together)) % 2 == 0
    assert messages(together.only(chosen).frame) == messages(together.frame)[::2]


@given(st.lists(trades() | quotes(), min_size=1, max_size=6))
def test_as_json_a_frame_says_the_same_to_the_nanosecond(rows: list[dict[str, object]]) -> None:
    packed = msgpack_frame(rows)
    ours, plain = (
        FrameDecoder().decode(frame, ARRIVED) for frame in (packed, RowFinder().as_json(packed))
    )
    for name in ("trades", "quotes"):
        one, other = getattr(ours, name), getattr(plain, name)
        assert (one is None) == (other is None)
        if one is not None:
            assert one.symbols == other.symbols
            assert one.ts_event.tolist() == other.ts_event.tolist()


def test_no_bytes_make_it_read_beyond_a_frame_or_lose_a_row() -> None:
    chance, finder = random.Random(7), RowFinder()
    read = refused = 0
    for _ in range(20_000):
        frame = damaged(msgpack_frame(chance.choices(ROWS, k=chance.randint(0, 5))), chance)
        if not frame:
            continue
        try:
            found = finder.find([frame])
        except DataError:
            refused += 1
        else:
            read += 1
            assert len(found.frame) <= len(frame) + 4
            assert sum(int(row["end"] - row["start"]) for row in found.rows) == len(found.body)
    assert read > 100
    assert refused > 100


def test_symbols_of_a_frame_that_cannot_be_read_keep_their_numbers() -> None:
    finder = RowFinder()
    one, other = (
        msgpack_frame([{"T": "t", "S": name, "p": 1.0, "s": 1, "t": ARRIVED}])
        for name in ("FIRST", "OTHER")
    )
    with pytest.raises(DataError):
        finder.find([one + b"\xc0"])
    with pytest.raises(DataError):
        finder.find([b"\x92" + other[1:]])
    numbers = finder.find([other, one]).rows["symbol"].tolist()
    assert [finder.symbols[number] for number in numbers] == ["OTHER", "FIRST"]


def test_prints_of_a_gap_are_those_whose_ids_came_neither_before_nor_after_it() -> None:
    def row(symbol: str, number: int, at: int, exchange: str = "V") -> dict[str, Any]:
        told: dict[str, Any] = {
            "T": "t",
            "S": symbol,
            "x": exchange,
            "p": 1.0,
            "s": 1,
            "t": ARRIVED + at,
        }
        return told | ({"i": number} if number else {})

    finder = RowFinder()
    heard = HeardPrints(finder)
    heard.note(finder.find([msgpack_frame([row("A", 1, 10), row("B", 1, 20), row("D", 0, 30)])]))
    late = row("A", 2, 15)
    later = finder.find([msgpack_frame([row("A", 4, 50), late])])
    pages = [row("A", 1, 10), late, row("A", 3, 30), row("A", 4, 50), row("A", 1, 12, "Q")]
    pages += [row("B", 2, 60), row("C", 1, 5), row("D", 0, 30), row("D", 0, 40)]
    fetched = finder.find([json_frame(pages)])
    missed = fetched.only(heard.missed(fetched, later))
    assert [said(raw)[1] for raw in messages(missed.frame)] == ["A", "A", "B", "C", "D"]
    assert (missed.rows["ts"] - ARRIVED).tolist() == [30, 12, 60, 5, 40]
    assert heard.heard_event == ARRIVED + 30
    assert heard.printed_since(ARRIVED + 15) == ["B", "D"]


@pytest.mark.parametrize(
    "frame", [b"\x81\xa1T\xa1t", b"\x92\xc0", b"\x91\xc0\xc0", b"\xdd\xff\xff\xff\xff"]
)
def test_what_is_no_whole_array_is_refused(frame: bytes) -> None:
    with pytest.raises(DataError, match="market-data frame"):
        RowFinder().find([frame])


def test_what_is_compiled_is_thrown_away_when_one_of_its_steps_changes() -> None:
    kernel = Path(rows_kernel.__file__)
    steps = ("interned", "msgpack_walk")
    sources = b"".join((kernel.parent / f"{step}.py").read_bytes() for step in steps)
    found = hashlib.sha256(sources).hexdigest()
    assert found == rows_kernel.STEPS_SHA256, f"write {found} there"
