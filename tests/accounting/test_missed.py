"""A rejection is followed on the prints after it, up to its horizon and the close."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from catalog import Catalog
from engine.accounting import Rejection, follow, keep_books, untraded
from engine.domain.candidate import Side
from engine.domain.facts import OrderRole
from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.market_data.halts import Halts
from engine.domain.session import NANOS_PER_SECOND, session
from tests.accounting.stored_prints import stored_halt, stored_prints
from tests.accounting.streams import facts, fill, plan, run_started

DAY = date(2018, 1, 2)
OPEN, CLOSE = session(DAY).open_ns, session(DAY).close_ns


def _rejection(symbol: str, ts: int, side: Side = Side.LONG) -> Rejection:
    return Rejection(
        symbol, side, ts, ts, 100 * PRICE_SCALE, "acceleration", 3.0, "ac_z", "3 against 4"
    )


def _stored(folder: Path, prints: list[tuple[str, int, str, str]]) -> Catalog:
    symbols, ts, prices, conditions = zip(*prints, strict=True)
    return stored_prints(folder, DAY, symbols, ts, map(Decimal, prices), conditions)


def test_the_best_move_its_time_and_what_came_before_it(tmp_path: Path) -> None:
    secs = NANOS_PER_SECOND
    market = _stored(
        tmp_path,
        [
            ("AAA", OPEN, "90", ""),
            ("AAA", OPEN + 10 * secs, "99", ""),
            ("AAB", OPEN + 11 * secs, "500", ""),
            ("AAA", OPEN + 20 * secs, "104", ""),
            ("AAA", OPEN + 25 * secs, "300", "M"),
            ("AAA", OPEN + 30 * secs, "80", ""),
            ("AAA", OPEN + 70 * secs, "200", ""),
            ("BBB", OPEN + 10 * secs, "90", ""),
        ],
    )
    asked = [_rejection("AAA", OPEN + 5 * secs), _rejection("BBB", OPEN + 5 * secs, Side.SHORT)]
    short, long = follow(market, DAY, asked, 60 * secs)
    assert (long.rejection.symbol, short.rejection.symbol) == ("AAA", "BBB")
    assert long.best_pct == pytest.approx(4.0)
    assert long.best_after_secs == 15.0
    assert long.worst_before_pct == pytest.approx(-1.0)
    assert short.best_pct == pytest.approx(10.0)
    assert short.worst_before_pct == 0.0


def test_nothing_after_the_close_counts(tmp_path: Path) -> None:
    market = _stored(tmp_path, [("AAA", CLOSE - 1, "101", ""), ("AAA", CLOSE, "150", "")])
    (missed,) = follow(market, DAY, [_rejection("AAA", CLOSE - 10)], 10**12)
    assert missed.best_pct == pytest.approx(1.0)


def test_a_symbol_without_a_print_afterwards_moved_nowhere(tmp_path: Path) -> None:
    market = _stored(tmp_path, [("AAA", OPEN, "101", "")])
    (missed,) = follow(market, DAY, [_rejection("AAA", OPEN + 1)], 10**12)
    assert (missed.best_pct, missed.best_after_secs) == (0.0, 0.0)


def test_repeated_rejections_of_a_symbol_are_one_and_traded_symbols_are_no_miss() -> None:
    bracket = plan("T1", "CCC", 1, 10, Decimal(20))
    stream = facts(
        [run_started(), bracket, fill(bracket, OrderRole.ENTRY, 10, Decimal(20), Decimal(0))]
    )
    trades = keep_books(stream).trades
    entered = trades[0].entry_ts
    asked = [
        _rejection("AAA", 0),
        _rejection("AAA", 5, Side.SHORT),
        _rejection("AAA", 9),
        _rejection("AAA", 10),
        _rejection("CCC", entered - 20),
        _rejection("CCC", entered - 5),
        _rejection("CCC", entered + 100),
    ]
    kept = list(untraded(asked, trades, horizon_ns=10, halts=Halts([])))
    assert kept == [asked[0], asked[1], asked[3], asked[4]]


def test_what_is_printed_in_a_halt_is_no_move_and_a_rejection_in_it_no_miss(
    tmp_path: Path,
) -> None:
    secs = NANOS_PER_SECOND
    market = _stored(
        tmp_path,
        [
            ("AAA", OPEN + 10 * secs, "101", ""),
            ("AAA", OPEN + 20 * secs, "150", ""),
            ("AAA", OPEN + 30 * secs, "103", ""),
        ],
    )
    stored_halt(market, DAY, "AAA", OPEN + 15 * secs, OPEN + 30 * secs)
    halts = Halts(market.statuses(DAY))
    asked = [_rejection("AAA", OPEN + second * secs) for second in (5, 16, 29, 30)]

    assert list(untraded(asked, [], 1, halts)) == [asked[0], asked[3]]
    (missed,) = follow(market, DAY, asked[:1], 60 * secs)
    assert (missed.best_pct, missed.best_after_secs) == (pytest.approx(3.0), 25.0)
