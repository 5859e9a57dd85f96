"""What is fetched again is what lies between two connections, and nothing of either."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.gap_rows import between, first_events
from engine.domain.trades import TradeBatch

SYMBOLS = ("AAPL", "F")


def batch(rows: list[tuple[int, int]]) -> TradeBatch:
    ids = np.array([number for number, _ in rows], np.int32)
    times = np.array([ts for _, ts in rows], np.int64)
    ones = np.ones(len(rows), np.int32)
    return TradeBatch(ids, SYMBOLS, times, times, times, ones, ones * 0, ("",))


@given(st.lists(st.integers(0, 1), min_size=1, max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_before_between_and_after_are_the_whole_tape(
    symbols: list[int], cut: int, width: int
) -> None:
    tape = [(symbol, ts) for ts, symbol in enumerate(symbols, 100)]
    before, after = tape[:cut], tape[cut + width :]
    seen = {SYMBOLS[symbol]: ts for symbol, ts in before}
    fresh = first_events([batch(after)] if after else [])
    fetched = between(batch(sorted(tape)), seen, fresh)
    lost = list(zip(fetched.symbol_id.tolist(), fetched.ts_event.tolist(), strict=True))
    assert sorted(before + lost + after) == sorted(tape)
