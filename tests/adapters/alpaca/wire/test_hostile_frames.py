"""Frames that were damaged or made to do harm: read or refused, never worse."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.wire import FrameDecoder
from engine.domain.errors import DataError
from tests.adapters.alpaca.wire.frames import (
    ARRIVED,
    Row,
    json_frame,
    odd_frame,
    prints_of,
    quotes,
    to_msgpack,
    trades,
)
from tests.adapters.alpaca.wire.hostile_frames import ROWS, damaged

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def decoder() -> FrameDecoder:
    return FrameDecoder()


def holds(decoder: FrameDecoder, frame: bytes | str) -> bool:
    """Say whether a frame was read; whatever comes of it is a true batch."""
    try:
        read = decoder.decode(frame, ARRIVED)
    except DataError:
        return False
    if read.trades is not None:
        assert (read.trades.price > 0).all()
        assert (read.trades.size > 0).all()
        assert read.trades.symbol_id.max() < len(read.trades.symbols)
        assert read.trades.condition_id.max() < len(read.trades.conditions)
    if read.quotes is not None:
        assert ((read.quotes.bid > 0) & (read.quotes.bid <= read.quotes.ask)).all()
        assert ((read.quotes.bid_size > 0) & (read.quotes.ask_size > 0)).all()
    return True


@given(rows=st.lists(trades() | quotes() | st.sampled_from(ROWS)), seed=st.integers(0, 2**32))
def test_a_damaged_binary_frame_is_read_or_refused(
    decoder: FrameDecoder, rows: list[Row], seed: int
) -> None:
    holds(decoder, damaged(odd_frame(rows, seed), random.Random(seed)))


@given(rows=st.lists(trades() | quotes() | st.sampled_from(ROWS)), seed=st.integers(0, 2**32))
def test_a_damaged_text_frame_is_read_or_refused(
    decoder: FrameDecoder, rows: list[Row], seed: int
) -> None:
    frame = json_frame([_without_bytes(row) for row in rows]).encode()
    holds(decoder, damaged(frame, random.Random(seed)))


@given(frame=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(decoder: FrameDecoder, frame: bytes) -> None:
    holds(decoder, frame)


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats()
anything = st.recursive(
    scalars | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@given(data=anything)
def test_any_whole_msgpack_array_is_read(decoder: FrameDecoder, data: object) -> None:
    assert holds(decoder, to_msgpack([data, {"T": "t", "S": data}, {"T": "s", "t": data}]))


@given(rows=st.lists(trades() | quotes(), min_size=1, max_size=8), seed=st.integers(0, 2**32))
def test_no_cut_of_a_frame_is_read(decoder: FrameDecoder, rows: list[Row], seed: int) -> None:
    frame = odd_frame(rows, seed)
    assert holds(decoder, frame)
    assert not any(holds(decoder, frame[:cut]) for cut in range(len(frame)))


def test_a_bad_row_costs_no_other_row(decoder: FrameDecoder) -> None:
    good = ROWS[0] | {"t": msgpack.Timestamp.from_unix_nano(ARRIVED)}
    bad: list[Row] = [good | change for change in ({"p": "x"}, {"s": None}, {"t": 1}, {"S": []})]
    rows = [good, *bad, good]
    assert len(prints_of(decoder.decode(to_msgpack(rows), ARRIVED))) == 2


def test_deep_nesting_is_walked_without_recursion(decoder: FrameDecoder) -> None:
    deep = b"\x92" + b"\x81\xa1T\xa1t".replace(b"\x81", b"\x82") + b"\xa1n" + b"\x91" * 1_000_000
    assert holds(decoder, deep + b"\xc0" + b"\xc0")


def test_every_bound_is_kept_under_numbas_own_check(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "NUMBA_BOUNDSCHECK": "1",
        "NUMBA_OPT": "0",
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    child = subprocess.run(
        [sys.executable, "-m", "tests.adapters.alpaca.wire.hostile_frames", "4000"],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    read, refused = map(int, child.stdout.split())
    assert read > 500
    assert refused > 500


def _without_bytes(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "new"}
