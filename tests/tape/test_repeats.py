"""Prints that had come before are counted as a plain dictionary of all prints counts them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.market_data.trades import TradeBatch
from engine.tape.repeats import Repeats

_SYMBOLS, _CONDITIONS = ("AAPL", "MSFT"), ("", "!", "I")
_KEPT = 24

type Print = tuple[int, int, int, int, int]
"""Symbol, exchange time, price, conditions, and how long after the print before it arrived."""

_prints = st.tuples(
    st.integers(0, 1), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2), st.integers(0, 1)
)
_buckets = st.lists(st.lists(_prints, max_size=8), min_size=1, max_size=60)


@settings(deadline=None)
@given(_buckets, st.integers(1, 8))
def test_repeated_prints_are_those_of_a_dictionary(buckets: list[list[Print]], cut: int) -> None:
    repeats, seen, now = Repeats(), dict[tuple[int, ...], int](), 0
    for number, prints in enumerate(buckets):
        arrived = [now := now + each[4] for each in prints]
        expected, first = 0, dict[tuple[int, ...], int]()
        for (*what, condition, _), at in zip(prints, arrived, strict=True):
            if _CONDITIONS[condition] != "!":
                earliest = first.setdefault(tuple(what), at)
                expected += at > earliest or number - seen.get(tuple(what), -_KEPT - 1) <= _KEPT
        seen |= dict.fromkeys(first, number)
        rows = list(zip(prints, arrived, strict=True))
        batches = [_batch(rows[k : k + cut]) for k in range(0, len(rows), cut)]
        assert repeats.count(batches) == expected


def test_the_table_grows_and_forgets_without_a_change_of_what_is_found() -> None:
    repeats, ids = Repeats(), np.zeros(3_000, np.int32)

    def bucket(number: int) -> TradeBatch:
        ts = np.arange(3_000, dtype=np.int64) + 10_000 * number
        ones, arrived = np.ones(3_000, np.int64), np.full(3_000, 10_000 * number)
        return TradeBatch(ids, ("AAPL",), ts, arrived, ones, ones, ids, ("",))

    assert [repeats.count([bucket(number)]) for number in range(100)] == [0] * 100
    assert [repeats.count([bucket(number)]) for number in (99, 80, 78, 78, 76)] == [
        3_000, 3_000, 3_000, 3_000, 0,
    ]  # fmt: skip


def _batch(rows: list[tuple[Print, int]]) -> TradeBatch:
    symbol, ts, price, condition, _ = (
        np.array([each[0][k] for each in rows], np.int64) for k in range(5)
    )
    arrived = np.array([at for _, at in rows], np.int64)
    sizes = np.full(len(rows), 100, np.int64)
    return TradeBatch(
        symbol.astype(np.int32),
        _SYMBOLS,
        ts,
        arrived,
        price,
        sizes,
        condition.astype(np.int32),
        _CONDITIONS,
    )
