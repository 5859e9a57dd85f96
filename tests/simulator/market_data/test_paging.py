"""Pages hold every row once, and nothing that has not arrived yet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import session
from simulator.instants import rfc3339
from simulator.market_data.history.recorded import NEVER, settle
from simulator.market_data.history.rows import trade_rows
from simulator.market_data.requests.paging import Chunk, Mark, page_of
from tests.simulator.market_data.conftest import Hands
from tests.simulator.market_data.loopback import Loopback
from tests.simulator.market_data.recorded_day import CLOSE, DAY, MINUTE

times = st.lists(st.integers(0, 4), max_size=12).map(sorted)


@given(
    st.dictionaries(st.sampled_from("ABC"), times, max_size=3),
    st.integers(1, 9),
    st.booleans(),
    st.integers(0, 4),
)
def test_pages_of_any_size_hold_every_row_once(
    by_symbol: dict[str, list[int]],
    limit: int,
    descending: bool,  # noqa: FBT001  (drawn)
    cut: int,
) -> None:
    chunks: list[Chunk] = []
    for symbol, ts in sorted(by_symbol.items()):
        # two chunks a symbol, as two days are
        parts = [[t for t in ts if t < cut], [t for t in ts if t >= cut]]
        for part in parts[::-1] if descending else parts:
            turned = part[::-1] if descending else part
            rows = [{"t": t, "n": n} for n, t in enumerate(turned)]
            chunks.append(
                Chunk(
                    symbol,
                    np.array(turned, np.int64),
                    lambda places, rows=rows: [rows[n] for n in places.tolist()],
                )
            )
    whole, token = page_of(chunks, None, 1000, descending=descending)
    assert token is None
    pages: dict[str, list[Any]] = {}
    token = ""
    while token is not None:
        mark = Mark.of(token) if token else None
        left = [chunk for chunk in chunks if mark is None or chunk.symbol >= mark.symbol]
        page, token = page_of(left, mark, limit, descending=descending)
        assert sum(map(len, page.values())) == limit or token is None
        for symbol, rows in page.items():
            pages.setdefault(symbol, []).extend(rows)
    assert pages == whole


@pytest.mark.parametrize("sort", ["asc", "desc"])
@pytest.mark.parametrize(
    ("kind", "limit"), [("trades", 997), ("quotes", 1500), ("bars?timeframe=1Min", 100)]
)
def test_every_page_size_answers_the_same_rows(
    served: Loopback, kind: str, limit: int, sort: str
) -> None:
    path, _, query = kind.partition("?")
    more = dict([query.split("=")]) if query else {}

    def rows(limit: int) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        token: str | None = ""
        while token is not None:
            parameters = {"symbols": "MSFT,AAPL,QQQ", "limit": limit, "sort": sort, **more}
            body = served.get(
                f"/v2/stocks/{path}", **parameters, **({"page_token": token} if token else {})
            ).json()
            for symbol, some in body[path].items():
                found.setdefault(symbol, []).extend(some)
            token = body["next_page_token"]
        return found

    whole, paged = rows(10_000), rows(limit)
    assert whole == paged
    assert list(whole) == ["AAPL", "MSFT", "QQQ"]
    assert sum(map(len, whole.values())) > 2 * limit
    for some in whole.values():
        stamps = [row["t"].removesuffix("Z").ljust(30, "0") for row in some]
        assert stamps == sorted(stamps, reverse=sort == "desc")


@pytest.mark.parametrize("minutes", [1, 45, 200])
def test_history_ends_where_simulated_time_is(
    served: Loopback, now: Hands, market: Catalog, minutes: int
) -> None:
    now.now = session(DAY).open_ns + minutes * MINUTE + 12_345_678
    symbols = ["AAPL", "QQQ"]
    arrived = market.trades(DAY, symbols, 0, now.now + 1)
    body = served.get("/v2/stocks/trades", symbols="AAPL,QQQ", limit=10_000).json()
    for n, symbol in enumerate(arrived.symbols):
        expected = settle(arrived.rows(arrived.symbol_id == n))
        rows = body["trades"][symbol]
        assert [row["t"] for row in rows] == [rfc3339(int(t)) for t in expected.batch.ts_event]
        gone = [row.get("u") in ("canceled", "incorrect") for row in rows]
        assert gone == (expected.ended_at < NEVER).tolist()
    assert len(body["trades"]) == 2
    latest = served.get("/v2/stocks/AAPL/quotes/latest").json()["quote"]
    shown = market.quotes(DAY, ["AAPL"], 0, now.now + 1)
    assert latest["t"] == rfc3339(int(shown.ts_event.max()))
    bars = served.get("/v2/stocks/AAPL/bars", timeframe="1Min", limit=10_000).json()["bars"]
    assert max(bar["t"] for bar in bars) <= rfc3339(now.now // MINUTE * MINUTE - MINUTE)


def test_what_was_canceled_or_corrected_says_so_once_it_is_known() -> None:
    ts = np.array([10, 20, 30, 40, 50, 50], np.int64)
    codes = ("@", "!@")
    tape = TradeBatch(
        np.zeros(6, np.int32),
        ("AAPL",),
        np.array([9, 19, 29, 9, 19, 19], np.int64),
        ts,
        np.array([1, 2, 3, 1, 2, 4], np.int64) * 1_000_000,
        np.array([100_000_000, 250_000, 1, 100_000_000, 250_000, 150_500_000]),
        np.array([0, 0, 0, 1, 1, 0], np.int32),
        codes,
    )
    prints = settle(tape)

    def told(now: int) -> list[str]:
        rows = trade_rows(prints, prints.between(0, 99, now), "C", now)
        return [f"{row['s']} at {row['p']} {row.get('u', '')}".rstrip() for row in rows]

    first, second, third = ("100 at 1.0", "0.25 at 2.0", "1e-06 at 3.0")
    assert told(39) == [first, second, third]
    assert told(40) == [f"{first} canceled", second, third]
    corrected = [f"{second} incorrect", "150.5 at 4.0 corrected"]
    assert told(50) == [f"{first} canceled", *corrected, third]
    assert prints.standing(0, 99, 50).tolist() == [2, 3]


def test_round_lots_are_told_before_november_2025(served: Loopback, market: Catalog) -> None:
    rows = served.get("/v2/stocks/AAPL/quotes", limit=500).json()["quotes"]
    stored = market.quotes(DAY, ["AAPL"], 0, CLOSE + 60 * MINUTE)
    order = np.argsort(stored.ts_event, kind="stable")[:500]
    assert [row["bs"] * 100 for row in rows] == stored.bid_size[order].tolist()


@pytest.mark.parametrize(
    ("path", "rows", "parameters"),
    [
        ("/v2/stocks/AAPL/trades", "trades", {}),
        ("/v2/stocks/AAPL/quotes", "quotes", {}),
        ("/v2/stocks/AAPL/bars", "bars", {"timeframe": "1Hour"}),
        ("/v1beta1/news", "news", {"symbols": "AAPL", "limit": "50"}),
    ],
)
def test_an_end_that_is_a_date_is_all_of_that_day(
    served: Loopback, path: str, rows: str, parameters: dict[str, str]
) -> None:
    day = DAY.isoformat()
    asked, spelt = (
        served.get(path, start=day, end=end, **parameters).json()[rows]
        for end in (day, f"{day}T23:59:59.999999999-04:00")
    )
    assert asked == spelt != []
