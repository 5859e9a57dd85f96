"""What is fetched again is what nobody heard, and arrives when it was to be expected."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.data.gap_rows import as_if_heard, between, first_events
from adapters.alpaca.data.last_ticks import LastTicks
from adapters.alpaca.data.recalled import Recalled
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch


def prints(ids: list[int], ts_event: list[int], symbols: tuple[str, ...]) -> TradeBatch:
    n = len(ids)
    return TradeBatch(
        np.array(ids, np.int32),
        symbols,
        np.array(ts_event, np.int64),
        np.full(n, 10**6),
        np.full(n, 10_000_000),
        np.full(n, 100_000_000),
        np.zeros(n, np.int32),
        ("",),
    )


@given(st.lists(st.integers(0, 1), min_size=1, max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_before_between_and_after_are_the_whole_tape(ids: list[int], cut: int, width: int) -> None:
    names, times = ("AAPL", "F"), list(range(100, 100 + len(ids)))
    tape = list(zip(ids, times, strict=True))
    before, after = tape[:cut], tape[cut + width :]
    seen = {names[symbol]: ts for symbol, ts in before}
    fresh = first_events([prints(ids[cut + width :], times[cut + width :], names)] if after else [])
    fetched = between(prints(ids, times, names), seen, fresh)
    lost = list(zip(fetched.symbol_id.tolist(), fetched.ts_event.tolist(), strict=True))
    assert sorted(before + lost + after) == sorted(tape)


def test_pages_become_one_batch_by_exchange_time() -> None:
    pages = [prints([0, 0], [50, 90], ("AAA",)), prints([1, 1], [40, 70], ("AAA", "BBB"))]
    batch = as_if_heard(pages, 45, 80)
    assert batch is not None
    assert [batch.symbols[each] for each in batch.symbol_id] == ["BBB", "AAA", "BBB", "AAA"]
    assert batch.ts_event.tolist() == [40, 50, 70, 90]
    assert batch.ts_init.tolist() == [45, 50, 70, 80]


@given(st.lists(st.integers(0, 1_000), min_size=1), st.integers(0, 1_000), st.integers(0, 1_000))
def test_arrivals_lie_in_the_gap_and_never_go_back(
    times: list[int], since: int, until: int
) -> None:
    batch = as_if_heard([prints([0] * len(times), times, ("AAA",))], since, until)
    assert batch is not None
    arrivals = batch.ts_init.tolist()
    assert arrivals == sorted(arrivals)
    assert since <= arrivals[0] <= arrivals[-1] <= max(since, until)


@pytest.mark.parametrize("pages", [[], [prints([], [], ("AAA",))]])
def test_nothing_fetched_is_no_batch(pages: list[TradeBatch]) -> None:
    assert as_if_heard(pages, 0, 10) is None


def test_what_is_recalled_tells_where_the_gap_begins() -> None:
    recalled = Recalled({})
    heard = [prints([0], [50], ("AAA",)), prints([1, 0], [60, 70], ("AAA", "BBB"))]
    assert list(recalled.prints(heard)) == heard
    assert recalled.latest == 10**6
    assert recalled.ticks.seen_event() == {"AAA": 70, "BBB": 60}
    fetched = prints([0, 0, 1, 1], [70, 71, 60, 61], ("AAA", "BBB"))
    assert between(fetched, recalled.ticks.seen_event(), {}).ts_event.tolist() == [71, 61]


def test_a_halt_is_recalled_until_it_was_lifted() -> None:
    recalled = Recalled({})
    halts = [TradingStatus(name, 1, 1, halted=True, reason="LUDP") for name in ("AAA", "BBB")]
    recalled.statuses([*halts, TradingStatus("AAA", 2, 2, halted=False, reason="")])
    assert recalled.halted == {"BBB": halts[1]}


def test_a_halt_ends_with_the_first_print_after_it_and_with_no_earlier_one() -> None:
    ticks = LastTicks({"AAA": "C", "BBB": "C"})
    for name in ("AAA", "BBB"):
        ticks.halt(TradingStatus(name, 60, 60, halted=True, reason="LUDP"))
    late, over = prints([0, 1], [50, 55], ("AAA", "BBB")), prints([1], [90], ("AAA", "BBB"))
    assert ticks.resumes(late, 100) == []
    assert [(each.symbol, each.halted) for each in ticks.resumes(over, 100)] == [("BBB", False)]
