"""The last minutes, read a letter at a time, tell what the whole day of each symbol tells."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog import Catalog
from engine.domain.session import NANOS_PER_SECOND, session
from simulator.market_data.history.recent_minutes import RecentMinutes
from simulator.market_data.history.recorded import Recorded
from simulator.market_data.history.rows import quote_rows, trade_rows
from tests.simulator.market_data.recorded_day import DAY, MINUTE

OPEN = session(DAY).open_ns
moments = st.lists(
    st.tuples(st.integers(-10 * MINUTE, 400 * MINUTE), st.integers(0, 280 * NANOS_PER_SECOND)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None)
@example([(300 * MINUTE, 200 * NANOS_PER_SECOND), (300 * MINUTE + NANOS_PER_SECOND, 0)])
@given(moments)
def test_the_last_minutes_are_told_as_the_whole_day_tells_them(
    market: Catalog, asked: list[tuple[int, int]]
) -> None:
    recorded, recent_minutes = Recorded(market, DAY), RecentMinutes(market, DAY)
    symbols = [row["symbol"] for row in market.instruments.table().to_pylist()]
    told = 0
    for after_open, back in asked:
        now = OPEN + after_open
        start = now - back
        printed = recent_minutes.printed(symbols, start, now)
        if back % 2:
            recent_minutes.read_ahead(now)
        for symbol in symbols:
            found = recent_minutes.prints(DAY, symbol, start, now)
            assert found is not None
            whole = recorded.prints(DAY, symbol)
            rows = [
                trade_rows(each, each.between(start, now, now), "C", now) for each in (found, whole)
            ]
            assert rows[0] == rows[1]
            assert rows[0] == [] or symbol in printed
            told += len(rows[0])
        last = {
            batch.symbols[batch.symbol_id[row]]: quote_rows(batch, np.array([row]), ["C"])
            for batch, rows in recent_minutes.last_quotes(sorted(symbols), now)
            for row in rows.tolist()
        }
        for symbol in symbols:
            quotes = recorded.quotes(DAY, symbol)
            arrived = np.flatnonzero(quotes.ts_init <= now)
            assert last.get(symbol, []) == quote_rows(quotes, arrived[-1:], ["C"][: len(arrived)])
    if len(asked) > 1 and asked[0][0] == 300 * MINUTE:
        assert told > 100


def test_what_is_long_ago_is_not_among_them(market: Catalog) -> None:
    recent_minutes = RecentMinutes(market, DAY)
    assert recent_minutes.prints(DAY, "AAPL", OPEN, OPEN + 5 * MINUTE) is None
    assert recent_minutes.prints(DAY, "AAPL", OPEN, OPEN + 4 * MINUTE) is not None
    names = ["AAPL", "NONE", "QQQ"]
    assert recent_minutes.printed(names, OPEN, OPEN + 5 * MINUTE) == names
    assert recent_minutes.printed(names, OPEN, OPEN + 4 * MINUTE) == ["AAPL", "QQQ"]
    assert recent_minutes.printed(names, OPEN + MINUTE, OPEN + MINUTE - 1) == []
