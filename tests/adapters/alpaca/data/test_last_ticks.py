"""What orders could last have traded on, against the same kept one print at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.data.last_ticks import LastTicks
from engine.domain.market_data.conditions import Updates, updates
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch

SYMBOLS = ("AAPL", "F", "IBM", "ZZZ")
CONDITIONS = ("", "I", "T", "!", "B")
TAPES = {"AAPL": "C", "F": "A"}

PRINT = st.tuples(st.integers(0, 3), st.integers(1, 9_000_000), st.integers(0, 4))
BATCHES = st.lists(st.lists(PRINT, min_size=1, max_size=8), max_size=5)


def trades(rows: list[tuple[int, int, int]], ts: int, known: int = 4) -> TradeBatch:
    ids, prices, codes = (np.array(column) for column in zip(*rows, strict=True))
    times = np.full(len(rows), ts, np.int64)
    return TradeBatch(
        ids.astype(np.int32), SYMBOLS[:known], times - 5, times, prices.astype(np.int64),
        np.full(len(rows), 100_000_000), codes.astype(np.int32), CONDITIONS,
    )  # fmt: skip


def quotes(symbol: int, bid: int, ask: int, ts: int) -> QuoteBatch:
    def one(value: int, kind: Any = np.int64) -> Any:
        return np.array([value], kind)

    return QuoteBatch(
        one(symbol, np.int32), SYMBOLS, one(ts - 5), one(ts), one(bid), one(ask), one(3), one(4)
    )


@given(BATCHES, st.sets(st.sampled_from(SYMBOLS)))
def test_the_last_print_is_that_of_a_loop_over_all_of_them(
    batches: list[list[tuple[int, int, int]]], wanted: set[str]
) -> None:
    ticks, last, chosen, given_out = LastTicks(TAPES), {}, [], []
    for symbol in wanted:
        ticks.want(symbol)
    for ts, rows in enumerate(batches, 1_000):
        for number, price, code in rows:
            symbol = SYMBOLS[number]
            bits = updates(CONDITIONS[code], TAPES.get(symbol, ""))
            if bits & Updates.LAST and not bits & Updates.REVERSAL:
                last[symbol] = price
                chosen += [(symbol, price)] if symbol in wanted else []
        batch = ticks.prints(trades(rows, ts))
        given_out += [
            (batch.symbols[n], int(p)) for n, p in zip(batch.symbol_id, batch.price, strict=True)
        ]
    assert given_out == chosen
    for symbol in SYMBOLS:
        kept = ticks.last_print(symbol)
        assert (None if kept is None else int(kept.price[0])) == last.get(symbol)


def test_a_halted_symbol_prints_nothing_that_could_fill_until_it_trades_again() -> None:
    ticks = LastTicks(TAPES)
    ticks.want("AAPL")
    assert len(ticks.prints(trades([(0, 10, 0)], 100))) == 1
    halt = TradingStatus("AAPL", 101, 105, halted=True, reason="T1")
    assert len(ticks.prints(trades([(0, 11, 0)], 104), [halt])) == 1
    ticks.halt(halt)
    assert ticks.is_halted("AAPL")
    assert len(ticks.prints(trades([(0, 12, 0)], 106))) == 0
    resumed = TradingStatus("AAPL", 110, 110, halted=False, reason="T")
    assert len(ticks.prints(trades([(0, 13, 0)], 110), [resumed])) == 1
    assert (kept := ticks.last_print("AAPL")) is not None
    assert int(kept.price[0]) == 13


def test_a_symbol_that_was_halted_or_wanted_before_its_first_print_is_known_when_it_comes() -> None:
    ticks = LastTicks(TAPES)
    ticks.prints(trades([(0, 10, 0)], 100, known=1))
    ticks.want("F")
    ticks.halt(TradingStatus("IBM", 100, 100, halted=True, reason="T1"))
    ticks.want("IBM")
    batch = ticks.prints(trades([(1, 20, 0), (2, 30, 0)], 101))
    assert batch.symbols == ("F",)
    assert ticks.last_print("IBM") is None


def test_only_quotes_one_could_fill_at_are_kept() -> None:
    ticks = LastTicks(TAPES)
    ticks.quotes(quotes(1, 10, 12, 100))
    ticks.quotes(quotes(1, 13, 13, 101))
    assert (kept := ticks.last_quote("F")) is not None
    assert (int(kept.bid[0]), int(kept.ask[0]), int(kept.ts_init[0])) == (10, 12, 100)
    assert ticks.last_quote("AAPL") is None


def test_symbols_that_printed_lately_come_newest_first() -> None:
    ticks = LastTicks(TAPES)
    for ts, number in enumerate((2, 0, 1), 100):
        ticks.prints(trades([(number, 10, 1)], ts))
    assert ticks.printed_since(96) == ["F", "AAPL"]
    assert ticks.seen_event() == {"IBM": 95, "AAPL": 96, "F": 97}
